"""One OBX of a message, read field by field, with the account of what was read and where it went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Disposition, Entry
from .reading import FieldReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..hl7 import Message, Segment
    from .case_v2 import MessageReading
    from .writing import Written


class Obx:
    """An OBX with its place in the message. `leaves` are those read, `target` where they went.

    Where nothing of it was used, `refusal` says why.
    """

    __slots__ = ("_segment", "code", "leaves", "path", "refusal", "rule", "target")

    def __init__(self, number: int, segment: Segment) -> None:
        self.path = f"OBX[{number}]"
        self._segment = segment
        self.leaves: set[str] = set()
        self.target = ""
        self.rule = ""
        self.refusal = ""
        self.code = self.codes(3)

    def codes(self, number: int) -> tuple[str, ...]:
        """The six components of a CE field, without noting that they were read."""
        field = self._segment.value(number)
        parts = [part[0] if part else "" for part in field[0]] if field else []
        return (*map(str, parts), *[""] * 6)[:6]

    @property
    def kind(self) -> str:
        """OBX-2, without noting that it was read."""
        return self.peek(2)

    def peek(self, number: int) -> str:
        """The first leaf of a field, without noting that it was read."""
        field = self._segment.value(number)
        return str(field[0][0][0]) if field and field[0] and field[0][0] else ""

    @property
    def value_type(self) -> str:
        """OBX-2, noted as read."""
        return self.text(2)

    def field(self, number: int) -> FieldReader:
        """A reader of one field; what it reads has to be noted by `note`."""
        return FieldReader(f"{self.path}-{number}", self._segment.value(number))

    def note(self, reader: FieldReader) -> None:
        """Note what a reader of a field has read."""
        self.leaves.update(reader.leaves)

    def parts(self, number: int) -> list[list[str]]:
        """The repetitions of a field and their components, as texts, all noted as read."""
        found = []
        for index, repetition in enumerate(self._segment.value(number) or (), 1):
            texts = []
            for component, subcomponents in enumerate(repetition, 1):
                text = str(subcomponents[0]) if subcomponents else ""
                if text:
                    self.leaves.add(f"{self.path}-{number}[{index}].{component}.1")
                texts.append(text)
            found.append(texts)
        return found

    def text(self, number: int) -> str:
        """The first leaf of a field, noted as read."""
        text = self.peek(number)
        if text:
            self.leaves.add(f"{self.path}-{number}[1].1.1")
        return text

    def component(self, number: int, component: int) -> str:
        """The first leaf of one component of a field, noted as read."""
        field = self._segment.value(number)
        parts = field[0] if field else ()
        text = str(parts[component - 1][0]) if len(parts) >= component and parts[component - 1] else ""
        if text:
            self.leaves.add(f"{self.path}-{number}[1].{component}.1")
        return text

    def whole(self, number: int, component: int) -> str:
        """One component of a field as one text, where an unescaped ampersand has split it; noted as read."""
        field = self._segment.value(number)
        parts = field[0] if field else ()
        leaves = parts[component - 1] if len(parts) >= component else ()
        self.leaves.update(
            f"{self.path}-{number}[1].{component}.{index}" for index, text in enumerate(leaves, 1) if text
        )
        return str(leaves[0]) if len(leaves) == 1 else "&".join(map(str, leaves))

    def use(self, target: str, rule: str) -> None:
        """Say where what was read has gone."""
        self.target = target
        self.rule = rule


def observations(message: Message) -> list[Obx]:
    """All OBX of a message, in their order."""
    return [Obx(number, segment) for number, segment in enumerate(message.segments_named("OBX"), 1)]


def credit(
    found: Iterable[Obx], reading: MessageReading, written: Mapping[tuple[str, int], Written]
) -> set[str]:
    """Say of each OBX that a row of the crosswalk has read where it went; gives back their paths.

    Its code is what the row knows it by, so that has been read too.
    """
    known = {one.path: one for one in found}
    credited = set()
    for read in reading.reads:
        place = written.get((read.concept, read.index))
        for leaf in read.leaves:
            one = known.get(leaf.partition("-")[0])
            if one is None or read.refusal:
                continue
            credited.add(one.path)
            if place is not None:
                one.parts(3)
                one.use(place.target, read.concept)
    return credited


_NOT_USED = "{} of an observation has no place in {}"


def entries(
    by_rows: Iterable[Entry], found: Iterable[Obx], target: str, extra: Mapping[str, Entry]
) -> Iterator[Entry]:
    """The entries of a message: those of the rows of the crosswalk, with the OBX put in their places.

    `extra` are entries of leaves outside of OBX that the rows know nothing of.
    """
    known = {one.path: one for one in found}
    for entry in by_rows:
        if entry.source in extra:
            yield extra[entry.source]
            continue
        if entry.disposition is not Disposition.DROPPED:
            yield entry
            continue
        segment, _, rest = entry.source.partition("-")
        one = known.get(segment)
        if one is None or entry.rule != "no-row":
            yield entry
        elif entry.source in one.leaves and one.target:
            yield Entry(entry.source, Disposition.MAPPED, one.target, one.rule)
        elif one.refusal:
            yield Entry(entry.source, Disposition.DROPPED, "", one.rule or "refused", one.refusal)
        else:
            field = rest.partition("[")[0]
            yield Entry(
                entry.source, Disposition.DROPPED, "", "no-row", _NOT_USED.format(f"OBX-{field}", target)
            )
