"""Administration: what the node holds and does, whether it lives and is ready, and its counters."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections import deque
from typing import TYPE_CHECKING, Any

from ..errors import ChiasmError
from ..model.query import Level, Query
from ..services.archive import Archive
from . import web_archive_zip
from .web_metrics import Labels, Metrics
from .web_openapi import document
from .web_query_text import asked
from .web_request import Answer, Request, json_bytes, not_modified, unchanged
from .web_switch import Operation, Parameter, Switch

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from ..services.routing import Router

ROOT = "/api"
_MOST = 1_000
_LIMIT = Parameter("limit", f"at most so many, up to {_MOST}", schema=(("type", "integer"),))
_OFFSET = Parameter("offset", "after so many", schema=(("type", "integer"),))
_TEXT: dict[str, Any] = {"type": "string"}
_NUMBER: dict[str, Any] = {"type": "integer"}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


_STATISTICS = {"type": "object", "additionalProperties": _NUMBER}
_CONFLICT = _object(
    id=_NUMBER, kind=_TEXT, study=_TEXT, patients=_list(_NUMBER), evidence={"type": "object"},
    first_seen=_TEXT, resolved=_TEXT,
)  # fmt: skip
_RECORD = _object(
    chain=_TEXT, sequence=_NUMBER, hash=_TEXT, kind=_TEXT, at=_TEXT, source={"type": "object"},
    detail={"type": "object"},
)  # fmt: skip


def routes(
    archive: Archive,
    *,
    metrics: Metrics | None = None,
    router: Router | None = None,
    origins: tuple[str, ...] = (),
) -> list[BaseRoute]:
    """The routes `/api`, `/health`, `/ready` and `/metrics`; `router` sends on what arrives."""
    from starlette.routing import Mount, Route

    service = _Administration(archive, metrics or Metrics(), router, origins)
    switch = Switch(service.operations, origins=origins)
    health, ready, counters = (
        Switch([Operation("GET", path, act, summary)])
        for path, act, summary in (
            ("/health", service.health, "whether the process lives"),
            ("/ready", service.ready, "whether it can receive and answer"),
            ("/metrics", service.counters, "counters for Prometheus"),
        )
    )
    return [
        Mount(ROOT, switch),
        Route("/health", health),
        Route("/ready", ready),
        Route("/metrics", counters),
    ]


class _Administration:
    """The operations over an archive."""

    def __init__(
        self, archive: Archive, metrics: Metrics, router: Router | None, origins: tuple[str, ...]
    ) -> None:
        from importlib.metadata import version

        self._version = version("chiasm")
        self._archive = archive
        self._metrics = metrics
        self._router = router
        found = [
            Operation(
                "GET", "/statistics", self.statistics, "how much is held", schema=_STATISTICS
            ),
            Operation(
                "GET", "/studies", self.studies, "the studies, latest first, as DICOM JSON",
                (_LIMIT, _OFFSET, Parameter("{attribute}", "as in QIDO-RS: the value to match")),
                schema=_list({"type": "object"}),
            ),
            Operation(
                "GET", "/conflicts", self.conflicts, "what does not agree among the objects held",
                (Parameter("all", "the resolved ones too", schema=(("type", "boolean"),)),),
                schema=_list(_CONFLICT),
            ),
            Operation("POST", "/conflicts/{id}/resolve", self.resolve, "mark a conflict as resolved"),
            Operation(
                "GET", "/journal", self.journal, "the latest events of this process's journal",
                (_LIMIT, Parameter("after", "events behind this number", schema=(("type", "integer"),))),
                schema=_list(_RECORD),
            ),
            *web_archive_zip.operations(archive),
            Operation("GET", "/openapi.json", self.openapi, "this description"),
        ]  # fmt: skip
        if router is not None:
            from . import web_routing

            states = {"type": "object", "additionalProperties": _STATISTICS}
            summary = "what is to be sent, by destination and state"
            found.append(Operation("GET", "/queue", self.queued, summary, schema=states))
            found += web_routing.operations(router, origins)
        self.operations = tuple(found)
        self._openapi = json_bytes(document(self.operations, ROOT, self._version))

    async def _beside(self, work: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(None, work, *arguments)

    async def statistics(self, request: Request) -> Answer:
        """Counts of what is held."""
        await self._archive.settle()
        return _json(await self._beside(self._archive.index.statistics))

    async def studies(self, request: Request) -> Answer:
        """Studies by conditions."""
        wanted = asked(Level.STUDY, request.query, {}, most=_MOST, page=100)
        query = dataclasses.replace(wanted.query, limit=(wanted.query.limit or 1) - 1)
        found = await self._archive.find(query)
        return Answer(
            200, "application/json", ("[" + ",".join("{" + one.members + "}" for one in found) + "]").encode()
        )

    async def conflicts(self, request: Request) -> Answer:
        """Open conflicts, or all."""
        open_only = request.parameter("all") not in {"true", "1"}
        found = await self._beside(self._archive.index.conflicts, open_only)
        return _json([dataclasses.asdict(one) for one in found])

    async def resolve(self, request: Request) -> Answer:
        """A person has settled it."""
        from ..errors import ServiceError

        text = request.arguments["id"]
        known = await self._beside(self._archive.index.conflicts, False)
        if not text.isdecimal() or int(text) not in {one.id for one in known}:
            raise ServiceError("no-such-object", "there is no such conflict", place=text[:40])
        await self._beside(self._archive.index.resolve, int(text))
        return _json({"id": int(text), "resolved": True})

    async def journal(self, request: Request) -> Answer:
        """The tail of the journal."""
        limit = request.number("limit", 50, _MOST)
        _, sequence = self._archive.journal.place(self._archive.journal.sequence)
        after = request.number("after", max(0, sequence - limit), 1 << 62)
        return _json(await self._beside(self._tail, after, limit))

    def _tail(self, after: int, limit: int) -> list[dict[str, Any]]:
        last: deque[dict[str, Any]] = deque(maxlen=limit)
        for record in self._archive.journal.read(after):
            event = dataclasses.asdict(record.event)
            place = {"chain": record.chain, "sequence": record.sequence, "hash": record.hash.hex()}
            last.append(place | event)
        return list(last)

    async def queued(self, request: Request) -> Answer:
        """Counts of the outbound queue."""
        assert self._router is not None
        return _json(await self._router.counts())

    async def openapi(self, request: Request) -> Answer:
        """The document, which never changes while the process runs."""
        tag = f'"{self._version}-{len(self._openapi)}"'
        if not_modified(request, tag):
            return unchanged(tag)
        answer = Answer(200, "application/json", self._openapi)
        answer.add("etag", tag)
        return answer

    async def health(self, request: Request) -> Answer:
        """The process lives: it answers."""
        return _json({"status": "alive", "version": self._version})

    async def ready(self, request: Request) -> Answer:
        """The parts that receiving and answering need; 503 where one fails."""
        parts = {"journal": "ready", "index": "ready", "projection": "ready"}
        trouble = self._archive.projection.trouble
        if trouble:
            parts["projection"] = trouble
        try:
            async with asyncio.timeout(5):
                await self._beside(self._archive.index.find, Query(Level.STUDY, limit=1))
        except (ChiasmError, OSError, TimeoutError) as error:
            parts["index"] = str(error) or "it does not answer"
        try:
            self._archive.create().abandon()
        except (ChiasmError, OSError) as error:
            parts["objects"] = str(error)
        good = all(state == "ready" for state in parts.values())
        answer = _json({"status": "ready" if good else "not ready", **parts})
        answer.status = 200 if good else 503
        return answer

    async def counters(self, request: Request) -> Answer:
        """Counters and what can be read now."""
        gauges: dict[str, tuple[str, list[tuple[Labels, float]]]] = {
            "chiasm_journal_sequence": (
                "The last number of the journal",
                [((), self._archive.journal.sequence)],
            ),
            "chiasm_index_backlog": (
                "Events that the index is behind",
                [((), self._archive.projection.backlog)],
            ),
        }
        try:
            held = await self._beside(self._archive.index.statistics)
            meaning = "What is held, by kind"
            gauges["chiasm_held"] = (meaning, [((("kind", name),), count) for name, count in held.items()])
            if self._router is not None:
                depth: list[tuple[Labels, float]] = [
                    ((("destination", name), ("state", state)), float(count))
                    for name, states in (await self._router.counts()).items()
                    for state, count in states.items()
                ]
                gauges["chiasm_queue_depth"] = ("What is to be sent", depth)
        except ChiasmError:
            gauges["chiasm_index_up"] = ("Whether the index answers", [((), 0)])
        else:
            gauges["chiasm_index_up"] = ("Whether the index answers", [((), 1)])
        text = self._metrics.text(gauges)
        return Answer(200, "text/plain; version=0.0.4; charset=utf-8", text.encode())


def _json(value: object) -> Answer:
    answer = Answer(200, "application/json", json.dumps(value, ensure_ascii=False).encode())
    answer.add("cache-control", "no-store")
    return answer
