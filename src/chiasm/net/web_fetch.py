"""Studies of a DICOMweb service as objects in files: each lies on disk until the next is asked for."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path

from ..errors import ChiasmError, Finding, ServiceError, Severity
from ..limits import DEFAULT, Limits
from ..model import Location
from ..protocols.multipart import PartBegin, PartData, PartEnd
from ..services.media import Report
from ..services.media_files import located
from .web_client import WebClient

_MOST_NAMED = 1_000


class WebStudies:
    """Some studies of a service; what does not come is told in `report`, as refused."""

    def __init__(
        self, client: WebClient, studies: Sequence[str], report: Report, limits: Limits = DEFAULT
    ) -> None:
        self._client, self._report, self._limits = client, report, limits
        self._listed: dict[str, list[str] | None] = dict.fromkeys(studies)

    async def look(self) -> int | None:
        """Ask what each study has: the number of their objects, None where it is not known.

        ServiceError where the service cannot be reached, or lets nobody in.
        """
        for study in self._listed:
            self._listed[study] = await self._client.listed(study)
        counts = [None if one is None else len(one) for one in self._listed.values()]
        return None if None in counts else sum(one or 0 for one in counts)

    async def locations(self) -> AsyncGenerator[Location, None]:
        """Each object, in a file until the next is asked for; the key of its location is the path."""
        with tempfile.TemporaryDirectory(prefix="chiasm-") as folder:
            for study in self._listed:
                came: set[str] = set()
                try:
                    async with aclosing(self._study(study, Path(folder) / "object", came)) as found:
                        async for location in found:
                            yield location
                except ChiasmError as error:
                    self._report.refused.append((study, str(error)))
                else:
                    if not came:
                        self._report.refused.append((study, "the service gives no object of it"))
                self._compare(study, came)

    async def _study(self, study: str, path: Path, came: set[str]) -> AsyncGenerator[Location, None]:
        number = 0
        async with aclosing(self._files(study, path)) as files:
            async for problem in files:
                number += 1
                try:
                    if problem:
                        raise ServiceError("too-large", problem, rule="limits.archive_bytes")
                    location = await asyncio.to_thread(located, path)
                    if location.study != study:
                        raise ServiceError("mismatch", f"it is of the study {location.study}")
                    if location.sop_instance in came:
                        raise ServiceError("conflict", f"it brings {location.sop_instance} again")
                except (ChiasmError, OSError) as error:
                    told = error.message if isinstance(error, ChiasmError) else str(error)
                    self._report.refused.append((f"{study}, part {number}", told))
                    continue
                came.add(location.sop_instance)
                yield location

    async def _files(self, study: str, path: Path) -> AsyncGenerator[str, None]:
        """Each part in the file, and why it is not whole."""
        size = 0
        file = None
        try:
            async with aclosing(self._client.objects(study)) as pieces:
                async for piece in pieces:
                    match piece:
                        case PartBegin():
                            path.unlink(missing_ok=True)  # a mapping of the part before stays whole
                            file, size = path.open("xb"), 0
                        case PartData(data) if file is not None:
                            size += len(data)
                            if size <= self._limits.archive_bytes:
                                file.write(data)
                        case PartEnd() if file is not None:
                            file.close()
                            yield "it is too large" if size > self._limits.archive_bytes else ""
        except OSError as error:
            raise ServiceError("out-of-resources", f"it cannot be kept: {error.strerror}") from None
        finally:
            if file is not None:
                file.close()

    def _compare(self, study: str, came: set[str]) -> None:
        """Tell what the service lists and did not bring."""
        listed = self._listed[study]
        if listed is None:
            text = f"{study}: the service does not list its objects; whether all came is not known"
            self._report.tell(Finding(Severity.WARNING, "0020000D", "not-listed", text, "PS3.18 §10.6"))
            return
        if not came:
            return
        missing = [uid for uid in listed if uid not in came]
        self._report.refused += [
            (uid, "the service lists it, and it did not come") for uid in missing[:_MOST_NAMED]
        ]
        if len(missing) > _MOST_NAMED:
            self._report.refused.append((study, f"{len(missing) - _MOST_NAMED} more did not come"))
