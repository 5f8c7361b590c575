"""Whether what several attributes of an object say together agrees: frames, pixels, identifiers, evidence."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Finding, Severity
from ..standards import dictionary
from ..standards.iods import FunctionalGroup
from .dataset import DataSet
from .keys import text_of
from .package import Package
from .relations import references
from .validate_conditions import Scope, demand
from .validate_plan import EMPTY

_SHARED, _PER_FRAME = 0x52009229, 0x52009230
_STUDY, _SERIES, _FRAME_OF_REFERENCE, _INSTANCE = 0x0020000D, 0x0020000E, 0x00200052, 0x00080018
_PIXEL_DATA, _FRAMES = 0x7FE00010, 0x00280008
_SIZES = (0x00280010, 0x00280011, 0x00280002, 0x00280100)
_EVIDENCE = ("0040A375", "0040A385")
_CONTENT = "0040A730"


def agreement(package: Package, groups: tuple[FunctionalGroup, ...]) -> Iterator[Finding]:
    """The findings about a whole object; `groups` are those of its information object."""
    data = package.data
    yield from _identifiers(data)
    if not package.transfer_syntax.encapsulated:
        yield from _pixels(data)
    yield from _frames(data)
    yield from functional_groups(data, groups)
    yield from _evidence(data)


def _number(data: DataSet, tag: int) -> int | None:
    value = data.get(tag)
    try:
        return int(str(value))
    except ValueError:
        return None


def _identifiers(data: DataSet) -> Iterator[Finding]:
    """Study, series, frame of reference and instance each have a UID of their own: PS3.5 §9."""
    seen: dict[str, int] = {}
    for tag in (_STUDY, _SERIES, _FRAME_OF_REFERENCE, _INSTANCE):
        uid = str(data.get(tag) or "")
        if uid and uid in seen:
            text = f"{dictionary.keyword(tag)} is the same as {dictionary.keyword(seen[uid])}"
            yield Finding(Severity.ERROR, text_of(seen[uid]), "same-uid", text, "PS3.5 §9")
        seen.setdefault(uid, tag)


def _pixels(data: DataSet) -> Iterator[Finding]:
    """Native pixel data has the bytes that its rows, columns, samples, bits and frames need: PS3.5 §8.1.1."""
    element = data.element(_PIXEL_DATA)
    rows, columns, samples, bits = (_number(data, tag) for tag in _SIZES)
    if element is None or not (rows and columns and samples and bits):
        return
    count = rows * columns * samples
    if data.get(0x00280004) in ("YBR_FULL_422", "YBR_PARTIAL_422"):
        count = rows * columns * 2
    frames = max(_number(data, _FRAMES) or 1, 1)
    needed = (count * frames * bits + 7) // 8
    needed += needed & 1
    if element.length != needed:
        text = (
            f"PixelData has {element.length:,} bytes, its rows, columns, samples and frames need {needed:,}"
        )
        yield Finding(Severity.ERROR, text_of(_PIXEL_DATA), "pixel-data-length", text, "PS3.5 §8.1.1")


def _frames(data: DataSet) -> Iterator[Finding]:
    element = data.element(_PER_FRAME)
    frames = _number(data, _FRAMES) or 1
    if element is not None and len(element.items) != frames:
        text = f"PerFrameFunctionalGroupsSequence has {len(element.items)} items, NumberOfFrames is {frames}"
        yield Finding(Severity.ERROR, text_of(_PER_FRAME), "frame-count", text, "PS3.3 §C.7.6.16")


def functional_groups(data: DataSet, groups: tuple[FunctionalGroup, ...]) -> Iterator[Finding]:
    """Each group that the object needs is in the shared item or in that of each frame: PS3.3 §C.7.6.16."""
    shared, per_frame = data.element(_SHARED), data.element(_PER_FRAME)
    if shared is None and per_frame is None:
        return
    for_all = shared.items[:1] if shared is not None else ()
    each = per_frame.items if per_frame is not None else ()
    top = Scope(data, EMPTY, None, "")
    for group in groups:
        in_shared = any(group.tag in item for item in for_all)
        lacking = [number for number, item in enumerate(each) if group.tag not in item]
        name = dictionary.keyword(group.tag)
        if in_shared and len(lacking) < len(each):
            text = f"{name} stands in the shared item and in those of frames"
            path = f"{text_of(_SHARED)}/0/{text_of(group.tag)}"
            yield Finding(Severity.ERROR, path, "not-allowed", text, "PS3.3 §C.7.6.16")
        wanted = group.usage == "M" or (
            group.condition is not None and demand(group.condition, top) is True and group.usage == "C"
        )
        if not wanted or (in_shared and group.in_shared) or (each and not lacking):
            continue
        path = f"{text_of(_PER_FRAME)}/{lacking[0] if lacking else 0}/{text_of(group.tag)}"
        text = f"Multi-frame Functional Groups: {name} is in neither the shared item nor that of each frame"
        yield Finding(Severity.ERROR, path, "missing-functional-group", text, "PS3.3 §C.7.6.16")


def _evidence(data: DataSet) -> Iterator[Finding]:
    """What the content of a report refers to is listed as evidence: PS3.3 §C.17.2.3."""
    if _CONTENT not in data:
        return
    found = list(references(data))
    listed = {one.instance for one in found if one.path.startswith(_EVIDENCE)}
    for one in found:
        is_content = one.path.startswith(_CONTENT) and one.relation == "ReferencedSOPSequence"
        if is_content and one.instance not in listed:
            text = f"the referenced instance {one.instance} is not listed as evidence"
            yield Finding(Severity.ERROR, f"{one.path}/00081155", "evidence", text, "PS3.3 §C.17.2.3")
