"""Names of persons, in up to three writings of the same name."""

from __future__ import annotations

from dataclasses import dataclass

from .identifiers import Identifier

ALPHABETIC = "A"
IDEOGRAPHIC = "I"
PHONETIC = "P"


@dataclass(frozen=True, slots=True)
class NameGroup:
    """One writing of a name: the five components of DICOM PN, and the degree that HL7 adds.

    `given` and `middle` hold all given and further names as written, separated by spaces.
    PS3.5 §6.2.1; HL7 v2.5.1 §2.A.88.
    """

    family: str = ""
    given: str = ""
    middle: str = ""
    prefix: str = ""
    suffix: str = ""
    degree: str = ""

    def __bool__(self) -> bool:
        return bool(self.family or self.given or self.middle or self.prefix or self.suffix or self.degree)


@dataclass(frozen=True, slots=True)
class PersonName:
    """A name with its alphabetic, ideographic and phonetic writings; absent ones are empty groups.

    `use` is a name type of HL7 table 0200 as `L` (legal) or `M` (maiden); empty where unknown.
    """

    alphabetic: NameGroup = NameGroup()
    ideographic: NameGroup = NameGroup()
    phonetic: NameGroup = NameGroup()
    use: str = ""

    def __bool__(self) -> bool:
        return bool(self.alphabetic or self.ideographic or self.phonetic)


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who acts: a name, and the identifiers that the acting is known by.

    HL7 v2.5.1 §2.A.86 (XCN) has one identifier; further ones come as `others`.
    """

    name: PersonName = PersonName()
    identifier: Identifier | None = None
