"""Where an object stands, and what it points at: patient, study, series, instance, and references.

A reference is any item with a Referenced SOP Instance UID (0008,1155), at any depth: images in a report
or a key object selection, source images, segmented images, the images of a presentation state. The study
and series of what is referred to are those of the items around it, where they are named. PS3.3 §10.8,
§C.17.2.3, §C.17.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .dataset import DataSet

REFERENCED_CLASS, REFERENCED_INSTANCE = 0x00081150, 0x00081155
STUDY, SERIES = 0x0020000D, 0x0020000E
FRAMES, SEGMENTS = 0x00081160, 0x0062000B


@dataclass(frozen=True, slots=True)
class Position:
    """Where an object stands: identifiers from patient to instance; empty where it says nothing."""

    patient_id: str
    issuer: str
    patient_name: str
    study: str
    series: str
    instance: str
    sop_class: str
    modality: str


@dataclass(frozen=True, slots=True)
class ObjectReference:
    """One reference: the path of its item, by which sequence it is made, and what it names.

    `relation` is the keyword of the innermost sequence, as `SourceImageSequence`.
    """

    path: str
    relation: str
    sop_class: str
    instance: str
    series: str = ""
    study: str = ""
    frames: tuple[int, ...] = ()
    segments: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Graph:
    """Objects by SOP instance UID, and what refers to what among them."""

    objects: Mapping[str, Position]
    references: Mapping[str, tuple[ObjectReference, ...]]

    def missing(self) -> frozenset[str]:
        """The instances that are referred to and not there."""
        named = {one.instance for found in self.references.values() for one in found}
        return frozenset(named - self.objects.keys())

    def referring_to(self, instance: str) -> tuple[str, ...]:
        """The objects that refer to an instance."""
        return tuple(
            uid for uid, found in self.references.items() if any(one.instance == instance for one in found)
        )

    def tree(self) -> dict[str, dict[str, dict[str, tuple[str, ...]]]]:
        """Patient (identifier and issuer) → study → series → instances."""
        found: dict[str, dict[str, dict[str, tuple[str, ...]]]] = {}
        for uid, position in self.objects.items():
            patient = f"{position.patient_id}^^^{position.issuer}" if position.issuer else position.patient_id
            series = found.setdefault(patient, {}).setdefault(position.study, {})
            series[position.series] = (*series.get(position.series, ()), uid)
        return found


def position(data: DataSet) -> Position:
    """Where one object stands."""
    names = (
        "PatientID",
        "IssuerOfPatientID",
        "PatientName",
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "SOPInstanceUID",
        "SOPClassUID",
        "Modality",
    )
    return Position(*[str(data.get(name) or "") for name in names])


def references(data: DataSet) -> Iterator[ObjectReference]:
    """What one object refers to, in the order in which it does."""
    stack: list[tuple[DataSet, str, str, str, str]] = [(data, "", "", "", "")]
    while stack:
        item, path, relation, study, series = stack.pop()
        if path:
            named = item.get(REFERENCED_INSTANCE) if relation == "RTReferencedStudySequence" else None
            study = str(
                item.get(STUDY) or named or study
            )  # RT names the study as an instance: PS3.3 §C.8.8.5
            series = str(item.get(SERIES) or series)
        instance = item.get(REFERENCED_INSTANCE)
        if instance and path:
            yield ObjectReference(
                path.rstrip("/"),
                relation,
                str(item.get(REFERENCED_CLASS) or ""),
                str(instance),
                series,
                study,
                _numbers(item.get(FRAMES)),
                _numbers(item.get(SEGMENTS)),
            )
        below = [
            (child, f"{path}{element.tag:08X}/{number}/", element.keyword, study, series)
            for element in item
            if element.vr == "SQ"
            for number, child in enumerate(element.items)
        ]
        stack += reversed(below)


def _numbers(value: object) -> tuple[int, ...]:
    values = value if isinstance(value, tuple) else () if value is None else (value,)
    return tuple(int(str(one)) for one in values if str(one).lstrip("-").isdigit())


def graph(objects: Iterable[DataSet]) -> Graph:
    """The graph of many objects: who refers to whom. An object without a SOP instance UID is left out."""
    positions: dict[str, Position] = {}
    found: dict[str, tuple[ObjectReference, ...]] = {}
    for data in objects:
        where = position(data)
        if where.instance:
            positions[where.instance] = where
            found[where.instance] = tuple(references(data))
    return Graph(positions, found)
