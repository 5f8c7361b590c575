"""The data set: elements found by one pass, decoded when asked for, edited one at a time. PS3.5 §7.

Two rules: a parsed data set keeps its bytes, an edit concerns its element alone. Nothing recurses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from ..errors import EncodeError, Finding, UsageError, ValueFormatError
from ..standards import dictionary
from . import charset as charsets
from . import edits, keys, meaning, problems, values, writing
from .charset import CharacterSet
from .enclosed import ItemSpan, find_items, fragments, item_form
from .keys import Key
from .reading import Buffer, Reading
from .scan import FRESH, Record, Scan, settled
from .vr import ALL_VRS, EXPLICIT_LITTLE, IMPLICIT_LITTLE, PIXEL_DATA, SPECIFIC_CHARACTER_SET, TEXT_VRS, Form

Value: TypeAlias = "values.Leaf | tuple[DataSet, ...]"

_UNTOLD, _MAY_HAVE_ITEMS = frozenset(("", "UN")), frozenset(("", "UN", "SQ"))
_known = keys.KNOWN.get


class Sequence:
    """The items of one sequence; `spans` are where they were parsed, None once the list is new."""

    __slots__ = ("items", "spans")

    def __init__(self, items: tuple[DataSet, ...], spans: list[ItemSpan] | None) -> None:
        self.items = items
        self.spans = spans


_NO_SEQUENCES: dict[int, Sequence] = {}


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

    def stretch(self, start: int, stop: int) -> bytes:
        """Bytes of the value field from one to another; the rest of a mapped file is not read."""
        return self._owner.bytes_of(self.tag, self.record, start, stop)

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
    write with; a new data set without one takes up ISO_IR 192 when a text needs it.
    """

    __slots__ = (
        "_unsettled", "buffer", "depth", "edits", "form", "found", "is_dirty", "known_charset",
        "parent", "reading", "scanned", "sequences", "start", "stop",
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
        self.buffer, self.start, self.stop, self.form = buffer, start, stop, form
        self.reading, self.parent = reading, parent
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.is_dirty = False
        self.edits = edits.NONE
        self.scanned: Scan | None = None
        self.found: dict[int, Record] | None = None
        self.sequences = _NO_SEQUENCES
        self.known_charset: CharacterSet | None = None
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
        self = cls()
        self._begin(buffer, start, stop, form, reading, parent)
        return self

    @property
    def records(self) -> dict[int, Record]:
        """The records by tag, in the order of their bytes; new ones in the order of their tags."""
        records = self.found
        if records is None:
            self.scanned = Scan(self.buffer, self.start, self.stop, self.form, self.reading)
            records = self.found = self.scanned.records
        elif self._unsettled:
            records = self.found = settled(records)
            self._unsettled = False
        return records

    def get(self, key: Key, default: Value = None) -> Value:
        """The decoded value of a keyword, tag or path; `default` where the element is not there.

        UsageError for a key that is no keyword, tag or path.
        """
        tag = key if isinstance(key, int) else _known(key)
        if tag is None:
            owner, tag = self.owner_of(key)
            return default if owner is None else owner.get(tag, default)
        records = self.found
        if records is None:
            records = self.records
        record = records.get(tag)
        return default if record is None else self.value_of(tag, record)

    def element(self, key: Key) -> Element | None:
        """The element of a keyword, tag or path; None where it is not there."""
        owner, tag = self.owner_of(key)
        if owner is None:
            return None
        record = (owner.records if owner.found is None else owner.found).get(tag)
        return None if record is None else Element(owner, tag, record)

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

    def owner_of(self, key: Key) -> tuple[DataSet | None, int]:
        """The data set that the element of a key is in, None for an item that is not there; and its tag."""
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

    def bytes_of(self, tag: int, record: Record, start: int = 0, stop: int | None = None) -> bytes:
        """The value field of a record of this data set, or a stretch of it."""
        if record[3] == FRESH:
            if tag not in self.edits.fresh:
                raise UsageError("a sequence that was set has no bytes before it is encoded")
            return self.edits.fresh[tag][start:stop]
        first, last = record[1:3]
        return self.buffer[first + start : last if stop is None else min(first + stop, last)]

    def value_of(self, tag: int, record: Record) -> Value:
        """The decoded value of a record of this data set."""
        vr, start, stop, pos = record
        if vr in _UNTOLD:
            vr = self.vr_of(tag, record)
        if vr == "SQ":
            return self.items_of(tag, record)
        data = self.buffer[start:stop] if pos >= 0 else self.edits.fresh[tag][:]
        decode = values.LITTLE.get(vr) if self.form.little else values.BIG.get(vr)
        if decode is not None:
            return decode(data)
        return values.TEXTS[vr](data, self.known_charset or self.character_set)

    def vr_of(self, tag: int, record: Record) -> str:
        """The VR of a record, by the dictionary where the bytes say nothing or UN: PS3.5 §6.2.2."""
        vr, start, stop, pos = record
        if vr not in _UNTOLD:
            return vr
        if pos >= 0 and start in self.reading.ends and tag != PIXEL_DATA:
            return "SQ"
        vr = meaning.vr_of(self, tag, stop - start)
        if vr == "SQ" and pos == FRESH:
            return "UN"
        if vr == "SQ" and stop > start and self.buffer[start : start + 2] not in (b"\xfe\xff", b"\xff\xfe"):
            return "UN"
        return vr

    def items_of(self, tag: int, record: Record) -> tuple[DataSet, ...]:
        """The items of a sequence; empty for anything else. LimitError beyond `dicom_depth` levels."""
        known = self.sequences.get(tag)
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
        self._keep(tag, Sequence(items, spans))
        return items

    def _keep(self, tag: int, sequence: Sequence) -> None:
        if self.sequences is _NO_SEQUENCES:
            self.sequences = {}
        self.sequences[tag] = sequence

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
            found = owner.known_charset
            if found is None and (record := owner.records.get(SPECIFIC_CHARACTER_SET)) is not None:
                found = charsets.of_field(owner.bytes_of(SPECIFIC_CHARACTER_SET, record))
            owner = owner.parent
        self.known_charset = found or charsets.DEFAULT
        return self.known_charset

    @property
    def charset(self) -> tuple[str, ...]:
        """The terms of the Specific Character Set in force; `recode` changes them and the texts with them."""
        return self.character_set.terms

    def set(self, key: Key, value: object, vr: str | None = None) -> None:
        """Put a value at a keyword, tag or path; a path makes the item after the last one, and its sequence.

        The VR is the given one, that of the element already there, or the dictionary's. UsageError
        where no VR is known, ValueFormatError for a value that the VR does not admit, EncodeError for
        a text that the character set cannot hold.
        """
        owner, tag = self._owner_for(key)
        record = (owner.records if owner.found is None else owner.found).get(tag)
        if vr is None:
            vr = owner.vr_of(tag, record) if record is not None else "UN"
            vr = meaning.vr_to_write(owner, tag, value) if vr == "UN" else vr
        elif vr not in ALL_VRS:
            raise UsageError(f"{vr!r} is no VR", rule="PS3.5 §6.2")
        if vr == "SQ":
            owner.put_items(tag, value)
        else:
            owner.place(tag, vr, owner.field_of(vr, value))

    def __setitem__(self, key: Key, value: object) -> None:
        self.set(key, value)

    def __delitem__(self, key: Key) -> None:
        owner, tag = self.owner_of(key)
        if owner is None or tag not in owner.records:
            raise KeyError(key if isinstance(key, str) else keys.text_of(key))
        del owner.records[tag]
        owner.touch(tag)
        owner.edits.fresh.pop(tag, None)

    def place(self, tag: int, vr: str, data: Buffer, *, encapsulated: bool = False) -> None:
        """Put the bytes of a value field as they are, in the byte order of this data set.

        `encapsulated`: the bytes are items of fragments, offset table first, without the delimiter
        at the end (PS3.5 §A.4); they get an undefined length.
        """
        self._put(tag, (vr, 0, len(data), FRESH))
        self.edits.fresh[tag] = data
        if encapsulated:
            self.edits.encapsulated.add(tag)

    def _put(self, tag: int, record: Record) -> None:
        records = self.records if self.found is None else self.found
        self._unsettled = self._unsettled or tag not in records
        records[tag] = record
        self.touch(tag)

    def touch(self, tag: int) -> None:
        """Note that an element was edited, so that this data set and those around it are encoded anew."""
        if self.edits is edits.NONE:
            self.edits = edits.Edits()
        self.edits.groups.add(tag >> 16)
        self.edits.encapsulated.discard(tag)
        self.sequences.pop(tag, None)
        owner: DataSet | None = self
        while owner is not None and not owner.is_dirty:
            owner.is_dirty = True
            owner = owner.parent
        if tag == SPECIFIC_CHARACTER_SET:
            stack: list[DataSet] = [self]
            while stack:
                owner = stack.pop()
                owner.known_charset = None
                stack.extend(item for sequence in owner.sequences.values() for item in sequence.items)

    def _owner_for(self, key: Key) -> tuple[DataSet, int]:
        steps, tag = keys.split(key)
        owner = self
        for sequence, number in steps:
            element = owner.element(sequence)
            items = element.items if element is not None else ()
            if number > len(items):
                raise UsageError(f"{key!r}: item {number} of {len(items)} cannot be made before the others")
            if number == len(items):
                owner.put_items(sequence, [*items, DataSet()])
                items = owner.sequences[sequence].items
            owner = items[number]
        return owner, tag

    def field_of(self, vr: str, value: object) -> bytes:
        """The bytes of a value in this data set; a new one without character set takes up ISO_IR 192."""
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

    def put_items(self, tag: int, value: object) -> None:
        """Make data sets or mappings the items of a sequence; a data set that is elsewhere is copied."""
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
        self._put(tag, ("SQ", 0, 0, FRESH))
        self.edits.fresh.pop(tag, None)
        self._keep(tag, Sequence(tuple(items), None))

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
            owner.known_charset = None
            owner.depth = 0 if owner.parent is None else owner.parent.depth + 1
            stack.extend(one for sequence in owner.sequences.values() for one in sequence.items)

    def copy(self) -> DataSet:
        """The same content on its own, with its character set; the bytes it was parsed from are shared."""
        top = self.shallow(None)
        pairs = [(self, top)]
        for old, new in pairs:
            copies: dict[int, Sequence] = {}
            for tag, sequence in old.sequences.items():
                items = tuple([item.shallow(new) for item in sequence.items])
                copies[tag] = Sequence(items, sequence.spans)
                pairs.extend(zip(sequence.items, items, strict=True))
            new.sequences = copies
        if self.charset and SPECIFIC_CHARACTER_SET not in top.records:
            top.set(SPECIFIC_CHARACTER_SET, list(self.charset))
        return top

    def shallow(self, parent: DataSet | None) -> DataSet:
        """A copy without what is nested."""
        new = DataSet.at(self.buffer, self.start, self.stop, self.form, self.reading, parent)
        new.found, new.scanned = dict(self.records), self.scanned
        new.edits, new.is_dirty = edits.Edits(self.edits), self.is_dirty
        return new


def _elements(prefix: str, data: DataSet) -> Iterator[tuple[str, Element | DataSet]]:
    for tag, record in data.records.items():
        yield f"{prefix}{tag:08X}", Element(data, tag, record)


def _items(path: str, items: tuple[DataSet, ...]) -> Iterator[tuple[str, Element | DataSet]]:
    for number, item in enumerate(items):
        yield f"{path}/{number}", item
