"""One segment of a message: split into fields when asked, decoded at its leaves alone, edited leaf by leaf.

A segment keeps the text it was read from. An edit replaces the text of one field; everything else of the
segment stays as it was written, trailing delimiters among it. HL7 v2.5.1 §2.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import UsageError
from .delimiters import HEADERS, NULL, Raw
from .escape import escape_text, unescape
from .fieldtext import FieldValue, part_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .charset import Coding
    from .delimiters import Delimiters

_AT = tuple([f"{number}[1]." for number in range(64)])
_MOST = 10_000
"""The highest number that can be written to: an edit never makes a text of delimiters without end."""

Structured = list[list[list[str]]]
"""A field: repetitions of components of subcomponents, each a decoded leaf."""


class Segment:
    """One segment; fields count from 1, of MSH as of every other. `end` is the terminator it had."""

    __slots__ = ("_fields", "_text", "coding", "delimiters", "dirty", "end", "id")

    def __init__(self, text: str, end: str, delimiters: Delimiters, coding: Coding) -> None:
        self._text = text
        self._fields: list[str] | None = None
        self.end = end
        self.delimiters = delimiters
        self.coding = coding
        self.dirty = False
        mark = delimiters.field
        head = text[:3]
        self.id = head if text[3:4] == mark and mark not in head else text.partition(mark)[0]

    def __str__(self) -> str:
        """The ER7 text, decoded, without its terminator."""
        if self.dirty:
            self._text = self.delimiters.field.join(self._parts)
        text = self._text
        return text if self.coding.clean else self.coding.show(text)

    def __repr__(self) -> str:
        return f"Segment({str(self)[:60]!r})"

    @property
    def working_text(self) -> str:
        """The text as it is held, from which the bytes come."""
        return self.delimiters.field.join(self._parts) if self.dirty else self._text

    @property
    def _parts(self) -> list[str]:
        fields = self._fields
        if fields is None:
            fields = self._fields = self._text.split(self.delimiters.field)
        return fields

    @property
    def _shift(self) -> int:
        """The field separator is field 1 of a header: HL7 v2.5.1 §2.15.9.1."""
        return 1 if self.id in HEADERS else 0

    @property
    def count(self) -> int:
        """The number of the last field that is present."""
        return len(self._parts) - 1 + self._shift

    def raw(self, number: int) -> str | None:
        """The working text of a field; None where the segment ends before it."""
        shift = self._shift
        if shift and number == 1:
            return self.delimiters.field
        parts = self._parts
        at = number - shift
        return parts[at] if 0 < at < len(parts) else None

    def text(self, number: int) -> str | None:
        """The ER7 text of a field, decoded but still escaped; None where it is absent."""
        raw = self.raw(number)
        return raw if raw is None else self.coding.show(raw)

    def is_literal(self, number: int) -> bool:
        """Whether a field is one of the two that declare the delimiters."""
        return number <= 2 and self.id in HEADERS

    def value(self, number: int) -> Structured:
        """The field taken apart: repetitions, components, subcomponents; empty where it is absent."""
        raw = self.raw(number)
        if not raw:
            return []
        if self.is_literal(number):
            return [[[raw]]]
        d = self.delimiters
        repetitions = raw.split(d.repetition) if d.repetition else [raw]
        components = [r.split(d.component) if d.component else [r] for r in repetitions]
        mark = d.subcomponent
        if self.coding.clean and '""' not in raw and (not d.escape or d.escape not in raw):
            if not mark or mark not in raw:
                return [[[c] for c in r] for r in components]
            return [[c.split(mark) for c in r] for r in components]
        leaf = self.leaf
        return [[[leaf(s) for s in (c.split(mark) if mark else [c])] for c in r] for r in components]

    def leaf(self, text: str) -> str:
        """The decoded text of one leaf; the explicit null is `NULL`."""
        if text == '""':
            return NULL
        if self.coding.clean and (not self.delimiters.escape or self.delimiters.escape not in text):
            return text
        return unescape(text, self.delimiters, self.coding)

    def get(self, number: int, repetition: int | None, component: int | None, sub: int | None) -> str | None:
        """The value at a place: a decoded leaf, or the ER7 text (`Raw`) of a part that has parts.

        None where it is absent, "" where it is there and empty.
        """
        raw = self.raw(number)
        if raw is None or self.is_literal(number):
            return raw
        d = self.delimiters
        if repetition is not None or component is not None:
            raw = _part(raw, d.repetition, repetition or 1)
        if component is not None and raw is not None:
            raw = _part(raw, d.component, component)
            if sub is not None and raw is not None:
                raw = _part(raw, d.subcomponent, sub)
        if raw is None:
            return None
        inner = (d.subcomponent,) if component is not None else (d.component, d.subcomponent)
        if repetition is None and component is None:
            inner = (d.repetition, *inner)
        if sub is None and any(mark and mark in raw for mark in inner):
            return Raw(self.coding.show(raw))
        return self.leaf(raw)

    def set(
        self, number: int, repetition: int | None, component: int | None, sub: int | None, value: FieldValue
    ) -> None:
        """Write a value at a place, making the delimiters that it needs and changing nothing else.

        A `Raw` text is placed as it is. Raises UsageError for MSH-1 and MSH-2, which everything read
        depends on, and EncodeError for text that the declared character set cannot hold.
        """
        if self.is_literal(number):
            raise UsageError(
                "the delimiters of a message that was read cannot be changed",
                place=f"{self.id}-{number}",
                hint="compose the message anew with other encoding characters",
            )
        if max(number, repetition or 0, component or 0, sub or 0) > _MOST:
            raise UsageError("the number is too high", place=f"{self.id}-{number}", hint=f"at most {_MOST:,}")
        level = (
            0
            if repetition is None and component is None
            else 1
            if component is None
            else 2
            if sub is None
            else 3
        )
        text = self._written(value, level)
        d = self.delimiters
        parts = self._parts
        at = number - self._shift
        if repetition is not None or component is not None:
            whole = _split(parts[at] if at < len(parts) else "", d.repetition, repetition or 1)
            one = (repetition or 1) - 1
            if component is not None:
                inner = _split(whole[one], d.component, component)
                if sub is not None:
                    subs = _split(inner[component - 1], d.subcomponent, sub)
                    subs[sub - 1] = text
                    text = d.subcomponent.join(subs)
                inner[component - 1] = text
                text = d.component.join(inner)
            whole[one] = text
            text = d.repetition.join(whole)
        parts += [""] * (at + 1 - len(parts))
        parts[at] = text
        self.dirty = True

    def _written(self, value: FieldValue, level: int) -> str:
        """A value's working text for a field (level 0), a repetition, a component, a subcomponent (3)."""
        if isinstance(value, str) and not isinstance(value, Raw):
            return value if value is NULL else self.coding.hold(escape_text(value, self.delimiters))
        return self.coding.hold(part_text(value, self.delimiters, level))

    def replace(self, text: str, coding: Coding) -> None:
        """Put working text of a coding in place of all there is."""
        self._text = text
        self._fields = None
        self.coding = coding
        self.dirty = True

    def walk(self) -> Iterator[tuple[int, int, int, int, str]]:
        """Every leaf that is there: field, repetition, component, subcomponent, decoded text."""
        shift = self._shift
        for at, raw in enumerate(self._parts):
            if at and raw:
                number = at + shift
                for r, repetition in enumerate(self.value(number), 1):
                    for c, component in enumerate(repetition, 1):
                        for s, leaf in enumerate(component, 1):
                            if leaf:
                                yield number, r, c, s, leaf

    def leaves(self, head: str) -> list[tuple[str, str]]:
        """Every leaf that is there: its path, `head` and then as `5[1].1.1`, and its decoded text."""
        marks, first = self.delimiters, self._shift
        mark, nests = marks.component, marks.nested.search
        found: list[tuple[str, str]] = []
        add = found.append
        plain = self.coding.clean
        text = self.working_text
        simple = plain and mark and not first and nests(text) is None and '""' not in text
        for number, raw in enumerate(self._parts, first):
            if not raw or number == first:
                continue
            at = _AT[number] if number < len(_AT) else f"{number}[1]."
            if simple or (plain and mark and number != first + 1 and nests(raw) is None and '""' not in raw):
                if mark not in raw:
                    add((head + at + "1.1", raw))
                else:
                    stem = head + at
                    for c, leaf in enumerate(raw.split(mark), 1):
                        if leaf:
                            add((f"{stem}{c}.1", leaf))
                continue
            for r, repetition in enumerate(self.value(number), 1):
                stem = f"{head}{number}[{r}]."
                for c, component in enumerate(repetition, 1):
                    for n, leaf in enumerate(component, 1):
                        if leaf:
                            add((f"{stem}{c}.{n}", leaf))
        return found


def _part(text: str, mark: str, number: int) -> str | None:
    if not mark:
        return text if number == 1 else None
    if number == 1:
        return text.partition(mark)[0]
    parts = text.split(mark, number)
    return parts[number - 1] if number <= len(parts) else None


def _split(text: str, mark: str, at_least: int) -> list[str]:
    """The parts of a text, with empty ones added up to a number."""
    if not mark and at_least > 1:
        raise UsageError(
            "the message declares no delimiter for that part", place="MSH-2", rule="HL7 v2.5.1 §2.5.4"
        )
    parts = text.split(mark) if mark else [text]
    parts += [""] * (at_least - len(parts))
    return parts
