"""The console: pages for people, served by the node itself. Nothing on them comes from elsewhere."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import ChiasmError, ServiceError
from ..net.web_request import Answer, Request, json_bytes, problem_of
from ..net.web_switch import Operation, Switch
from ..services.archive import Archive
from .crossing import TARGETS, crossing
from .frames import FrameSource
from .live import Live
from .look import page, static
from .stacks import Picture, Stack, Study, for_viewer, study
from .studies import PAGE, Wanted, found

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from ..dicom import Package
    from ..model.holdings import Location

_MODALITIES = ("CT", "MR", "CR", "DX", "US", "MG", "NM", "PT", "XA", "RF", "OT", "SR")
_ROWS = 20_000
_EVENTS = 50

Make = Callable[[Request], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the console tells of the node: its AE title and addresses; `ohif` where OHIF is served."""

    ae_title: str
    dimse: str
    http: str
    ohif: str = ""


class Console:
    """The pages over an archive; `close` ends what is told live."""

    def __init__(self, archive: Archive, shown: Callable[[], Shown]) -> None:
        self._archive, self._shown = archive, shown
        self._live, self._frames = Live(archive), FrameSource(archive)

    def routes(self) -> list[BaseRoute]:
        """The routes of all pages, from `/` on; they come after those of the services."""
        from starlette.routing import Mount

        table = {
            "/": (self.studies, "the studies, searched as one types"),
            "/studies": (self.rows, "the rows of the list alone"),
            "/studies/{study}": (self.study, "a study and its series"),
            "/studies/{study}/header": (self.header, "the header of an instance as a tree"),
            "/studies/{study}/crossing": (self.crossing, "an instance in another standard, with the ledger"),
            "/studies/{study}/view": (self.view, "the viewer"),
            "/conflicts": (self.conflicts, "what disagrees"),
            "/node": (self.node, "what the node holds, and its latest events"),
        }
        operations = [Operation("GET", path, _told(act), what) for path, (act, what) in table.items()]
        place = "/studies/{study}/instances/{instance}/frames/{frame}"
        operations += [
            Operation("GET", "/studies/{study}/stacks", self.stacks, "the stacks that the viewer shows"),
            Operation("GET", f"{place}/samples", self._frames.samples, "the samples of a frame"),
            Operation("GET", f"{place}/levels", self._frames.levels, "the VOI LUT of a frame"),
            Operation("GET", f"{place}/overlays", self._frames.overlays, "the overlay planes of a frame"),
            Operation("GET", "/live", self._live.stream, "arrivals as they come"),
            Operation("GET", "/static/{name}", static, "the console's own files"),
        ]
        return [Mount("/", Switch(operations))]

    async def close(self) -> None:
        """End the streams of arrivals, so that the server need not wait for them."""
        await self._live.close()

    # The list.

    async def studies(self, request: Request) -> Answer:
        """The list of studies, whole."""
        return await self._listed(request, "studies.html")

    async def rows(self, request: Request) -> Answer:
        """Its rows alone, for a page that is open already."""
        return await self._listed(request, "rows.html")

    async def _listed(self, request: Request, template: str) -> Answer:
        wanted = Wanted(
            (request.parameter("q") or "")[:200],
            (request.parameter("modality") or "")[:16],
            request.parameter("since") or "",
            request.parameter("until") or "",
            request.number("offset", 0, 1_000_000),
        )
        rows, more = await found(self._archive, wanted)
        return page(
            request, template, rows=rows, more=more, wanted=wanted, size=PAGE, modalities=_MODALITIES,
            node=self._shown(), searched=wanted != Wanted(offset=wanted.offset),
        )  # fmt: skip

    # One study.

    async def study(self, request: Request) -> Answer:
        """A study with its series."""
        held = await study(self._archive, request.arguments["study"])
        return page(request, "study.html", study=held, row=held.row, tab="series", node=self._shown())

    async def header(self, request: Request) -> Answer:
        """The whole header of one instance."""
        from ..services.outline import of_data_set  # it reads dictionaries that starting need not wait for

        held, stack, picture, package = await self._instance(request)

        def drawn() -> list[object]:
            both = itertools.chain(of_data_set(package.header), of_data_set(package.data))
            return list(itertools.islice(both, _ROWS))

        nodes = await asyncio.to_thread(drawn)
        return page(
            request, "header.html", study=held, row=held.row, tab="header", stack=stack, picture=picture,
            nodes=nodes, node=self._shown(),
        )  # fmt: skip

    async def crossing(self, request: Request) -> Answer:
        """One instance in another standard, and what became of each of its elements."""
        to = request.parameter("to") or "oru"
        if to not in TARGETS:
            raise ServiceError("no-such-object", f"there is no such form: {to[:20]}")
        held, stack, picture, package = await self._instance(request)
        shown = await asyncio.to_thread(crossing, package, to)
        return page(
            request, "crossing.html", study=held, row=held.row, tab="crossing", stack=stack, picture=picture,
            to=to, targets=TARGETS, crossing=shown, node=self._shown(),
        )  # fmt: skip

    async def _instance(self, request: Request) -> tuple[Study, Stack, Picture, Package]:
        """The instance that a page is about: the one asked for, else the study's first."""
        held = await study(self._archive, request.arguments["study"])
        asked = request.parameter("instance")
        pairs = [(stack, picture) for stack in held.stacks for picture in stack.pictures]
        chosen = next(((one, pic) for one, pic in pairs if pic.uid == asked), None if asked else pairs[0])
        locations: list[Location] = []
        if chosen is not None:
            locations = await self._archive.locations(instances=[chosen[1].uid])
        if chosen is None or not locations:
            raise ServiceError("no-such-object", "this instance is not held here")
        return held, *chosen, await self._archive.header(locations[0])

    async def view(self, request: Request) -> Answer:
        """The viewer; what it shows it asks for by itself."""
        held = await study(self._archive, request.arguments["study"])
        return page(request, "view.html", study=held, row=held.row, node=self._shown())

    async def stacks(self, request: Request) -> Answer:
        """The stacks of a study in JSON."""
        held = await study(self._archive, request.arguments["study"])
        answer = Answer(200, "application/json", json_bytes(for_viewer(held)))
        answer.add("cache-control", "no-store")
        return answer

    # The node.

    async def conflicts(self, request: Request) -> Answer:
        """What disagrees, until someone has looked at it."""
        await self._archive.settle()
        held = await asyncio.to_thread(self._archive.index.conflicts)
        return page(request, "conflicts.html", conflicts=held, node=self._shown())

    async def node(self, request: Request) -> Answer:
        """What the node holds, where it listens, and what happened lately."""
        await self._archive.settle()
        counts = await asyncio.to_thread(self._archive.index.statistics)
        events = await asyncio.to_thread(self._latest)
        return page(request, "node.html", counts=counts, events=events, node=self._shown())

    def _latest(self) -> list[object]:
        records = []
        for chain, last in self._archive.positions().items():
            records += self._archive.records(chain, max(0, last - _EVENTS), _EVENTS)
        records.sort(key=lambda one: one.event.at, reverse=True)
        return [one.event for one in records[:_EVENTS]]


def _told(make: Make) -> Make:
    """A page whose failures are pages too."""

    async def act(request: Request) -> Answer:
        try:
            return await make(request)
        except (ChiasmError, OSError) as error:
            told = error if isinstance(error, ChiasmError) else ServiceError("unavailable", str(error))
            return page(request, "failure.html", status=problem_of(told).status, text=str(told))

    return act
