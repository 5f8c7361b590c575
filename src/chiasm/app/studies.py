"""Whole studies: the objects of a folder sorted by study, one message each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .. import mapping
from ..errors import ChiasmError
from .batch import ledger_text
from .convert import fresh, options
from .naming import SUFFIXES, numbered
from .request import Outcome
from .sources import gather
from .writing import write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..dicom import Package
    from ..mapping.routes import Options
    from .request import Request

Objects = list[tuple[str, "Package"]]
_DICOM = frozenset({"dicom", "dicom-json", "dicom-xml"})


def convert_studies(request: Request) -> Iterator[Outcome]:
    """One outcome for each study found, and one for each file that belongs to none.

    A destination with a suffix is the name of the first study's output, and the others are numbered
    beside it; else it is a folder. Numbers follow the order in which the studies appear.
    """
    manner = request.manner
    to = manner.to or _target(Path(request.destination))
    chosen = options(manner.carry, manner.crosswalk or None)
    _allow_many_files()
    studies: dict[str, Objects] = {}
    for source in gather(request.sources, leave=Path(request.destination)):
        try:
            standard = source.standard()
            if standard not in _DICOM:
                yield Outcome(source.name, to, error=f"{source.name}: {standard}, which belongs to no study")
                continue
            package = source.package()
            uid = package.get("StudyInstanceUID")
        except ChiasmError as error:
            yield Outcome(source.name, to, error=f"{source.name}: {error.message}")
            continue
        if uid:
            studies.setdefault(str(uid), []).append((source.name, package))
        else:
            yield Outcome(source.name, to, error=f"{source.name}: it belongs to no study")
    for number, packages in enumerate(studies.values(), 1):
        path = _path(Path(request.destination), number, to)
        yield _study(packages, to, chosen, path, request)


def _study(packages: Objects, to: str, chosen: Options, path: Path, request: Request) -> Outcome:
    name = f"study of {len(packages)} objects from {packages[0][0]}"
    try:
        result = mapping.convert(packages, to, fresh(chosen))
        paths = [path] + [numbered(path, number) for number in range(2, len(result.outputs) + 1)]
        for one, output in zip(paths, result.outputs, strict=True):
            write(one, output)
        if request.ledger:
            write(path.with_name(f"{path.name}.ledger.jsonl"), ledger_text(result).encode())
        counts = result.ledger.counts()
    except ChiasmError as error:
        return Outcome(name, to, error=f"{name}: {error}")
    return Outcome(
        name,
        to,
        tuple(str(one) for one in paths),
        (counts["mapped"], counts["carried"], counts["dropped"]),
    )


def _target(destination: Path) -> str:
    return "fhir" if destination.suffix.lower() == ".json" else "oru"


def _path(destination: Path, number: int, to: str) -> Path:
    if destination.suffix and not destination.is_dir():
        return destination if number == 1 else numbered(destination, number)
    return destination / f"study-{number:04d}{SUFFIXES.get(to, '.out')}"


def _allow_many_files() -> None:
    """Large files stay mapped until their study is told; let as many be open as the system admits."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
