"""Names of persons: PN in DICOM, XPN and XCN in HL7 v2.

The components stand in another order on each side: PN is family, given, middle, **prefix, suffix**; XPN
is family, given, middle, **suffix, prefix**, degree. The ideographic and phonetic writings that PN
keeps in groups are repetitions in v2, told apart by the representation code of XPN-8 and XCN-15.
PS3.5 §6.2.1; HL7 v2.5.1 §2.A.88 and §2.A.86.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, cast

from ..errors import MappingError
from ..model import Identifier, Issuer, NameGroup, Person, PersonName
from . import identifiers
from .kind import ALL_HELD, Held

if TYPE_CHECKING:
    from ..dicom import DataSet
    from ..hl7 import FieldValue
    from .reading import DicomReader, FieldReader, RepetitionReader

CODE_MEANING = frozenset({"meaning"})
"""The facet that a person's code has in DICOM and an identifier in v2 has not."""

MAIDEN, LEGAL, ALIAS = "M", "L", "A"
"""Name types of HL7 table 0200."""

_NO_GROUP = NameGroup()


def from_pn(text: str, use: str = "") -> PersonName:
    """The name that a PN value says, up to three groups of up to five components. PS3.5 §6.2.1."""
    groups = [_group(part) if part else _NO_GROUP for part in text.split("=", maxsplit=2)]
    alphabetic, ideographic, phonetic = (*groups, _NO_GROUP, _NO_GROUP)[:3]
    return PersonName(alphabetic, ideographic, phonetic, use)


def _group(text: str) -> NameGroup:
    parts = text.split("^", maxsplit=4)
    return NameGroup(*[part.strip(" ") for part in parts])


def to_pn(name: PersonName) -> str:
    """The PN value of a name; the degree, for which PN has no place, joins the suffix. PS3.5 §6.2.1."""
    groups = []
    for group in (name.alphabetic, name.ideographic, name.phonetic):
        suffix = " ".join(part for part in (group.suffix, group.degree) if part)
        parts = (group.family, group.given, group.middle, group.prefix, suffix)
        groups.append("^".join(parts).rstrip("^"))
    return "=".join(groups).rstrip("=")


def _fitting_pn(name: PersonName, tag: int) -> str:
    """The PN value of a name, if each of its groups fits the 64 characters of PS3.5 §6.2.

    Raises MappingError otherwise: a name that was cut is another name.
    """
    text = to_pn(name)
    for group in text.split("="):
        if len(group) > 64:
            raise MappingError(
                f"'{group}' has {len(group)} characters, a group of PN holds 64",
                place=f"{tag:08X}",
                rule="PS3.5 §6.2",
                hint="shorten it at its source; it is never cut here",
            )
    return text


def _representations(name: PersonName) -> list[tuple[NameGroup, str]]:
    """The writings of a name with their codes; a name with one alphabetic writing alone needs none."""
    if not (name.ideographic or name.phonetic):
        return [(name.alphabetic, "")] if name.alphabetic else []
    written = ((name.alphabetic, "A"), (name.ideographic, "I"), (name.phonetic, "P"))
    return [(group, code) for group, code in written if group]


def to_xpn(name: PersonName) -> list[tuple[FieldValue, ...]]:
    """The repetitions of an XPN field that say one name. HL7 v2.5.1 §2.A.88."""
    return [
        (g.family, g.given, g.middle, g.suffix, g.prefix, g.degree, name.use, code)
        for g, code in _representations(name)
    ]


def to_xcn(person: Person) -> list[tuple[FieldValue, ...]]:
    """The repetitions of an XCN field that say one person. HL7 v2.5.1 §2.A.86."""
    issued = person.identifier
    value = issued.value if issued else ""
    authority = identifiers.to_hd(issued.issuer) if issued else ""
    kind = issued.kind if issued else ""
    if not person.name:
        return [(value, "", "", "", "", "", "", "", authority, "", "", "", kind)] if value else []
    return [
        (value, g.family, g.given, g.middle, g.suffix, g.prefix, g.degree, "", authority, person.name.use)
        + (("", "", kind, "", code) if kind or code else ())
        for g, code in _representations(person.name)
    ]


def _xpn_group(one: RepetitionReader, first: int) -> NameGroup:
    return NameGroup(
        one.text(first),
        one.text(first + 1),
        one.text(first + 2),
        one.text(first + 4),
        one.text(first + 3),
        one.text(first + 5),
    )


def _joined(written: list[tuple[NameGroup, str]], use: str) -> PersonName:
    groups = {"A": _NO_GROUP, "I": _NO_GROUP, "P": _NO_GROUP} | {code: group for group, code in written}
    return PersonName(groups["A"], groups["I"], groups["P"], use)


def from_xpn(field: FieldReader) -> tuple[PersonName, ...]:
    """The names of an XPN field; a repetition with another representation of the same type joins.

    HL7 v2.5.1 §2.A.88.
    """
    names: list[tuple[str, list[tuple[NameGroup, str]]]] = []
    for one in field.repetitions():
        group, use = _xpn_group(one, 1), one.text(7)
        code = one.text(8) or "A"
        code = code if code in {"A", "I", "P"} else "A"
        if not group:
            continue
        fits = names and names[-1][0] == use and code not in {known for _, known in names[-1][1]}
        if fits and (code != "A" or names[-1][1]):
            names[-1][1].append((group, code))
        else:
            names.append((use, [(group, code)]))
    return tuple(_joined(written, use) for use, written in names)


def from_xcn(field: FieldReader) -> tuple[Person, ...]:
    """The persons of an XCN field; a repetition with another representation joins the one before it.

    HL7 v2.5.1 §2.A.86.
    """
    found: list[tuple[str, Identifier | None, str, list[tuple[NameGroup, str]]]] = []
    for one in field.repetitions():
        if not one:
            continue
        value = one.text(1)
        issued = None
        if value:
            issued = Identifier(value, identifiers.from_hd(one, 9), one.text(13))
        group, use, code = _xpn_group(one, 2), one.text(10), one.text(15) or "A"
        code = code if code in {"A", "I", "P"} else "A"
        last = found[-1] if found else None
        if last and last[0] == value and code not in {known for _, known in last[3]} and group:
            last[3].append((group, code))
        elif group or issued:
            found.append((value, issued, use, [(group, code)] if group else []))
    return tuple(Person(_joined(written, use), issued) for _, issued, use, written in found)


def to_cnn(person: Person) -> tuple[FieldValue, ...]:
    """The CNN of a person, subcomponents all: what OBR-32 and OBR-34 have as their first component.

    HL7 v2.5.1 §2.A.9. It has no place for a second writing of the name.
    """
    issued = person.identifier
    name = person.name
    g = name.alphabetic or name.ideographic or name.phonetic
    issuer = issued.issuer if issued else None
    authority = (issuer.namespace, issuer.universal, issuer.universal_type) if issuer else ("", "", "")
    return (
        issued.value if issued else "",
        g.family,
        g.given,
        g.middle,
        g.suffix,
        g.prefix,
        g.degree,
        "",
        *authority,
    )


def from_cnn(field: FieldReader) -> tuple[Person, ...]:
    """The persons of an NDL field: HL7 v2.5.1 §2.A.46."""
    found = []
    for one in field.repetitions():
        part = functools.partial(one.text, 1)
        group = NameGroup(part(2), part(3), part(4), part(6), part(5), part(7))
        value = part(1)
        issued = Identifier(value, Issuer(part(9), part(10), part(11))) if value else None
        if group or issued:
            found.append(Person(PersonName(group), issued))
    return tuple(found)


class NameKind:
    """One name: a PN element, the repetitions of an XPN field."""

    def from_dicom(self, reader: DicomReader, tags: tuple[int, ...]) -> PersonName | None:
        """The name of the element."""
        text = reader.text(tags[0])
        return from_pn(text) if text else None

    def to_dicom(self, value: object, tags: tuple[int, ...], data: DataSet) -> None:
        """Write the name."""
        data[tags[0]] = _fitting_pn(cast("PersonName", value), tags[0])

    def from_v2(self, field: FieldReader) -> PersonName | None:
        """The first name of the field."""
        names = from_xpn(field)
        return names[0] if names else None

    def to_v2(self, value: object) -> Held:
        """A repetition for each writing."""
        return cast("FieldValue", to_xpn(cast("PersonName", value))), ALL_HELD


class PatientNamesKind:
    """The names of a patient: the legal one, the name at birth, and the others.

    RAD TF-2 §4.1; PS3.3 §C.2.2 and §C.2.3. The tags are PatientName, OtherPatientNames, PatientBirthName.
    """

    def from_dicom(self, reader: DicomReader, tags: tuple[int, ...]) -> tuple[PersonName, ...]:
        """The names, the principal one first."""
        text = reader.text(tags[0])
        found = [from_pn(text)] if text else []
        found += [from_pn(other, ALIAS) for other in reader.texts(tags[1]) if other]
        birth = reader.text(tags[2])
        if birth:
            found.append(from_pn(birth, MAIDEN))
        return tuple(found)

    def to_dicom(self, value: object, tags: tuple[int, ...], data: DataSet) -> None:
        """Write each name into its element; the first that is neither alias nor maiden is the principal."""
        names = list(cast("tuple[PersonName, ...]", value))
        principal = next((n for n in names if n.use not in {ALIAS, MAIDEN}), None)
        if principal is not None:
            names.remove(principal)
            data[tags[0]] = _fitting_pn(principal, tags[0])
        birth = next((n for n in names if n.use == MAIDEN), None)
        if birth is not None:
            names.remove(birth)
            data[tags[2]] = _fitting_pn(birth, tags[2])
        if names:
            others = tuple(_fitting_pn(name, tags[1]) for name in names)
            data[tags[1]] = others[0] if len(others) == 1 else others

    def from_v2(self, field: FieldReader) -> tuple[PersonName, ...]:
        """The names of the field."""
        return from_xpn(field)

    def to_v2(self, value: object) -> Held:
        """The repetitions of all names."""
        names = cast("tuple[PersonName, ...]", value)
        return [one for name in names for one in to_xpn(name)], ALL_HELD


class PersonsKind:
    """Persons who act, with their identifiers. The tags are the names and the identification sequence.

    PS3.3 §10.1; HL7 v2.5.1 §2.A.86. The person's code in the sequence is the identifier.
    """

    def from_dicom(self, reader: DicomReader, tags: tuple[int, ...]) -> tuple[Person, ...]:
        """The persons, names and identification items joined by their order."""
        written = [from_pn(text) for text in reader.texts(tags[0]) if text]
        issued = (
            [identifiers.from_person_code(item) for item in reader.items(tags[1])] if len(tags) > 1 else []
        )
        count = max(len(written), len(issued))
        return tuple(
            Person(
                written[index] if index < len(written) else PersonName(),
                issued[index] if index < len(issued) else None,
            )
            for index in range(count)
        )

    def to_dicom(self, value: object, tags: tuple[int, ...], data: DataSet) -> None:
        """Write names and, where any person has an identifier, the identification sequence."""
        persons = cast("tuple[Person, ...]", value)
        written = tuple(_fitting_pn(person.name, tags[0]) for person in persons)
        if any(written):
            data[tags[0]] = written[0] if len(written) == 1 else written
        if len(tags) > 1 and any(person.identifier for person in persons):
            data[tags[1]] = [identifiers.to_person_item(person.identifier, data) for person in persons]

    def from_v2(self, field: FieldReader) -> tuple[Person, ...]:
        """The persons of the field."""
        return from_xcn(field)

    def to_v2(self, value: object) -> Held:
        """The repetitions of all persons."""
        return [one for person in cast("tuple[Person, ...]", value) for one in to_xcn(person)], CODE_MEANING


class NamedPersonsKind(PersonsKind):
    """Persons in NDL fields, whose names stand in subcomponents: OBR-32 to OBR-35.

    HL7 v2.5.1 §7.4.1.32. Some systems write an XCN there; it is read too.
    """

    def from_v2(self, field: FieldReader) -> tuple[Person, ...]:
        """The persons of the field, in whichever of the two forms it has."""
        if field.has_subcomponents:
            return from_cnn(field)
        return from_xcn(field)

    def to_v2(self, value: object) -> Held:
        """A repetition of NDL each."""
        persons = cast("tuple[Person, ...]", value)
        several = any(person.name.ideographic and person.name.alphabetic for person in persons)
        second = frozenset({"~its first writing alone has a place"}) if several else ALL_HELD
        return [(to_cnn(person),) for person in persons], CODE_MEANING | second
