"""Encoding data sets: original bytes wherever nothing changed, new ones only where something did.

`parts` gives the pieces of the output in order, slices of the source among them, so that writing
streams. Lengths of edited sequences, items and groups follow the edit; all else is as it was. The
nesting is worked through on an explicit stack, children first. PS3.5 §7.1, §7.2, §7.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from ..errors import EncodeError
from .dataset import DataSet, Sequence
from .reading import Buffer, pieces
from .scan import FRESH, Record
from .vr import (
    IMPLICIT_LITTLE,
    ITEM,
    ITEM_END,
    SEQUENCE_END,
    UNDEFINED,
    WORD_SIZES,
    Form,
    header,
)


@dataclass(frozen=True, slots=True)
class Slice:
    """A stretch of a source buffer that is taken over as it is; `word` bytes are turned round if over 1."""

    buffer: Buffer
    start: int
    stop: int
    word: int = 1


Part = bytes | Slice | DataSet


@dataclass(slots=True)
class _Plan:
    form: Form
    parts: list[Part] = field(default_factory=list)
    size: int = 0

    def add(self, part: bytes | Slice) -> int:
        size = len(part) if isinstance(part, bytes) else part.stop - part.start
        if size:
            self.parts.append(part)
            self.size += size
        return size


class Encoding:
    """The bytes of one data set and of all that is in it, in one form; `size` is their number."""

    def __init__(self, data: DataSet, form: Form | None = None) -> None:
        self._root = data
        self._converts = form is not None and form != data.form
        self._plans: dict[int, _Plan] = {}
        self._forms: dict[int, Form] = {id(data): form or data.form}
        stack = [data]
        while stack:
            owner = stack[-1]
            waiting = [child for child in self._children(owner) if id(child) not in self._plans]
            if waiting:
                stack.extend(waiting)
                continue
            stack.pop()
            if id(owner) not in self._plans:
                self._plans[id(owner)] = self._plan(owner)
        self.size = self._plans[id(data)].size

    def parts(self) -> Iterator[bytes]:
        """The output in order, in pieces of at most a megabyte where they are slices."""
        stack = [iter(self._plans[id(self._root)].parts)]
        while stack:
            for part in stack[-1]:
                if isinstance(part, DataSet):
                    stack.append(iter(self._plans[id(part)].parts))
                    break
                if isinstance(part, bytes):
                    yield part
                else:
                    yield from _pieces(part)
            else:
                stack.pop()

    def _must_plan(self, owner: DataSet, form: Form) -> bool:
        return owner.is_dirty or owner.form != form

    def _child_form(self, owner: DataSet, child: DataSet, sequence: Sequence) -> Form:
        form = self._forms[id(owner)]
        if not self._converts and sequence.spans is not None and owner.form == form:
            return child.form
        return form

    def _children(self, owner: DataSet) -> list[DataSet]:
        form = self._forms[id(owner)]
        found: list[DataSet] = []
        if not self._must_plan(owner, form):
            return found
        for tag, record in owner.records.items():
            sequence = self._open(owner, tag, record, form)
            if sequence is None:
                continue
            for item in sequence.items:
                self._forms[id(item)] = own = self._child_form(owner, item, sequence)
                if sequence.spans is None or self._must_plan(item, own):
                    found.append(item)
        return found

    def _open(self, owner: DataSet, tag: int, record: Record, form: Form) -> Sequence | None:
        """The sequence to be written item by item, None where its bytes stand as they are."""
        known = owner.sequences.get(tag)
        if owner.form == form or (record[0] == "UN" and not _is_open_ended(owner, record)):
            if known is None or (known.spans is not None and not any(i.is_dirty for i in known.items)):
                return None
            return known
        if owner.vr_of(tag, record) != "SQ":
            return None
        owner.items_of(tag, record)
        return owner.sequences.get(tag)

    def _plan(self, owner: DataSet) -> _Plan:
        form = self._forms[id(owner)]
        plan = _Plan(form)
        if not self._must_plan(owner, form):
            plan.add(Slice(owner.buffer, owner.start, owner.stop))
            return plan
        records, scan = owner.records, owner.scanned
        strays = _strays(owner)
        for stray in strays.pop(-1, ()):
            self._copy(plan, owner, stray)
        lengths: dict[int, tuple[int, Record]] = {}
        sizes: dict[int, int] = {}
        changed = set(owner.edits.groups)
        for tag, record in records.items():
            group, before = tag >> 16, plan.size
            if tag & 0xFFFF == 0 and record[2] - record[1] == 4:
                lengths[group] = (len(plan.parts), record)
                plan.add(header(form, tag, "UL", 4) + b"\0\0\0\0")
            else:
                self._element(plan, owner, tag, record)
                sizes[group] = sizes.get(group, 0) + plan.size - before
            if owner.form != form or self._open(owner, tag, record, form) is not None:
                changed.add(group)
            for stray in strays.pop(tag, ()):
                self._copy(plan, owner, stray)
        for stray in chain.from_iterable(strays.values()):  # those after an element that was deleted
            self._copy(plan, owner, stray)
        if scan is not None and owner.stop > scan.end:
            plan.add(Slice(owner.buffer, scan.end, owner.stop))
        for group, (place, record) in lengths.items():
            if group in changed or record[3] == FRESH:
                plan.parts[place] = header(form, group << 16, "UL", 4) + form.long.pack(sizes.get(group, 0))
            else:
                plan.parts[place] = owner.buffer[record[3] : record[2]]
        return plan

    def _copy(self, plan: _Plan, owner: DataSet, record: Record) -> None:
        """Take one element over as it is, in one stretch with the one before it where they touch."""
        _, start, stop, pos = record
        if owner.form != plan.form:
            return  # a repeated element or stray delimiter has no place in a converted data set
        after = owner.reading.ends[start][1] if _is_open_ended(owner, record) else stop
        last = plan.parts[-1] if plan.parts else None
        if isinstance(last, Slice) and last.buffer is owner.buffer and last.stop == pos and last.word == 1:
            plan.parts[-1] = Slice(owner.buffer, last.start, after)
            plan.size += after - pos
        else:
            plan.add(Slice(owner.buffer, pos, after))

    def _element(self, plan: _Plan, owner: DataSet, tag: int, record: Record) -> None:
        vr, start, stop, pos = record
        form = plan.form
        sequence = self._open(owner, tag, record, form)
        if sequence is not None:
            self._sequence(plan, owner, tag, record, sequence)
            return
        if pos != FRESH and owner.form == form:
            self._copy(plan, owner, record)
            return
        vr = vr or owner.vr_of(tag, record)
        word = WORD_SIZES.get(vr, 1) if owner.form.little != form.little else 1
        if pos == FRESH:
            self._fresh(plan, owner, tag, vr, word)
        elif _is_open_ended(owner, record):
            if form.implicit or not form.little:
                raise EncodeError(
                    "encapsulated pixel data needs an encapsulated transfer syntax", rule="PS3.5 §A.4"
                )
            plan.add(header(form, tag, vr if vr in ("OB", "OW") else "OB", UNDEFINED))
            plan.add(Slice(owner.buffer, start, stop))
            plan.add(header(form, SEQUENCE_END, "", 0))
        else:
            plan.add(header(form, tag, vr, stop - start))
            plan.add(Slice(owner.buffer, start, stop, word))

    def _fresh(self, plan: _Plan, owner: DataSet, tag: int, vr: str, word: int) -> None:
        form, data = plan.form, owner.edits.fresh[tag]
        if tag in owner.edits.encapsulated:
            if form.implicit or not form.little:
                raise EncodeError(
                    "encapsulated pixel data needs an encapsulated transfer syntax", rule="PS3.5 §A.4"
                )
            plan.add(header(form, tag, vr, UNDEFINED))
            plan.add(Slice(data, 0, len(data)))
            plan.add(header(form, SEQUENCE_END, "", 0))
            return
        if len(data) >= UNDEFINED:
            raise EncodeError(f"{len(data):,} bytes are too many for one element", rule="PS3.5 §7.1")
        plan.add(header(form, tag, vr, len(data)))
        plan.add(Slice(data, 0, len(data), word))

    def _sequence(self, plan: _Plan, owner: DataSet, tag: int, record: Record, sequence: Sequence) -> None:
        vr, start, stop, pos = record
        form = plan.form
        inner_form = IMPLICIT_LITTLE if vr == "UN" and owner.form == form else form
        inner = _Plan(inner_form)
        parsed, spans = pos != FRESH, sequence.spans
        for number, item in enumerate(sequence.items):
            span = spans[number] if spans is not None else None
            if span is not None and not self._must_plan(item, self._forms[id(item)]):
                inner.add(Slice(owner.buffer, span.pos, span.end))
                continue
            size = self._plans[id(item)].size
            undefined = size >= UNDEFINED or (span is not None and span.start in owner.reading.ends)
            inner.add(header(inner_form, ITEM, "", UNDEFINED if undefined else size))
            inner.parts.append(item)
            inner.size += size
            if undefined:
                inner.add(header(inner_form, ITEM_END, "", 0))
        if spans is not None and owner.form == form:
            tail = spans[-1].end if spans else start
            inner.add(Slice(owner.buffer, tail, stop))
        undefined = inner.size >= UNDEFINED or (parsed and _is_open_ended(owner, record))
        wire_vr = vr if vr == "UN" and owner.form == form else "SQ"
        plan.add(header(form, tag, wire_vr, UNDEFINED if undefined else inner.size))
        plan.parts += inner.parts
        plan.size += inner.size
        if undefined:
            plan.add(header(inner_form, SEQUENCE_END, "", 0))


def _strays(owner: DataSet) -> dict[int, list[Record]]:
    """The repeated elements and stray delimiters of a data set by the tag that they stand after."""
    found: dict[int, list[Record]] = {}
    for tag, record in owner.scanned.strays if owner.scanned is not None else ():
        found.setdefault(tag, []).append(record)
    return found


def _is_open_ended(owner: DataSet, record: Record) -> bool:
    """Whether an element was parsed with an undefined length."""
    return record[3] != FRESH and record[1] in owner.reading.ends


def turned(data: bytes, word: int) -> bytes:
    """The bytes with each word of 2, 4 or 8 turned round; a part of a word at the end stays."""
    if word == 1:
        return data
    whole = len(data) - len(data) % word
    out = bytearray(data)
    for at in range(word):
        out[at:whole:word] = data[word - 1 - at : whole : word]
    return bytes(out)


def _pieces(part: Slice) -> Iterator[bytes]:
    for piece in pieces(part.buffer, part.start, part.stop):
        yield turned(piece, part.word)
