"""`chiasm retrieve`: studies from a DICOM peer into a folder, or to elsewhere. PS3.4 §C.4.2, §C.4.3."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ServiceError, UsageError
from . import quick_loop
from .command_echo import peer_of
from .terminal import bar, printable

if TYPE_CHECKING:
    from ..net.dimse_fetch import Moved
    from ..net.dimse_folder import Kept
    from ..net.dimse_listing import Selection


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be retrieved and how: `move_to` is the AE title of a C-MOVE, without it C-GET brings all."""

    studies: tuple[str, ...]
    series: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    out: Path = Path("retrieved")
    move_to: str = ""
    calling: str = "CHIASM"
    associations: int = 1
    resume: bool = False
    as_json: bool = False


@dataclass(slots=True)
class Report:
    """What became of what was asked for."""

    counts: Counter[str] = field(default_factory=Counter)
    told: list[tuple[str, str]] = field(default_factory=list)
    failure: str = ""

    def text(self) -> str:
        """The report for people."""
        counts = ", ".join(f"{count} {name}" for name, count in sorted(self.counts.items()) if count)
        lines = [f"{name}: {reason}" for name, reason in self.told]
        lines += [f"stopped: {self.failure}"] if self.failure else []
        return "\n".join([*(printable(line) for line in lines), counts or "nothing came", ""])

    def status(self) -> int:
        """0 where all came, 1 where some did not, 2 where nothing did."""
        good = sum(count for name, count in self.counts.items() if name != "failed")
        return 2 if not good else int(bool(self.counts["failed"] or self.failure))


def retrieve_command(peer: str, wanted: Wanted) -> int:
    """Retrieve, and tell; 0 where all came, 1 where some did not, 2 where nothing did.

    UsageError for what is no UID, and for series of several studies.
    """
    peer_of(peer)
    selections = selections_of(wanted)
    report = Report()
    work = _move if wanted.move_to else _get
    try:
        quick_loop.run(work(peer, wanted, selections, report))
    except ServiceError as error:
        report.failure = str(error)
    except KeyboardInterrupt:
        report.failure = "by you; what is told here has come"
    if wanted.as_json:
        plain = {"counts": dict(report.counts), "told": report.told, "failure": report.failure}
        sys.stdout.write(json.dumps(plain, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(report.text())
    return report.status()


def selections_of(wanted: Wanted) -> list[Selection]:
    """What is asked of the peer, one for each retrieval. Raises UsageError."""
    from ..net.dimse_folder import is_uid
    from ..net.dimse_listing import Selection

    for uid in (*wanted.studies, *wanted.series, *wanted.instances):
        if not is_uid(uid):
            raise UsageError(f"{uid!r} is no UID", rule="PS3.5 §9.1")
    if not wanted.studies:
        raise UsageError("name a study", hint="chiasm query shows those that a peer holds")
    if wanted.series and len(wanted.studies) != 1:
        raise UsageError("series are of one study: name that one alone", rule="PS3.4 §C.4.3.1.3")
    if wanted.instances and len(wanted.series) != 1:
        raise UsageError("instances are of one series: name that one alone", rule="PS3.4 §C.4.3.1.3")
    study = wanted.studies[0]
    if wanted.instances:
        return [Selection(study, wanted.series[0], tuple(dict.fromkeys(wanted.instances)))]
    if wanted.series:
        return [Selection(study, one) for one in dict.fromkeys(wanted.series)]
    return [Selection(one) for one in dict.fromkeys(wanted.studies)]


async def _get(peer: str, wanted: Wanted, selections: Sequence[Selection], report: Report) -> None:
    from ..net.dimse_fetch import fetch, plan
    from ..net.dimse_transfer import Peer

    title, host, port = peer_of(peer)
    source = Peer(host, port, title, wanted.calling)
    planned = await plan(source, selections, wanted.out if wanted.resume else None)
    with bar("retrieving", planned.total) as advance:
        async for kept in fetch(source, planned, wanted.out, associations=wanted.associations):
            advance(kept.sop_instance)
            _note(kept, report)


def _note(kept: Kept, report: Report) -> None:
    names = {"here": "here already", "beside": "written beside another"}
    report.counts[names.get(kept.state, kept.state)] += 1
    if kept.message:
        report.told.append((kept.sop_instance, kept.message))


async def _move(peer: str, wanted: Wanted, selections: Sequence[Selection], report: Report) -> None:
    from ..net.dimse_fetch import move
    from ..net.dimse_transfer import Peer

    title, host, port = peer_of(peer)
    source = Peer(host, port, title, wanted.calling)
    last: dict[Selection, Moved] = {}
    try:
        with bar(f"moving to {wanted.move_to}", None) as advance:
            async for moved in move(source, selections, wanted.move_to):
                before = last.get(moved.selection)
                for _ in range(_ended(moved) - (_ended(before) if before else 0)):
                    advance(f"{moved.remaining} left")
                last[moved.selection] = moved
    finally:
        for moved in last.values():
            _note_moved(moved, report)


def _ended(moved: Moved) -> int:
    return moved.completed + moved.failed + moved.warning


def _note_moved(moved: Moved, report: Report) -> None:
    report.counts["moved"] += moved.completed
    report.counts["moved with a warning"] += moved.warning
    report.counts["failed"] += moved.failed
    if moved.status is None:
        report.told.append((str(moved.selection), f"{moved.remaining} were left when it ended"))
        return
    report.told += [(name, moved.message) for name in moved.failures]
    if moved.status and not moved.failures:
        report.told.append((str(moved.selection), moved.message))
        report.counts["failed"] += not moved.failed
    elif not _ended(moved):
        report.told.append((str(moved.selection), "the peer holds nothing of it"))
        report.counts["failed"] += 1
