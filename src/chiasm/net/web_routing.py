"""Administration of routing: what is sent where, what waits or failed, and what a person may do about it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from ..errors import ServiceError, UsageError
from ..services.routing import DestinationStatus, Router
from ..store.queue import Item, State
from .web_query_text import uid_of
from .web_request import Answer, Request
from .web_switch import Operation, Parameter

_MOST = 1_000
_TEXT: dict[str, Any] = {"type": "string"}
_NUMBER: dict[str, Any] = {"type": "integer"}
_FLAG: dict[str, Any] = {"type": "boolean"}
_STATES = tuple(one.value for one in State)

_DESTINATION: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": _TEXT, "target": _TEXT, "held": _FLAG, "sending": _FLAG, "message": _TEXT,
        "retry_at": {"type": ["string", "null"], "format": "date-time"},
        "counts": {"type": "object", "additionalProperties": _NUMBER},
    },
}  # fmt: skip
_ITEM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": _NUMBER, "destination": _TEXT, "route": _TEXT, "state": {"type": "string", "enum": [*_STATES]},
        "study": _TEXT, "series": _TEXT, "sop_class": _TEXT, "sop_instance": _TEXT, "size": _NUMBER,
        "attempts": _NUMBER, "accepted": _FLAG, "confirmed_by": _TEXT, "status": _TEXT, "message": _TEXT,
        "due": {"type": ["string", "null"], "format": "date-time"},
        "queued_at": {"type": "string", "format": "date-time"},
        "changed_at": {"type": "string", "format": "date-time"},
    },
}  # fmt: skip
_CHANGED: dict[str, Any] = {"type": "object", "properties": {"changed": _NUMBER}}
_LIST_OF = {"type": "array"}


def operations(router: Router, origins: tuple[str, ...] = ()) -> list[Operation]:
    """The operations over a router; pages of other sites than `origins` may not make it act."""
    service = _Routing(router, origins)
    number = (("type", "integer"),)
    narrowed = (
        Parameter("destination", "of this destination alone"),
        Parameter("state", "in this state alone; failed are the dead letters",
                  schema=(("type", "string"), ("enum", [*_STATES]))),
        Parameter("study", "of this study alone"),
    )  # fmt: skip
    found = [
        Operation(
            "GET", "/destinations", service.destinations, "where objects go, what waits, what ails it",
            schema=_LIST_OF | {"items": _DESTINATION},
        ),
        Operation(
            "POST", "/destinations/{name}/send", service.send, "queue what is held, by hand",
            (
                Parameter("study", "the studies, separated by commas"),
                Parameter("series", "the series, separated by commas"),
                Parameter("instance", "the instances, separated by commas"),
            ),
            schema={"type": "object", "properties": {"queued": _NUMBER}},
        ),
        Operation(
            "GET", "/queue/items", service.items, "what is queued, the latest change first",
            (
                *narrowed,
                Parameter("limit", f"at most so many, up to {_MOST}", schema=number),
                Parameter("offset", "after so many", schema=number),
            ),
            schema=_LIST_OF | {"items": _ITEM},
        ),
        Operation("GET", "/queue/items/{id}", service.item, "one queued object", schema=_ITEM),
    ]  # fmt: skip
    found += [
        Operation("POST", f"/destinations/{{name}}/{word}", service.acting(word, whole=True), summary,
                  schema=_DESTINATION)
        for word, summary in (
            ("hold", "send nothing to a destination until it is released"),
            ("release", "send to a destination again, at once"),
            ("retry", "send all dead letters of a destination anew"),
        )
    ]  # fmt: skip
    found += [
        Operation(method, f"/queue/items/{{id}}{path}", service.acting(word), summary, schema=_CHANGED)
        for method, path, word, summary in (
            ("POST", "/hold", "hold", "keep a waiting object back"),
            ("POST", "/release", "release", "let a held object go"),
            ("POST", "/retry", "retry", "send a dead letter anew, a waiting object at once"),
            ("DELETE", "", "drop", "give an object up that is not being sent"),
        )
    ]
    return found


class _Routing:
    """The operations."""

    def __init__(self, router: Router, origins: tuple[str, ...]) -> None:
        self._router, self._origins = router, frozenset(origins)

    async def destinations(self, request: Request) -> Answer:
        """All destinations."""
        return _json([_destination(one) for one in await self._router.status()])

    async def items(self, request: Request) -> Answer:
        """Queued objects, narrowed."""
        state = request.parameter("state") or ""
        if state and state not in _STATES:
            raise UsageError(f"'{state[:40]}' is no state", place="state", hint=", ".join(_STATES))
        found = await self._router.items(
            destination=request.parameter("destination") or "",
            state=state,
            study=request.parameter("study") or "",
            limit=request.number("limit", 100, _MOST),
            offset=request.number("offset", 0, 1 << 31),
        )
        return _json([_item(one) for one in found])

    async def item(self, request: Request) -> Answer:
        """One queued object."""
        return _json(_item(await self._found(request)))

    async def send(self, request: Request) -> Answer:
        """Queue studies, series or instances for a destination because a person wants it."""
        self._guard(request)
        name = self._named(request)
        given = {
            key: [uid_of(one.strip()) for one in (request.parameter(key) or "").split(",") if one.strip()]
            for key in ("study", "series", "instance")
        }
        if not any(given.values()):
            raise UsageError(
                "what is to be sent?", place="study", hint="study=UID, series=UID or instance=UID"
            )
        queued = await self._router.send(
            name, studies=given["study"], series=given["series"], instances=given["instance"]
        )
        return _json({"queued": queued})

    def acting(self, word: str, *, whole: bool = False) -> Callable[[Request], Awaitable[Answer]]:
        """What `hold`, `release`, `retry` and `drop` do to one object, or to a `whole` destination."""

        async def on_destination(request: Request) -> Answer:
            self._guard(request)
            name = self._named(request)
            if word == "retry":
                await self._router.retry(destination=name)
            elif word == "hold":
                await self._router.hold_destination(name)
            else:
                await self._router.release_destination(name)
            return _json(next(_destination(one) for one in await self._router.status() if one.name == name))

        async def on_item(request: Request) -> Answer:
            self._guard(request)
            item, router = await self._found(request), self._router
            acts = {
                "hold": router.hold,
                "release": router.release,
                "retry": router.retry,
                "drop": router.drop,
            }
            changed = await acts[word]([item.id])
            if not changed:
                message = f"{word} does not fit: it is {item.state.value}"
                raise ServiceError("conflict", message, place=str(item.id))
            return _json({"changed": changed})

        return on_destination if whole else on_item

    def _named(self, request: Request) -> str:
        """The destination of the path, which must be one that is configured."""
        name = request.arguments["name"]
        if name not in self._router.destinations:
            raise ServiceError("no-such-object", "there is no such destination", place=name[:64])
        return name

    async def _found(self, request: Request) -> Item:
        text = request.arguments["id"]
        if text.isascii() and text.isdecimal() and len(text) < 19:
            item = await self._router.item(int(text))
            if item is not None:
                return item
        raise ServiceError("no-such-object", "nothing of this number is queued", place=text[:40])

    def _guard(self, request: Request) -> None:
        """A page of another site may not act in the name of who looks at it: the Fetch standard's Origin."""
        origin = request.header(b"origin")
        if not origin or "*" in self._origins or origin in self._origins:
            return
        if urlsplit(origin).netloc != request.header(b"host"):
            raise ServiceError("not-authorized", "a page of another site asks for this", place="Origin")


def _destination(one: DestinationStatus) -> dict[str, Any]:
    return dataclasses.asdict(one) | {"counts": dict(one.counts), "retry_at": _moment(one.retry_at)}


def _item(one: Item) -> dict[str, Any]:
    where = one.location
    return {
        "id": one.id, "destination": one.destination, "route": one.route, "state": one.state.value,
        "study": where.study, "series": where.series, "sop_class": where.sop_class,
        "sop_instance": where.sop_instance, "size": where.size, "attempts": one.attempts,
        "accepted": one.accepted, "confirmed_by": one.confirmed_by, "status": one.status,
        "message": one.message, "due": _moment(one.due) if one.state is State.WAITING else None,
        "queued_at": _moment(one.queued_at), "changed_at": _moment(one.changed_at),
    }  # fmt: skip


def _moment(seconds: float) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds") if seconds else None


def _json(value: object) -> Answer:
    answer = Answer(200, "application/json", json.dumps(value, ensure_ascii=False).encode())
    answer.add("cache-control", "no-store")
    return answer
