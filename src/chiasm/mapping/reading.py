"""Readers that remember what was read: the ground of the ledger.

A kind of value reads its elements or fields through one of these, so that the account of a conversion
is what really happened and not what a table says should have happened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ChiasmError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..dicom import DataSet

NULL = '""'

Leaf = tuple[str, int, str]
"""Where a leaf stands: the path of its data set with a slash at the end, its tag, and its facet.

A facet names a part that some targets cannot hold, as the version of a code; most leaves have none.
"""


class DicomReader:
    """Reads a data set, or an item of a sequence with the data set around it, and notes each leaf read.

    A tag is looked for in the item first and then in the data sets around it.
    """

    __slots__ = ("_layers", "leaves", "zone")

    def __init__(self, *layers: tuple[str, DataSet], zone: str = "") -> None:
        self._layers = layers
        self.leaves: list[Leaf] = []
        self.zone = zone

    def value(self, tag: int, facet: str = "") -> object:
        """The decoded value, None where there is none."""
        for prefix, data in self._layers:
            value = data.get(tag)
            if value is not None:
                self.leaves.append((prefix, tag, facet))
                return value
        return None

    def text(self, tag: int, facet: str = "") -> str:
        """The value as text; several values are joined as they were, by backslashes."""
        value = self.value(tag, facet)
        if value is None:
            return ""
        if value.__class__ is str:
            return value
        if isinstance(value, tuple):
            return "\\".join(map(str, value))
        return str(value)

    def texts(self, tag: int, facet: str = "") -> tuple[str, ...]:
        """The values as texts, one each."""
        value = self.value(tag, facet)
        if value is None:
            return ()
        if isinstance(value, tuple):
            return tuple("" if one is None else str(one) for one in value)
        return (str(value),)

    def items(self, tag: int) -> Iterator[DicomReader]:
        """A reader for each item of a sequence; what they read is noted here."""
        for prefix, data in self._layers:
            element = data.element(tag)
            if element is not None and element.items:
                for index, item in enumerate(element.items):
                    reader = DicomReader((f"{prefix}{tag:08X}/{index}/", item), zone=self.zone)
                    reader.leaves = self.leaves
                    yield reader
                return

    def attempt(
        self, read: Callable[[DicomReader, tuple[int, ...]], object], tags: tuple[int, ...]
    ) -> tuple[object, str]:
        """What one kind reads, and why it refused, if it did."""
        try:
            return read(self, tags), ""
        except ChiasmError as error:
            return None, error.message


class RepetitionReader:
    """Reads one repetition of a v2 field by component and subcomponent, and notes each leaf read."""

    __slots__ = ("_components", "_offset", "_path", "leaves")

    def __init__(
        self, path: str, components: Sequence[Sequence[str]], leaves: list[str], offset: int
    ) -> None:
        self._path = path
        self._components = components
        self._offset = offset
        self.leaves = leaves

    def text(self, component: int, subcomponent: int = 1) -> str:
        """The decoded leaf; empty where it is absent, empty or the explicit null.

        Components count from the place of the row, so that 1 is its first.
        """
        component += self._offset
        if component > len(self._components):
            return ""
        parts = self._components[component - 1]
        if subcomponent > len(parts):
            return ""
        value = parts[subcomponent - 1]
        if value:
            self.leaves.append(f"{self._path}.{component}.{subcomponent}")
        return "" if value == NULL else value

    def all_text(self) -> list[str]:
        """The first leaf of each component, from the place of the row on."""
        return [self.text(number) for number in range(1, len(self._components) - self._offset + 1)]

    def __bool__(self) -> bool:
        return any(any(parts) for parts in self._components[self._offset :])


class FieldReader:
    """Reads one v2 field, repetition by repetition, and notes each leaf read.

    `path` is that of the field, as `PID[1]-5`; a leaf is noted as `PID[1]-5[1].1.1`.
    """

    __slots__ = ("_offset", "_path", "_repetitions", "leaves")

    def __init__(self, path: str, repetitions: Sequence[Sequence[Sequence[str]]], component: int = 1) -> None:
        self._path = path
        self._repetitions = repetitions
        self._offset = component - 1
        self.leaves: list[str] = []

    def repetitions(self) -> list[RepetitionReader]:
        """A reader for each repetition; what they read is noted here."""
        return [
            RepetitionReader(f"{self._path}[{number}]", components, self.leaves, self._offset)
            for number, components in enumerate(self._repetitions, 1)
        ]

    @property
    def path(self) -> str:
        """The path of the field, as `PID[1]-5`."""
        return self._path

    @property
    def first(self) -> RepetitionReader:
        """The first repetition; one without components where the field is absent."""
        found = self.repetitions()
        return found[0] if found else RepetitionReader(f"{self._path}[1]", (), self.leaves, self._offset)

    @property
    def has_subcomponents(self) -> bool:
        """Whether the first component of any repetition has subcomponents, or is all there is."""
        return any(len(one) == 1 or len(one[0]) > 1 for one in self._repetitions)

    @property
    def is_null(self) -> bool:
        """Whether the field is the explicit null, two double quotes, which asks for deletion.

        HL7 v2.5.1 §2.5.3.
        """
        return len(self._repetitions) == 1 and [list(c) for c in self._repetitions[0]] == [[NULL]]
