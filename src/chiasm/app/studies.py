"""Whole studies: the objects of a folder sorted by study, one message each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .. import mapping
from ..errors import ChiasmError
from .batch import Outcome
from .convert import options
from .naming import SUFFIXES
from .sources import gather
from .writing import write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..dicom import Package
    from .command_convert import Request


def convert_studies(request: Request) -> Iterator[Outcome]:
    """One outcome for each study found, and one for each file that could not be read.

    Files that belong to no study (media directories, other formats) are told of and left. Outputs are
    numbered in the order in which the studies appear.
    """
    studies: dict[str, list[tuple[str, Package]]] = {}
    for source in gather(list(request.sources)):
        try:
            if source.standard() != "dicom":
                continue
            package = source.package()
            uid = package.get("StudyInstanceUID")
        except ChiasmError as error:
            yield Outcome(source.name, request.to, error=f"{source.name}: {error.message}")
            continue
        if uid:
            studies.setdefault(str(uid), []).append((source.name, package))
        else:
            yield Outcome(source.name, request.to, error=f"{source.name}: it belongs to no study")
    chosen = options(request.carry, request.crosswalk or None)
    to = request.to or "oru"
    folder = Path(request.destination)
    for number, packages in enumerate(studies.values(), 1):
        name = f"study {number} of {len(packages)} objects"
        path = folder / f"study-{number:04d}{SUFFIXES.get(to, '.out')}"
        try:
            result = mapping.convert(packages, to, chosen)
            write(path, result.output)
            if request.ledger:
                write(Path(f"{path}.ledger.jsonl"), result.ledger.to_json_lines().encode())
            counts = result.ledger.counts()
        except ChiasmError as error:
            yield Outcome(name, to, error=f"{name}: {error}")
            continue
        yield Outcome(name, to, (str(path),), (counts["mapped"], counts["carried"], counts["dropped"]))
