"""Conditional requests: which edition of a resource a client has or wants. RFC 9110 §13."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime

from ..model.holdings import Location
from ..services.archive import Archive
from ..store.objects import Objects
from .web_request import Answer, Request, not_modified, problem
from .web_scope import entity_tag

_FEW, _BUSY_FROM = 8, 512
"""Instances whose files are always looked at, and those that are looked at in a thread."""


@dataclass(frozen=True, slots=True)
class Edition:
    """What a resource is now: its entity tag, and when the last of it arrived.

    `modified` is in whole seconds of POSIX time; None where it is not known of all without asking a bucket.
    RFC 9110 §8.8.
    """

    tag: str
    modified: int | None = None

    def tell(self, answer: Answer) -> None:
        """Put both into an answer."""
        answer.add("etag", self.tag)
        if self.modified is not None:
            answer.add("last-modified", formatdate(self.modified, usegmt=True))


async def edition(archive: Archive, request: Request, locations: Sequence[Location], form: str) -> Edition:
    """The edition of what is given of some instances in one form.

    Of many local files the time is looked for only where the request speaks of one; objects of a bucket
    have it in their names.
    """
    tag = entity_tag(locations, form)
    if archive.root is None:
        return Edition(tag, _latest(archive.objects, locations))
    dated = any(request.header(name) for name in (b"if-modified-since", b"if-unmodified-since", b"if-range"))
    if len(locations) > _FEW and not dated:
        return Edition(tag)
    if len(locations) < _BUSY_FROM:
        return Edition(tag, _latest(archive.objects, locations))
    loop = asyncio.get_running_loop()
    return Edition(tag, await loop.run_in_executor(None, _latest, archive.objects, locations))


def decided(request: Request, now: Edition) -> Answer | None:
    """The answer where a precondition decides it, 412 or 304; None where the resource is to be given.

    The order is that of RFC 9110 §13.2.2: what protects before what saves, tags before dates. A date that
    is none is as good as no date.
    """
    match = request.header(b"if-match")
    if match:
        if match.strip() != "*" and now.tag not in {one.strip() for one in match.split(",")}:
            return _failed(now, "If-Match")
    else:
        until = _time(request, b"if-unmodified-since")
        if until is not None and now.modified is not None and now.modified > until:
            return _failed(now, "If-Unmodified-Since")
    if request.header(b"if-none-match"):
        same = not_modified(request, now.tag)
    else:
        since = _time(request, b"if-modified-since")
        same = since is not None and now.modified is not None and now.modified <= since
    if not same:
        return None
    answer = Answer(304)
    now.tell(answer)
    return answer


def range_holds(request: Request, now: Edition) -> bool:
    """Whether a range is of the edition that the client began with: RFC 9110 §13.1.5."""
    known = request.header(b"if-range").strip()
    if not known:
        return True
    if known.startswith(('"', "W/")):
        return known == now.tag
    return now.modified is not None and known == formatdate(now.modified, usegmt=True)


def _failed(now: Edition, header: str) -> Answer:
    answer = problem(412, "the resource is of another edition than the one asked for", place=header)
    now.tell(answer)
    return answer


def _time(request: Request, header: bytes) -> float | None:
    text = request.header(header)
    if not text or len(text) > 64:
        return None
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _latest(objects: Objects, locations: Sequence[Location]) -> int | None:
    """When the last of them arrived; None where that is not known of all."""
    latest = 0.0
    for one in locations:
        arrived = objects.arrived(one.key)
        if arrived is None:
            return None
        latest = max(latest, arrived)
    return int(latest) if locations else None
