"""The separators of one message, as its header declares them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from dataclasses import field as attribute

from ..errors import ParseError

HEADERS = ("MSH", "FHS", "BHS")


class Null(str):
    """The HL7 delete indicator, two quotation marks; equal to the text `""`, yet told apart from it.

    HL7 v2.5.1 §2.5.3.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "hl7.NULL"


NULL = Null('""')


class Raw(str):
    """ER7 text as it stands in a message, still escaped and with its separators.

    Reading a path that is no leaf gives one; writing one places it verbatim.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Delimiters:
    r"""The separators of a message; each but the field separator is empty where MSH-2 ends before it.

    `special` finds what a leaf cannot hold unescaped, `nested` what makes a field more than components.
    The order in MSH-2 is component, repetition, escape, subcomponent, truncation (v2.7).
    HL7 v2.5.1 §2.5.4, HL7 v2.7 §2.5.5.2.
    """

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""
    special: re.Pattern[str] = attribute(init=False, repr=False, compare=False)
    nested: re.Pattern[str] = attribute(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        marks = re.escape("".join(self.marks))
        object.__setattr__(self, "special", re.compile(f"[{marks}\x00-\x08\x0a-\x1f\x7f]"))
        inner = re.escape("".join((self.repetition, self.escape, self.subcomponent)))
        object.__setattr__(self, "nested", re.compile(f"[{inner}]" if inner else "(?!)"))

    @property
    def marks(self) -> tuple[str, ...]:
        """All separators that are declared, the field separator first."""
        all_six = (
            self.field,
            self.component,
            self.repetition,
            self.escape,
            self.subcomponent,
            self.truncation,
        )
        return tuple(mark for mark in all_six if mark)

    @property
    def encoding_characters(self) -> str:
        """The text of MSH-2 that declares these separators."""
        return "".join(self.marks[1:])

    @classmethod
    def from_encoding_characters(cls, text: str, field_separator: str = "|") -> Delimiters:
        """Build from MSH-2; characters past the fifth declare nothing and are passed over."""
        marks = [*text[:5], "", "", "", "", ""]
        return cls(field_separator, *marks[:5])

    @classmethod
    def from_header(cls, line: str, *, source: str = "") -> Delimiters:
        """Read the separators from an MSH, FHS or BHS segment.

        Raises ParseError when no field separator follows the segment id.
        """
        mark = line[3:4]
        if line[:3] not in HEADERS or not mark or mark.isalnum() or mark.isspace():
            raise ParseError(
                "the header segment has no field separator",
                source=source,
                place="MSH-1",
                rule="HL7 v2.5.1 §2.5.4",
                hint="a message starts with MSH|^~\\&|",
            )
        if line[3:9] == "|^~\\&|":
            return STANDARD
        return cls.from_encoding_characters(line[4:].split(mark, 1)[0], mark)


STANDARD = Delimiters()
