"""WADO-RS rendered resources of encapsulated documents: the document itself. PS3.18 §8.7.4, §10.4.1.1.3."""

from __future__ import annotations

import asyncio

from ..dicom.package import Package
from ..errors import ServiceError
from ..model.holdings import Location
from ..protocols.accept import choose
from ..protocols.multipart import closing, content_type, new_boundary, part_head
from ..services.archive import Archive
from .web_conditions import decided, edition
from .web_request import Answer, Request

_CLASS = "1.2.840.10008.5.1.4.1.1.104."
DOCUMENTS = {
    _CLASS + "1": "application/pdf",
    _CLASS + "3": "model/stl",
    _CLASS + "4": "model/obj",
    _CLASS + "5": "model/mtl",
}
"""Media types by SOP class, never by what an object says of itself: a page of a stranger's would run as ours.

For the same reason CDA, which browsers show as XML with its scripts, is given as bulk data alone.
"""


async def document(archive: Archive, request: Request, location: Location) -> Answer:
    """The document of an instance of one of these classes, as it was put in.

    ServiceError `unknown-syntax` where its media type is not taken, `no-such-object` where there is none.
    """
    media = DOCUMENTS[location.sop_class]
    chosen = choose(request.accepted, (media, f'multipart/related; type="{media}"'))
    if chosen is None:
        raise ServiceError(
            "unknown-syntax", f"it is a document, given as {media}", place="Accept", hint=media
        )
    now = await edition(archive, request, [location], f"document {chosen}")
    known = decided(request, now)
    if known is not None:
        return known
    package = await archive.whole(location)
    data = await asyncio.get_running_loop().run_in_executor(None, _content, package)
    if chosen == media:
        answer = Answer(200, media, data)
    else:
        boundary = new_boundary()
        body = b"".join((part_head(boundary, media), data, closing(boundary)))
        answer = Answer(200, content_type(media, boundary), body)
    now.tell(answer)
    answer.add("cache-control", "private, max-age=60")
    answer.add("x-content-type-options", "nosniff")
    return answer


def _content(package: Package) -> bytes:
    """The value without its padding, where the object tells its length. PS3.3 §C.24.2."""
    element = package.data.element("EncapsulatedDocument")
    if element is None or not element.length:
        raise ServiceError("no-such-object", "there is no document in it", rule="PS3.3 §C.24.2")
    data = bytes(element.raw)
    length = package.get("EncapsulatedDocumentLength")
    is_padded = isinstance(length, int) and length == len(data) - 1 and data.endswith(b"\0")
    return data[:-1] if is_padded else data
