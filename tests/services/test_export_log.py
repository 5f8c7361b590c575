"""That studies were given is told in the journal; where it cannot be, why."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from chiasm.errors import ServiceError
from chiasm.model import Event, Source
from chiasm.services.archive import Archive, Settings
from chiasm.services.export_log import tell_export
from chiasm.services.media import Report

GIVEN = Report(3, Counter({"1.2": 2, "1.3": 1}))


def test_one_event_for_each_study(tmp_path: Path) -> None:
    async def run() -> list[Event]:
        archive = await Archive.open(Settings(tmp_path))
        try:
            place = "/media/\udcff"  # a name that is no UTF-8
            assert await tell_export(archive, GIVEN, "media", place, Source("node", "export")) == ""
            await archive.settle()
            return [one.event for one in archive.journal.read()]
        finally:
            await archive.close()

    first, second = asyncio.run(run())
    assert (first.kind, first.source) == ("exported", Source("node", "export"))
    assert first.detail == {"study": "1.2", "objects": 2, "form": "media", "to": "/media/?"}
    assert second.detail["study"] == "1.3"


def test_a_journal_that_is_full() -> None:
    class Full:
        async def note(self, event: Event) -> None:
            raise ServiceError("out-of-resources", "no room")

    assert "no room" in asyncio.run(tell_export(Full(), GIVEN, "zip", "x", Source("web")))
    assert asyncio.run(tell_export(Full(), Report(), "zip", "x", Source("web"))) == ""
