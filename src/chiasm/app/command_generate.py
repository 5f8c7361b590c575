"""`chiasm generate`: new DICOM objects from images, documents, reports and descriptions."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import dicom, hl7
from ..dicom import encapsulated, general, key_objects, secondary_capture, structured_report, workflow
from ..dicom.validate import validate
from ..errors import ParseError, Severity, UsageError
from ..mapping import worklist
from ..mapping.crosswalk import default
from ..standards import uids
from .sources import Source, gather
from .writing import write

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..dicom import DataSet, Package

KINDS = ("sc", "pdf", "cda", "stl", "sr", "measurements", "ko", "worklist", "mpps")


@dataclass(frozen=True, slots=True)
class Request:
    """What `chiasm generate` was asked: `about` names a JSON description or an HL7 order."""

    kind: str
    sources: tuple[str, ...]
    destination: str
    about: str = ""
    report: str = "basic"
    title: str = ""


def generate_command(request: Request) -> int:
    """Make the object, write it and check it; the exit status: 1 where it breaks the standard."""
    make = _MAKERS.get(request.kind)
    if make is None:
        raise UsageError(f"'{request.kind}' is not a kind of object", hint=f"known are {', '.join(KINDS)}")
    data = make(request, description(request.about))
    sop_class = workflow.SOP_CLASSES.get(request.kind) or str(data.get("SOPClassUID"))
    instance = str(data.get("SOPInstanceUID") or general.new_uid())
    package = dicom.create(data, sop_class=sop_class, sop_instance=instance)
    write(Path(request.destination), package.encode())
    sys.stdout.write(f"{request.destination}: {uids.name(sop_class) or sop_class}\n")
    return _judged(request.destination, package)


def _judged(name: str, package: Package) -> int:
    """Say what of the description breaks the standard, and 1 where anything does."""
    status = 0
    for finding in validate(package):
        if finding.severity is Severity.ERROR:
            sys.stderr.write(f"{name}: {finding.path}: {finding.message} [{finding.citation}]\n")
            status = 1
    return status


def description(about: str) -> dict[str, Any]:
    """Patient, order and equipment of the new object: from JSON of DICOM keywords, or from an HL7 order."""
    if not about:
        return {}
    source = Source(about, path=Path(about))
    content = source.read()
    if source.standard() == "hl7":
        result = worklist.from_message(hl7.parse(content, source=about), default())
        return _keywords(dicom.parse(result.output).data)
    try:
        found = json.loads(content)
    except ValueError as error:
        raise ParseError(f"it is neither an HL7 order nor JSON: {error}", source=about) from None
    if not isinstance(found, dict):
        raise ParseError("a description is one JSON object", source=about)
    return found


def _keywords(data: DataSet) -> dict[str, Any]:
    """A worklist item as a description."""
    found: dict[str, Any] = {}
    for element in data:
        if not element.keyword:
            continue
        if element.vr == "SQ":
            found[element.keyword] = [_keywords(item) for item in element.items]
        elif element.value is not None:
            found[element.keyword] = element.value
    return found


def _one_source(request: Request) -> Source:
    found = list(gather(list(request.sources)))
    if len(found) != 1:
        raise UsageError(f"a {request.kind} is made of one file, {len(found)} were named")
    return found[0]


def _capture(request: Request, about: dict[str, Any]) -> DataSet:
    from ..pixels.images import from_image

    rasters = [from_image(source.read(), source=source.name) for source in gather(list(request.sources))]
    if not rasters:
        raise UsageError("a Secondary Capture is made of at least one image")
    first = rasters[0]
    if any(
        (r.rows, r.columns, r.samples, r.bits) != (first.rows, first.columns, first.samples, first.bits)
        for r in rasters
    ):
        raise UsageError("the images are of different sizes or kinds", hint="make one object of each")
    frames = tuple(frame for raster in rasters for frame in raster.frames)
    joined = secondary_capture.Raster(
        first.rows, first.columns, first.samples, first.bits, frames, first.lossy
    )
    return secondary_capture.secondary_capture(joined, about)


def _document(request: Request, about: dict[str, Any]) -> DataSet:
    source = _one_source(request)
    content = source.read()
    found = encapsulated.kind_of(content)
    if found != request.kind:
        raise UsageError(f"it is a {found}, not a {request.kind}", source=source.name)
    return encapsulated.encapsulated(content, about, request.title, request.kind)


def _report(request: Request, about: dict[str, Any]) -> DataSet:
    content = _json(_one_source(request))
    return structured_report.structured_report(content, about, request.report)


def _measurements(request: Request, about: dict[str, Any]) -> DataSet:
    content = _json(_one_source(request))
    return structured_report.measurement_report(content.get("groups") or [content], about)


def _json(source: Source) -> dict[str, Any]:
    try:
        found = json.loads(source.read())
    except ValueError as error:
        raise ParseError(f"it is not JSON: {error}", source=source.name) from None
    if not isinstance(found, dict):
        raise ParseError("the content is one JSON object", source=source.name)
    return found


def _selection(request: Request, about: dict[str, Any]) -> DataSet:
    objects = [source.package().data for source in gather(list(request.sources))]
    return key_objects.key_objects(objects, about, note=request.title)


def _worklist(request: Request, about: dict[str, Any]) -> DataSet:
    return workflow.worklist_item(about)


def _step(request: Request, about: dict[str, Any]) -> DataSet:
    return workflow.performed_step(about)


_MAKERS: dict[str, Callable[[Request, dict[str, Any]], DataSet]] = {
    "sc": _capture,
    "pdf": _document,
    "cda": _document,
    "stl": _document,
    "sr": _report,
    "measurements": _measurements,
    "ko": _selection,
    "worklist": _worklist,
    "mpps": _step,
}
