"""Writing records into data sets by the crosswalk, with the account of which element each concept filled."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from ..errors import ChiasmError
from .crosswalk import Crosswalk
from .kinds import KINDS
from .writing import Written

if TYPE_CHECKING:
    from ..dicom import DataSet
    from .kind import Kind

WritePlan = tuple[tuple[str, str, "Kind", tuple[int, ...]], ...]


@functools.lru_cache(maxsize=8)
def _plans(crosswalk: Crosswalk) -> dict[str, WritePlan]:
    plans: dict[str, list[Any]] = {}
    for row in crosswalk.rows:
        if row.tags:
            plans.setdefault(row.record, []).append((row.concept, row.attribute, KINDS[row.kind], row.tags))
    return {record: tuple(rows) for record, rows in plans.items()}


class DataSetWriter:
    """Writes what records say into data sets; `written` and `refused` say what became of each concept."""

    __slots__ = ("_plans", "refused", "written")

    def __init__(self, crosswalk: Crosswalk) -> None:
        self._plans = _plans(crosswalk)
        self.written: dict[tuple[str, int], Written] = {}
        self.refused: dict[tuple[str, int], str] = {}

    def fill(self, record: str, value: object, data: DataSet, index: int = 0, prefix: str = "") -> None:
        """Write one record; a value that its element cannot hold is refused, and nothing of it written."""
        for concept, attribute, kind, tags in self._plans.get(record, ()):
            said = getattr(value, attribute)
            if not said:
                continue
            try:
                kind.to_dicom(said, tags, data)
            except ChiasmError as error:
                self.refused[concept, index] = error.message
            else:
                self.written[concept, index] = Written(f"{prefix}{tags[0]:08X}")
