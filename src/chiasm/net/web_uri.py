"""WADO-URI: one object or picture by the parameters of its address. PS3.18 §9."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

from ..errors import ServiceError, UsageError
from ..model.holdings import Location
from ..protocols.accept import parse_accept
from ..services.archive import Archive
from ..standards import uids
from .web_bytes import sent, span_of
from .web_conditions import decided, edition
from .web_file import as_stored, in_other_syntax
from .web_query_text import uid_of
from .web_rendered import Look, picture, picture_form
from .web_request import Answer, Request
from .web_retrieve import DICOM
from .web_scope import ANY
from .web_switch import Operation, Parameter

_RULE = "PS3.18 §9.1.2"
_REQUIRED = ("requestType", "studyUID", "seriesUID", "objectUID")
_PARAMETERS = tuple(
    Parameter(name, meaning)
    for name, meaning in (
        ("requestType", "WADO"),
        ("studyUID", "Study Instance UID"),
        ("seriesUID", "Series Instance UID"),
        ("objectUID", "SOP Instance UID"),
        ("contentType", "application/dicom, image/jpeg, image/png or image/gif"),
        ("transferSyntax", "the transfer syntax of application/dicom"),
        ("frameNumber", "a frame from 1"),
        ("rows", "at most so many rows"),
        ("columns", "at most so many columns"),
        ("region", "left,top,right,bottom, each 0 to 1"),
        ("windowCenter", "the center of the window"),
        ("windowWidth", "its width"),
        ("imageQuality", "1 to 100"),
        ("annotation", "patient, technique"),
    )
)


def operations(archive: Archive) -> list[Operation]:
    """The one operation of WADO-URI, at `/wado`."""

    async def act(request: Request) -> Answer:
        return await _object(archive, request)

    return [Operation("GET", "/wado", act, "one object or picture", _PARAMETERS, DICOM)]


async def _object(archive: Archive, request: Request) -> Answer:
    given = dict(request.query)
    missing = [name for name in _REQUIRED if not given.get(name)]
    if missing:
        raise UsageError(f"{missing[0]} is missing", place=missing[0], rule=_RULE)
    if given["requestType"] != "WADO":
        raise UsageError(f"'{given['requestType'][:40]}' is not WADO", place="requestType", rule=_RULE)
    for name in ("presentationUID", "presentationSeriesUID"):
        if given.get(name):
            raise UsageError("presentation states are not applied", place=name, hint="leave it out")
    if given.get("anonymize", "no") != "no":
        raise ServiceError(
            "not-authorized", "objects are not de-identified on the way out", place="anonymize"
        )
    study, series, instance = (uid_of(given[name]) for name in _REQUIRED[1:])
    found = await archive.locations(instances=(instance,))
    location = next((one for one in found if (one.study, one.series) == (study, series)), None)
    if location is None:
        raise ServiceError("no-such-object", "nothing of this name is held", place="objectUID")
    accepted = parse_accept(given.get("contentType") or request.header(b"accept"))
    if any(one.quality > 0 and one.kind == DICOM for one in accepted):
        return await _file(archive, request, location, given.get("transferSyntax", ""))
    form = picture_form(accepted)
    if form is None:
        raise ServiceError("unknown-syntax", "it is application/dicom or a picture", place="contentType")
    wanted, frame = _look(given)
    now = await edition(archive, request, [location], f"{form[0]} {wanted} {frame}")
    known = decided(request, now)
    if known is not None:
        return known
    package = await archive.whole(location)
    wanted = _placed(wanted, given, package)
    work = functools.partial(picture, package, frame, form[0], wanted)
    answer = Answer(200, form[0], await asyncio.get_running_loop().run_in_executor(None, work))
    now.tell(answer)
    return answer


async def _file(archive: Archive, request: Request, location: Location, syntax: str) -> Answer:
    """The object itself; Explicit VR little endian where no transfer syntax is named. PS3.18 §9.1.2.2.1."""
    wanted = [uid_of(syntax)] if syntax and syntax != ANY else [ANY if syntax else uids.EXPLICIT_LITTLE]
    now = await edition(archive, request, [location], f"file {wanted}")
    known = decided(request, now)
    if known is not None:
        return known
    if as_stored(location, wanted):
        answer = Answer(200, DICOM, sent(archive, [span_of(archive, location)]), length=location.size)
    else:
        _, body = await in_other_syntax(archive, location, wanted)
        answer = Answer(200, DICOM, body)
    now.tell(answer)
    return answer


def _look(given: dict[str, str]) -> tuple[Look, int | None]:
    center, width = given.get("windowCenter"), given.get("windowWidth")
    if bool(center) != bool(width):
        raise UsageError("a window has a center and a width", place="windowCenter", rule=_RULE)
    window = None
    if center and width:
        window = (_real(given, "windowCenter"), _real(given, "windowWidth"), "LINEAR")
        if window[1] <= 0:
            raise UsageError("the width of a window is above 0", place="windowWidth", rule=_RULE)
    number = _whole(given, "frameNumber", 1_000_000)
    quality = _whole(given, "imageQuality", 100) or 90
    annotation = tuple(one for one in given.get("annotation", "").split(",") if one)
    if not {"patient", "technique"}.issuperset(annotation):
        raise UsageError("it is patient, technique or both", place="annotation", rule=_RULE)
    return Look(window, None, quality, annotation), number - 1 if number else None


def _placed(wanted: Look, given: dict[str, str], package: Any) -> Look:
    """The same within the rows and columns, and the region, that are asked for."""
    rows, columns = _whole(given, "rows", 16_384), _whole(given, "columns", 16_384)
    if not (rows or columns or given.get("region")):
        return wanted
    high, wide = (int(package.get(keyword) or 1) for keyword in ("Rows", "Columns"))
    viewport: tuple[int, ...] = (columns or 16_384, rows or 16_384)
    if given.get("region"):
        try:
            left, top, right, bottom = (float(one) for one in given["region"].split(","))
        except ValueError:
            left = top = right = bottom = -1.0
        if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
            raise UsageError("left,top,right,bottom, each 0 to 1", place="region", rule=_RULE)
        x, y = int(left * wide), int(top * high)
        size = (max(1, int((right - left) * wide)), max(1, int((bottom - top) * high)))
        viewport = (columns or size[0], rows or size[1], x, y, *size)
    elif not (rows and columns):
        viewport = (columns or max(1, wide * rows // high), rows or max(1, high * columns // wide))
    return Look(wanted.window, viewport, wanted.quality, wanted.annotation)


def _real(given: dict[str, str], name: str) -> float:
    try:
        value = float(given[name])
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e9:
        raise UsageError(f"'{given[name][:40]}' is no number", place=name, rule=_RULE)
    return value


def _whole(given: dict[str, str], name: str, most: int) -> int:
    text = given.get(name, "")
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal()) or len(text) > 9 or not 0 < int(text) <= most:
        raise UsageError(f"'{text[:40]}' is no whole number from 1 to {most}", place=name, rule=_RULE)
    return int(text)
