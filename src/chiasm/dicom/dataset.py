"""The data set: elements found by one pass, decoded when asked for, edited one at a time.

Two rules: a data set that was parsed keeps its bytes, and an edit concerns its element alone; nothing
here recurses over nesting. PS3.5 §7.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from ..errors import EncodeError, Finding, UsageError, ValueFormatError
from ..standards import dictionary
from . import charset as charsets
from . import escaped, keys, meaning, problems, values, writing
from .charset import CharacterSet
from .enclosed import ItemSpan, find_items, fragments, item_form
from .keys import Key
from .reading import Buffer, Reading
from .scan import Record, Scan
from .vr import (
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    SPECIFIC_CHARACTER_SET,
    ALL_VRS,
    PIXEL_DATA,
    TEXT_VRS,
    Form,
)

FRESH = -1
"""The offset of an element that was not parsed but set."""


Value: TypeAlias = "values.Leaf | tuple[DataSet, ...]"

_UNTOLD = frozenset(("", "UN"))
_MAY_HAVE_ITEMS = frozenset(("", "UN", "SQ"))
_known = keys.KNOWN.get


class Sequence:
    """The items of one sequence; `spans` are where they were parsed, None once the list is new."""

    __slots__ = ("items", "spans")

    def __init__(self, items: tuple[DataSet, ...], spans: list[ItemSpan] | None) -> None:
        self.items = items
        self.spans = spans


class Element:
    """One element of a data set: its tag and VR at hand, its value when asked for."""

    __slots__ = ("_owner", "record", "tag")

    def __init__(self, owner: DataSet, tag: int, record: Record) -> None:
        self._owner = owner
        self.tag = tag
        self.record = record

    @property
    def vr(self) -> str:
        """The VR; where the bytes have none, or UN for a known element, the dictionary's."""
        return self._owner.vr_of(self.tag, self.record)

    @property
    def wire_vr(self) -> str:
        """The VR as the bytes have it; empty in the implicit form."""
        return self.record[0]

    @property
    def keyword(self) -> str:
        """The keyword; empty for private and unknown elements."""
        return dictionary.keyword(self.tag)

    @property
    def is_private(self) -> bool:
        """Whether the group is odd: PS3.5 §7.8."""
        return bool(self.tag >> 16 & 1)

    @property
    def length(self) -> int:
        """The bytes of the value field, delimiters of an undefined length not counted."""
        return self.record[2] - self.record[1]

    @property
    def raw(self) -> bytes:
        """The bytes of the value field as they are."""
        return self._owner.bytes_of(self.tag, self.record)

    @property
    def value(self) -> Value:
        """The decoded value: None, one, or a tuple of several."""
        return self._owner.value_of(self.tag, self.record)

    @property
    def items(self) -> tuple[DataSet, ...]:
        """The items of a sequence; empty for anything else."""
        return self._owner.items_of(self.tag, self.record)

    @property
    def problems(self) -> list[Finding]:
        """What in the bytes does not fit the VR or the declared character set."""
        return self._owner.problems_of(self.tag, self.record)

    @property
    def fragments(self) -> list[tuple[int, int]]:
        """Offset within `raw` and length of each fragment of encapsulated pixel data: PS3.5 §A.4."""
        _, start, stop, pos = self.record
        if pos == FRESH:
            return fragments(self.raw, 0, stop - start, EXPLICIT_LITTLE)
        owner = self._owner
        found = fragments(owner.buffer, start, stop, owner.form)
        return [(offset - start, length) for offset, length in found]

    def __repr__(self) -> str:
        return f"Element({keys.text_of(self.tag)} {self.vr} {self.keyword} {self.length} bytes)"


class DataSet:
    """Elements by keyword, tag or path, in the order of their bytes.

    Built empty, from a mapping, or by `parse`. `charset` are the terms of Specific Character Set to
    write with; a new data set without one takes up ISO_IR 192 when a text needs it. Texts in `buffer`
    from `start` to `stop` are found on first use. LimitError where the bytes cost more than the budgets.
    """

    __slots__ = (
        "_charset", "_records", "_scan", "_sequences", "_unsettled", "buffer", "depth", "edited_groups", "encapsulated", "form", "fresh",
        "is_dirty", "parent", "reading", "start", "stop",
    )  # fmt: skip

    def __init__(
        self, content: Mapping[str, object] | None = None, *, charset: str | tuple[str, ...] | None = None
    ) -> None:
        self._begin(b"", 0, 0, EXPLICIT_LITTLE, Reading(), None)
        self.is_dirty = True
        if charset is not None:
            self.set(SPECIFIC_CHARACTER_SET, charset)
        for key, value in (content or {}).items():
            self.set(key, value)

    def _begin(
        self, buffer: Buffer, start: int, stop: int, form: Form, reading: Reading, parent: DataSet | None
    ) -> None:
        self.buffer = buffer
        self.start = start
        self.stop = stop
        self.form = form
        self.reading = reading
        self.parent = parent
        self.depth = 0 if parent is None else parent.depth + 1
        self.is_dirty = False
        self.fresh: dict[int, bytes] = {}
        self.edited_groups: set[int] = set()
        self.encapsulated: set[int] = set()
        self._scan: Scan | None = None
        self._records: dict[int, Record] | None = None
        self._sequences: dict[int, Sequence] = {}
        self._charset: CharacterSet | None = None
        self._unsettled = False

    @classmethod
    def at(
        cls,
        buffer: Buffer,
        start: int,
        stop: int,
        form: Form,
        reading: Reading,
        parent: DataSet | None = None,
    ) -> DataSet:
        """The data set whose elements lie between two offsets of a buffer."""
        self = cls.__new__(cls)
        self._begin(buffer, start, stop, form, reading, parent)
        return self

    @property
    def records(self) -> dict[int, Record]:
        """The records by tag, in the order of their bytes; new ones in the order of their tags."""
        records = self._records
        if records is None:
            self._scan = Scan(self.buffer, self.start, self.stop, self.form, self.reading)
            records = self._records = self._scan.records
        elif self._unsettled:
            records = self._records = _settled(records)
            self._unsettled = False
        return records

    @property
    def scan(self) -> Scan | None:
        """What the scanner found; None for a data set that was not parsed."""
        if self._records is None:
            _ = self.records
        return self._scan

    @property
    def sequences(self) -> dict[int, Sequence]:
        """The sequences that were opened or set, by tag."""
        return self._sequences

    def get(self, key: Key, default: Value = None) -> Value:
        """The decoded value of a keyword, tag or path; `default` where the element is not there.

        UsageError for a key that is no keyword, tag or path.
        """
        tag = key if key.__class__ is int else _known(key)
        if tag is None:
            owner, tag = self._owner_of(key)
            return default if owner is None else owner.get(tag, default)
        records = self._records
        if records is None:
            records = self.records
        record = records.get(tag)
        return default if record is None else self.value_of(tag, record)

    def element(self, key: Key) -> Element | None:
        """The element of a keyword, tag or path; None where it is not there."""
        owner, tag = self._owner_of(key)
        record = None if owner is None else owner.records.get(tag)
        return None if owner is None or record is None else Element(owner, tag, record)

    def raw(self, key: Key) -> bytes:
        """The bytes of a value field as they are; KeyError where the element is not there."""
        return self._present(key).raw

    def __getitem__(self, key: Key) -> Value:
        return self._present(key).value

    def _present(self, key: Key) -> Element:
        element = self.element(key)
        if element is None:
            raise KeyError(key if isinstance(key, str) else keys.text_of(key))
        return element

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str | int) and self.element(key) is not None

    def __iter__(self) -> Iterator[Element]:
        return iter([Element(self, tag, record) for tag, record in self.records.items()])

    def __len__(self) -> int:
        return len(self.records)

    def __repr__(self) -> str:
        return f"DataSet({len(self)} elements)"

    def _owner_of(self, key: Key) -> tuple[DataSet | None, int]:
        if isinstance(key, int) or "/" not in key:
            return self, keys.tag_of(key)
        steps, tag = keys.split(key)
        owner: DataSet | None = self
        for sequence, number in steps:
            element = owner.element(sequence) if owner is not None else None
            items = element.items if element is not None else ()
            owner = items[number] if number < len(items) else None
        return owner, tag

    def walk(self) -> Iterator[tuple[str, Element]]:
        """Every leaf at any depth with its path, as `00400275/0/00400009`; an empty sequence is a leaf."""
        stack: list[Iterator[tuple[str, Element | DataSet]]] = [_elements("", self)]
        while stack:
            for path, node in stack[-1]:
                if isinstance(node, DataSet):
                    stack.append(_elements(path + "/", node))
                    break
                items = node.items if node.record[0] in _MAY_HAVE_ITEMS else ()
                if items:
                    stack.append(_items(path, items))
                    break
                yield path, node
            else:
                stack.pop()

    def bytes_of(self, tag: int, record: Record) -> bytes:
        """The value field of a record of this data set."""
        if record[3] == FRESH:
            if tag not in self.fresh:
                raise UsageError("a sequence that was set has no bytes before it is encoded")
            return self.fresh[tag]
        return self.buffer[record[1] : record[2]]

    def value_of(self, tag: int, record: Record) -> Value:
        """The decoded value of a record of this data set."""
        vr, start, stop, pos = record
        if vr in _UNTOLD:
            vr = self.vr_of(tag, record)
        if vr == "SQ":
            return self.items_of(tag, record)
        data = self.buffer[start:stop] if pos >= 0 else self.fresh[tag]
        decode = values.LITTLE.get(vr) if self.form.little else values.BIG.get(vr)
        if decode is not None:
            return decode(data)
        return values.TEXTS[vr](data, self._charset or self.character_set)

    def vr_of(self, tag: int, record: Record) -> str:
        """The VR of a record, by the dictionary where the bytes say nothing or UN: PS3.5 §6.2.2."""
        vr, start, stop, pos = record
        if vr not in _UNTOLD:
            return vr
        if pos >= 0 and start in self.reading.ends and tag != PIXEL_DATA:
            return "SQ"
        if tag >> 16 & 1:
            vr = "LO" if meaning.is_creator(tag) else self._private_vr(tag)
        else:
            choice = meaning.alternatives(tag) or ("UN",)
            vr = choice[0]
            if len(choice) > 1:
                signed = self._inherited(meaning.PIXEL_REPRESENTATION) == 1
                vr = meaning.chosen(tag, choice, signed, stop - start)
        if vr == "SQ" and pos == FRESH:
            return "UN"
        if vr == "SQ" and stop > start and self.buffer[start : start + 2] not in (b"\xfe\xff", b"\xff\xfe"):
            return "UN"
        return vr if vr in ALL_VRS else "UN"

    def _private_vr(self, tag: int) -> str:
        if tag & 0xFFFF == 0:
            return "UL"
        creator = self.creator_of(tag)
        return meaning.private_vr(creator, tag) if creator else "UN"

    def creator_of(self, tag: int) -> str:
        """The private creator of a private tag's block; empty where none is declared. PS3.5 §7.8.1."""
        creator = self.get((tag & 0xFFFF0000) | (tag >> 8 & 0xFF)) if tag & 0xFF00 else None
        return creator if isinstance(creator, str) else ""

    def _inherited(self, tag: int) -> Value:
        owner: DataSet | None = self
        while owner is not None:
            value = owner.get(tag)
            if value is not None:
                return value
            owner = owner.parent
        return None

    def items_of(self, tag: int, record: Record) -> tuple[DataSet, ...]:
        """The items of a sequence; empty for anything else. LimitError beyond `dicom_depth` levels."""
        known = self._sequences.get(tag)
        if known is not None:
            return known.items
        vr, start, stop, pos = record
        if pos == FRESH or self.vr_of(tag, record) != "SQ":
            return ()
        if self.depth >= self.reading.limits.dicom_depth:
            raise self.reading.exceeded("dicom_depth", start)
        form = IMPLICIT_LITTLE if vr == "UN" else self.form
        buffer, reading = self.buffer, self.reading
        spans = find_items(buffer, start, stop, form, reading)
        at = type(self).at
        items = tuple(
            [at(buffer, s, e, item_form(buffer, s, e, form), reading, self) for _, s, e, _ in spans]
        )
        self._sequences[tag] = Sequence(items, spans)
        return items

    def problems_of(self, tag: int, record: Record) -> list[Finding]:
        """What in the bytes of a record does not fit its VR or character set."""
        vr = self.vr_of(tag, record)
        if vr == "SQ":
            return []
        return problems.of_field(tag, vr, self.bytes_of(tag, record), self.character_set)

    @property
    def character_set(self) -> CharacterSet:
        """The character set in force: its own (0008,0005), or that of the data set around it."""
        owner: DataSet | None = self
        found: CharacterSet | None = None
        while owner is not None and found is None:
            found = owner._charset
            if found is None and (record := owner.records.get(SPECIFIC_CHARACTER_SET)) is not None:
                found = charsets.of_field(owner.bytes_of(SPECIFIC_CHARACTER_SET, record))
            owner = owner.parent
        self._charset = found or charsets.DEFAULT
        return self._charset

    @property
    def charset(self) -> tuple[str, ...]:
        """The terms of the Specific Character Set in force. Setting re-encodes all texts that it governs.

        EncodeError, and nothing changed, where the new set cannot hold one of the texts.
        """
        return self.character_set.terms

    @charset.setter
    def charset(self, terms: str | tuple[str, ...]) -> None:
        new = charsets.of_terms(terms)
        changes: list[tuple[DataSet, int, str, bytes]] = []
        for owner in self._governed():
            for tag, record in owner.records.items():
                vr = owner.vr_of(tag, record)
                if vr not in TEXT_VRS:
                    continue
                data, marks = owner.bytes_of(tag, record), values.delimiters(vr)
                text = escaped.show(owner.character_set.decode(data, marks))
                coded = writing.even(vr, new.encode(text, marks))
                if coded != data:
                    changes.append((owner, tag, vr, coded))
        for owner, tag, vr, coded in changes:
            owner.place(tag, vr, coded)
        self.set(SPECIFIC_CHARACTER_SET, list(new.terms))

    def _governed(self) -> list[DataSet]:
        """This data set and those within that inherit its character set."""
        found: list[DataSet] = [self]
        for owner in found:
            for tag, record in list(owner.records.items()):
                if record[0] in _MAY_HAVE_ITEMS:
                    items = owner.items_of(tag, record)
                    found.extend(item for item in items if SPECIFIC_CHARACTER_SET not in item.records)
        return found

    def set(self, key: Key, value: object, vr: str | None = None) -> None:
        """Put a value at a keyword, tag or path; a path makes the item after the last one, and its sequence.

        The VR is the given one, that of the element already there, or the dictionary's. UsageError
        where no VR is known, ValueFormatError for a value that the VR does not admit, EncodeError for
        a text that the character set cannot hold.
        """
        owner, tag = self._owner_for(key)
        record = owner.records.get(tag)
        if vr is None:
            vr = owner._vr_to_write(tag, record, value)
        elif vr not in ALL_VRS:
            raise UsageError(f"{vr!r} is no VR", rule="PS3.5 §6.2")
        if vr == "SQ":
            owner._set_items(tag, value)
        else:
            owner.place(tag, vr, owner._field(vr, value))

    __setitem__ = set

    def __delitem__(self, key: Key) -> None:
        owner, tag = self._owner_of(key)
        if owner is None or tag not in owner.records:
            raise KeyError(key if isinstance(key, str) else keys.text_of(key))
        del owner.records[tag]
        owner.fresh.pop(tag, None)
        owner._sequences.pop(tag, None)
        owner._changed(tag)

    def place(self, tag: int, vr: str, data: bytes, *, encapsulated: bool = False) -> None:
        """Put the bytes of a value field as they are, in the byte order of this data set.

        `encapsulated`: the bytes are items of fragments, offset table first, without the delimiter
        at the end (PS3.5 §A.4); they get an undefined length.
        """
        self._sequences.pop(tag, None)
        self.encapsulated.discard(tag)
        if encapsulated:
            self.encapsulated.add(tag)
        self.fresh[tag] = data
        self._put(tag, (vr, 0, len(data), FRESH))

    def _put(self, tag: int, record: Record) -> None:
        records = self.records
        self._unsettled = tag not in records
        records[tag] = record
        self._changed(tag)

    def _changed(self, tag: int) -> None:
        self.edited_groups.add(tag >> 16)
        owner: DataSet | None = self
        while owner is not None and not owner.is_dirty:
            owner.is_dirty = True
            owner = owner.parent
        if tag == SPECIFIC_CHARACTER_SET:
            stack: list[DataSet] = [self]
            while stack:
                owner = stack.pop()
                owner._charset = None
                stack.extend(item for sequence in owner._sequences.values() for item in sequence.items)

    def _owner_for(self, key: Key) -> tuple[DataSet, int]:
        if isinstance(key, int) or "/" not in key:
            return self, keys.tag_of(key)
        steps, tag = keys.split(key)
        owner = self
        for sequence, number in steps:
            element = owner.element(sequence)
            items = element.items if element is not None else ()
            if number > len(items):
                raise UsageError(f"{key!r}: item {number} of {len(items)} cannot be made before the others")
            if number == len(items):
                owner._set_items(sequence, [*items, DataSet()])
                items = owner._sequences[sequence].items
            owner = items[number]
        return owner, tag

    def _vr_to_write(self, tag: int, record: Record | None, value: object) -> str:
        if record is not None:
            vr = self.vr_of(tag, record)
            if vr != "UN":
                return vr
        if tag >> 16 & 1:
            vr = "LO" if meaning.is_creator(tag) else self._private_vr(tag)
        else:
            choice = meaning.alternatives(tag) or ("UN",)
            signed = self._inherited(meaning.PIXEL_REPRESENTATION) == 1
            size = len(value) if isinstance(value, bytes | bytearray | memoryview) else 2
            vr = choice[0] if len(choice) == 1 else meaning.chosen(tag, choice, signed, size)
        if vr == "UN" and not isinstance(value, bytes | bytearray | memoryview):
            raise UsageError(f"no VR is known for {keys.text_of(tag)}", hint="give vr=")
        return vr

    def _field(self, vr: str, value: object) -> bytes:
        try:
            return writing.field(vr, value, self.character_set, self.form.little)
        except EncodeError:
            top = self
            while top.parent is not None and not top.charset:
                top = top.parent
            if vr not in TEXT_VRS or top.charset or top.stop or top.parent is not None:
                raise
            top.set(SPECIFIC_CHARACTER_SET, charsets.UTF8)
            return writing.field(vr, value, self.character_set, self.form.little)

    def _set_items(self, tag: int, value: object) -> None:
        if isinstance(value, DataSet) or not isinstance(value, Iterable):
            raise ValueFormatError("a sequence takes a list of data sets", rule="PS3.5 §7.5")
        items: list[DataSet] = []
        for one in value:
            if isinstance(one, DataSet):
                item = one if one.parent is self or (one.parent is None and one is not self) else one.copy()
            elif isinstance(one, Mapping):
                item = DataSet(one)
            else:
                raise ValueFormatError("a sequence takes data sets or mappings", rule="PS3.5 §7.5")
            items.append(item)
        for item in items:
            if item.parent is not self:
                self._adopt(item)
        self.fresh.pop(tag, None)
        self._sequences[tag] = Sequence(tuple(items), None)
        self._put(tag, ("SQ", 0, 0, FRESH))

    def _adopt(self, item: DataSet) -> None:
        """Take in a data set as an item; its texts keep their character set, stated where it differs."""
        terms = item.charset
        if terms and not self.charset and self.parent is None and not self.stop:
            self.set(SPECIFIC_CHARACTER_SET, list(terms))
        if terms == self.charset and not item.stop and SPECIFIC_CHARACTER_SET in item.records:
            del item[SPECIFIC_CHARACTER_SET]
        elif terms and terms != self.charset and SPECIFIC_CHARACTER_SET not in item.records:
            item.set(SPECIFIC_CHARACTER_SET, list(terms))
        item.parent = self
        item.is_dirty = True
        stack = [item]
        while stack:
            owner = stack.pop()
            owner._charset = None
            owner.depth = 0 if owner.parent is None else owner.parent.depth + 1
            stack.extend(one for sequence in owner._sequences.values() for one in sequence.items)

    def copy(self) -> DataSet:
        """The same content on its own, with its character set; the bytes it was parsed from are shared."""
        top = self._shallow(None)
        pairs = [(self, top)]
        for old, new in pairs:
            for tag, sequence in old._sequences.items():
                items = tuple([item._shallow(new) for item in sequence.items])
                new._sequences[tag] = Sequence(items, sequence.spans)
                pairs.extend(zip(sequence.items, items, strict=True))
        if self.charset and SPECIFIC_CHARACTER_SET not in top.records:
            top.set(SPECIFIC_CHARACTER_SET, list(self.charset))
        return top

    def _shallow(self, parent: DataSet | None) -> DataSet:
        new = DataSet.at(self.buffer, self.start, self.stop, self.form, self.reading, parent)
        new._records, new._scan = dict(self.records), self._scan
        new.encapsulated = set(self.encapsulated)
        new.fresh, new.is_dirty, new.edited_groups = dict(self.fresh), self.is_dirty, set(self.edited_groups)
        return new


def _elements(prefix: str, data: DataSet) -> Iterator[tuple[str, Element | DataSet]]:
    for tag, record in data.records.items():
        yield f"{prefix}{tag:08X}", Element(data, tag, record)


def _items(path: str, items: tuple[DataSet, ...]) -> Iterator[tuple[str, Element | DataSet]]:
    for number, item in enumerate(items):
        yield f"{path}/{number}", item


def _settled(records: dict[int, Record]) -> dict[int, Record]:
    """The records with those that were set at the end put before the first of a greater tag."""
    parsed = {tag: record for tag, record in records.items() if record[3] != FRESH}
    tags = sorted(tag for tag in records if tag not in parsed)
    merged: dict[int, Record] = {}
    for tag in parsed:
        while tags and tags[0] < tag:
            merged[tags[0]] = records[tags.pop(0)]
        merged[tag] = parsed[tag]
    return merged | {tag: records[tag] for tag in tags}
