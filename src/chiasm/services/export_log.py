"""That studies were given to people, told in the journal: one event for each study."""

from __future__ import annotations

import logging
from typing import Protocol

from ..errors import ChiasmError
from ..model import Event, Source
from .media import Report
from .reception import now

_LOG = logging.getLogger(__name__)
EXPORTED = "exported"
"""The kind of the event. Its detail: `study`, number of `objects`, `form` (folder, zip, media), `to`."""


class Noting(Protocol):
    """What keeps events: an archive."""

    async def note(self, event: Event) -> None:
        """Put an act into the journal."""


async def tell_export(archive: Noting, report: Report, form: str, to: str, source: Source) -> str:
    """Tell of each study of which objects were given; why the journal did not take it, empty where it did.

    `source` is who asked, `to` a path or an address.
    """
    place = to.encode("utf-8", "replace").decode()
    for study, count in report.studies.items():
        detail = {"study": study, "objects": count, "form": form, "to": place}
        try:
            await archive.note(Event(EXPORTED, now(), source, detail))
        except (ChiasmError, OSError) as error:
            _LOG.warning("the journal did not take that %s was exported: %s", study, error)
            return str(error)
    return ""
