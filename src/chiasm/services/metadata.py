"""The whole header of an instance as DICOM JSON, kept in memory as long as its budget lasts.

PS3.18 §10.4.1.1.2, §F.2. Pixel data and other large values stand as references, and are not read.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from ..dicom.dataset import DataSet
from ..dicom.json_model import dump, to_dict
from ..dicom.package import Package
from ..dicom.vr import BYTE_VRS
from ..model.holdings import Location
from .archive import Archive

INLINE = 1_024
"""Binary values of more bytes stand by reference, as do the pixels always."""

PIXELS = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))
_BUDGET = 32 << 20
_AT_ONCE = 16


class Metadata:
    """Headers as JSON texts in UTF-8, by object and the URL that their references begin with."""

    def __init__(self, archive: Archive, budget: int = _BUDGET) -> None:
        self._archive = archive
        self._budget = budget
        self._held: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._size = 0

    async def texts(self, locations: Sequence[Location], base: str) -> list[bytes]:
        """The headers of instances, in their order; references begin with `base`."""
        held = self._held
        found: list[bytes | None] = []
        missing: list[int] = []
        for number, location in enumerate(locations):
            key = (location.key, base)
            text = held.get(key)
            if text is None:
                missing.append(number)
            else:
                held.move_to_end(key)
            found.append(text)
        for at in range(0, len(missing), _AT_ONCE):
            some = missing[at : at + _AT_ONCE]
            made = await asyncio.gather(*[self._make(locations[number], base) for number in some])
            for number, text in zip(some, made, strict=True):
                found[number] = text
        return [text for text in found if text is not None]

    async def _make(self, location: Location, base: str) -> bytes:
        package = await self._archive.header(location)
        url = f"{base}/studies/{location.study}/series/{location.series}/instances/{location.sop_instance}"
        loop = asyncio.get_running_loop()
        text = await loop.run_in_executor(None, header_json, package, f"{url}/bulkdata/")
        self._keep((location.key, base), text)
        return text

    def _keep(self, key: tuple[str, str], text: bytes) -> None:
        if len(text) > self._budget // 8 or key in self._held:
            return
        self._held[key] = text
        self._size += len(text)
        while self._size > self._budget:
            self._size -= len(self._held.popitem(last=False)[1])


def header_json(package: Package, url: str) -> bytes:
    """The header as JSON; large binary values are `url` with their path."""
    content = header_dict(package.data, url)
    try:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    except RecursionError:
        return dump(content).encode("utf-8", "replace")


def by_reference(data: DataSet) -> list[str]:
    """The paths of the values that `header_dict` gives by reference, in their order."""
    return [
        path
        for path, element in data.walk()
        if (element.tag in PIXELS and "/" not in path) or (element.length > INLINE and element.vr in BYTE_VRS)
    ]


def header_dict(data: DataSet, url: str) -> dict[str, Any]:
    """The header as the object of PS3.18 §F.2; the bytes of pixel data are not touched."""
    large: dict[str, Any] = {}
    plain = data.shallow(None)
    for element in data:
        vr = element.vr
        if element.tag in PIXELS or (vr in BYTE_VRS and element.length > INLINE):
            large[f"{element.tag:08X}"] = {"vr": vr, "BulkDataURI": f"{url}{element.tag:08X}"}
            del plain.records[element.tag]

    def reference(path: str, raw: bytes) -> str | None:
        return url + path if len(raw) > INLINE else None

    content = to_dict(plain, bulk=reference)
    if "00080005" in content:
        content["00080005"]["Value"] = ["ISO_IR 192"]  # what JSON is in: PS3.18 §F.2
    if not large:
        return content
    content |= large
    return dict(sorted(content.items()))
