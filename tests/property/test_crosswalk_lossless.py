"""Every row of the crosswalk that says it is lossless: the value comes back equal, from either standard."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chiasm import hl7
from chiasm.dicom import DataSet
from chiasm.mapping.crosswalk import Place, Row, default
from chiasm.mapping.kinds import KINDS
from chiasm.mapping.reading import DicomReader, FieldReader
from chiasm.mapping.writing import Writer
from chiasm.model import Coded, Identifier, Instant, Issuer, NameGroup, Person, PersonName, Quantity
from chiasm.standards import dictionary

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters='\\^=&~|"'),
    min_size=1,
    max_size=12,
)
SCRIPT = st.text("ヤマダ山田太郎김희중王小东", min_size=1, max_size=6)
DIGITS = st.text("0123456789", min_size=1, max_size=6)
UID = st.lists(st.integers(0, 99999), min_size=2, max_size=6).map(lambda n: ".".join(map(str, [1, 2, *n])))
GROUP = st.builds(NameGroup, TEXT, TEXT, TEXT, TEXT, TEXT)
FOREIGN = st.builds(NameGroup, SCRIPT, SCRIPT)
NAME = st.builds(
    PersonName, GROUP, st.one_of(st.just(NameGroup()), FOREIGN), st.one_of(st.just(NameGroup()), FOREIGN)
)
ALPHABETIC = st.builds(PersonName, GROUP)
ISSUER = st.builds(Issuer, TEXT, UID, st.sampled_from(["ISO", "DNS", "UUID"]))
CX = st.builds(Identifier, TEXT, ISSUER, st.sampled_from(["MR", "PI", "SS"]), ISSUER)
PERSON_ID = st.builds(Identifier, TEXT, st.builds(Issuer, TEXT))
CLOCK = st.datetimes().map(lambda d: d.strftime("%Y%m%d%H%M%S").zfill(14))
MOMENT = st.one_of(
    CLOCK.map(lambda text: Instant(text[:8])),
    CLOCK.map(lambda text: Instant(text[:12])),
    st.builds(Instant, CLOCK, st.text("0123456789", min_size=1, max_size=4)),
)
CODE = st.builds(Coded, TEXT, st.sampled_from(["LN", "SCT", "DCM", "99LOCAL"]), TEXT)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXT,
    "person-text": st.builds(lambda a, b: f"{a}^{b}", TEXT, TEXT),
    "address-text": TEXT,
    "texts": st.lists(TEXT, min_size=1, max_size=3).map(tuple),
    "integer": st.integers(1, 9999),
    "address": st.lists(TEXT, min_size=1, max_size=4).map("^".join),
    "sex": st.sampled_from(["M", "F", "O"]),
    "pregnancy": st.just("B6"),
    "priority": st.sampled_from(["S", "A", "R", "T", "PRN"]),
    "date-time": MOMENT,
    "name": NAME,
    "patient-names": st.lists(NAME, min_size=1, max_size=1).map(tuple),
    "persons": st.lists(
        st.builds(Person, NAME, PERSON_ID), min_size=1, max_size=2, unique_by=lambda p: p.identifier.value
    ).map(tuple),
    "named-persons": st.lists(st.builds(Person, ALPHABETIC, PERSON_ID), min_size=1, max_size=2).map(tuple),
    "patient-identifiers": st.lists(CX, min_size=1, max_size=3, unique_by=lambda i: i.value).map(tuple),
    "issuer": ISSUER,
    "hd": ISSUER,
    "code": CODE,
    "codes": st.lists(CODE, min_size=1, max_size=1).map(tuple),
}
UNITS = {"m": Coded("m", "UCUM", "meter"), "kg": Coded("kg", "UCUM", "kilogram")}

ROWS = [row for row in default().rows if row.lossless]


def value_for(row: Row) -> st.SearchStrategy[Any]:
    """Values of the row's kind that its element can hold."""
    if row.kind == "quantity":
        unit = "kg" if "Weight" in row.keywords else "m"
        return st.builds(Quantity, DIGITS, st.just(UNITS[unit]))
    if row.kind == "age":
        return st.builds(Quantity, st.integers(1, 999).map(str), st.just(Coded("a", "UCUM", "year")))
    if row.concept.endswith(("uid", "sop_class")):
        return UID
    if row.kind in {"text", "texts"} and row.tags and dictionary.vr(row.tags[0]) in {"AE", "CS", "IS"}:
        plain = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", min_size=1, max_size=12)
        return plain if row.kind == "text" else st.lists(plain, min_size=1, max_size=3).map(tuple)
    return VALUES[row.kind]


@pytest.mark.parametrize("row", [row for row in ROWS if row.tags], ids=lambda row: row.concept)
@given(data=st.data())
def test_through_dicom(row: Row, data: st.DataObject) -> None:
    value = data.draw(value_for(row))
    kind = KINDS[row.kind]
    written = DataSet(charset="ISO_IR 192")
    kind.to_dicom(value, row.tags, written)
    assert kind.from_dicom(DicomReader(("", written), zone="zone"), row.tags) == value


def places(row: Row) -> list[Place]:
    """Each place of a row once, an observation's left out where its value is the field alone."""
    return [place for place in row.places if place.component == 1]


@pytest.mark.parametrize("row", [row for row in ROWS if places(row)], ids=lambda row: row.concept)
@given(data=st.data())
def test_through_v2(row: Row, data: st.DataObject) -> None:
    value = data.draw(value_for(row))
    if row.kind == "address":
        assume(value.strip("^"))
    field, unheld = KINDS[row.kind].to_v2(value)
    assert unheld <= {"meaning"}  # that of a person's code, which the record does not hold
    for place in places(row):
        message = hl7.compose([("MSH", {9: "ORU", 12: "2.5.1"}), (place.segment, {place.field: field})])
        segment = hl7.parse(message.encode()).segments[1]
        back: Any = KINDS[row.kind].from_v2(FieldReader("X", segment.value(place.field)))
        if isinstance(value, Quantity):
            assert back.value == value.value
        else:
            assert back == value


@given(value=ISSUER, number=TEXT)
def test_an_issuer_and_its_number_share_a_field(value: Issuer, number: str) -> None:
    from chiasm.model import Order

    writer = Writer(default(), "omi")
    segments: dict[str, Any] = {"ORC": {}, "OBR": {}, "IPC": {}}
    writer.fill("order", Order(accession_number=number, accession_issuer=value), segments)
    assert segments["IPC"][1] == (number, value.namespace, value.universal, value.universal_type)
