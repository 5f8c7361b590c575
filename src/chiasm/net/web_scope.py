"""What a path of WADO-RS names, and in which transfer syntaxes it may go out. PS3.18 §8.7.3.5, §10.4.1."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from ..errors import ServiceError
from ..model.holdings import Location
from ..protocols.accept import MediaType
from ..services.archive import Archive
from ..standards import uids
from .web_query_text import uid_of
from .web_request import Request

ANY = "*"


async def located(archive: Archive, request: Request) -> list[Location]:
    """The instances that a path names, in the order of series and instance numbers.

    ServiceError `no-such-object` where none is held.
    """
    named = {name: uid_of(text) for name, text in request.arguments.items() if name.endswith("UID")}
    study, series = named.get("StudyInstanceUID"), named.get("SeriesInstanceUID")
    instance = named.get("SOPInstanceUID")
    if instance:
        found = await archive.locations(instances=(instance,))
    elif series:
        found = await archive.locations(series=(series,))
    elif study:
        found = await archive.locations(studies=(study,))
    else:
        found = []
    if (study and instance) or (study and series):
        found = [one for one in found if one.study == study and series in {None, one.series}]
    if not found:
        raise ServiceError("no-such-object", "nothing of this name is held", place=request.path)
    return found


def entity_tag(locations: Sequence[Location], form: str) -> str:
    """The tag of what is given of some instances in one form: it changes with any of them."""
    made = hashlib.sha256(form.encode("utf-8", "replace"))
    for one in locations:
        made.update(one.digest)
    return f'"{made.hexdigest()[:32]}"'


def syntaxes(types: Sequence[MediaType]) -> list[str]:
    """The transfer syntaxes that DICOM types take, the wanted first; `*` is as stored.

    Explicit VR little endian where a type names none. PS3.18 §8.7.3.5.2.
    """
    found: list[str] = []
    for one in types:
        if one.quality <= 0:
            continue
        for uid in (one.parameter("transfer-syntax") or uids.EXPLICIT_LITTLE).split(","):
            if uid.strip() not in found:
                found.append(uid.strip())
    return found
