"""`chiasm send`: files, folders and zip archives to a DICOM peer, each answered for."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from .. import dicom
from ..errors import ChiasmError, ServiceError, UsageError
from .command_echo import peer_of
from .sources import Source, gather
from .terminal import bar, printable

if TYPE_CHECKING:
    from ..net.dimse_transfer import Offer, Sent

_PIECE = 256 << 10
_WHOLE = 8 << 20
"""Up to so many bytes an object is read at once; a larger one streams from its file."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How to send: `resume` names a file that keeps what the peer has confirmed, so that it is sent once."""

    calling: str = "CHIASM"
    associations: int = 1
    transcode: bool = True
    resume: Path | None = None
    as_json: bool = False


@dataclass(slots=True)
class Report:
    """What became of all sources."""

    counts: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[str, str]] = field(default_factory=list)
    failure: str = ""

    def text(self) -> str:
        """The report for people."""
        told = ", ".join(f"{count} {name}" for name, count in sorted(self.counts.items()))
        lines = [f"not sent: {name}: {reason}" for name, reason in self.refused]
        lines += [self.failure] if self.failure else []
        return "\n".join([*(printable(line) for line in lines), told or "nothing was sent", ""])


def send_command(peer: str, sources: Sequence[str], manner: Manner) -> int:
    """Send, and tell; 0 where the peer took all, 1 where it did not take some, 2 where it took none.

    UsageError for sources that are not there.
    """
    peer_of(peer)
    report = Report()
    offers = list(_offers(sources, report))
    if not offers and not report.refused:
        raise UsageError("there is nothing to send", source=", ".join(sources))
    with contextlib.ExitStack() as held:
        record, done = _record(manner.resume, held)
        left = [one for one in offers if f"{peer} {one.sop_instance}" not in done]
        if len(offers) > len(left):
            report.counts["sent before"] = len(offers) - len(left)
        try:
            asyncio.run(_send(peer, left, manner, report, record))
        except ServiceError as error:
            report.failure = str(error)
        except KeyboardInterrupt:
            report.failure = "stopped; what is told above was sent"
    if manner.as_json:
        plain = {"counts": dict(report.counts), "refused": report.refused, "failure": report.failure}
        sys.stdout.write(json.dumps(plain, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(report.text())
    taken = sum(count for name, count in report.counts.items() if name.startswith("sent"))
    return 2 if not taken else int(bool(report.refused or report.failure))


async def _send(
    peer: str, offers: Sequence[Offer], manner: Manner, report: Report, record: TextIO | None
) -> None:
    from ..net.dimse_transfer import Peer, send

    title, host, port = peer_of(peer)
    to = Peer(host, port, title, manner.calling)
    answers = send(to, offers, associations=manner.associations, transcode=manner.transcode)
    with bar("sending", len(offers)) as advance:
        async for sent in answers:
            advance(sent.offer.name)
            _note(sent, report)
            if sent.taken and record is not None:
                record.write(json.dumps({"peer": peer, "instance": sent.offer.sop_instance}) + "\n")
                record.flush()


def _note(sent: Sent, report: Report) -> None:
    if not sent.taken:
        report.counts["not sent"] += 1
        report.refused.append((sent.offer.name, sent.message))
        return
    name = "sent" if sent.status == 0 else f"sent ({sent.message})"
    report.counts[name] += 1


def _record(path: Path | None, held: contextlib.ExitStack) -> tuple[TextIO | None, set[str]]:
    """The file of what was confirmed, open to be added to, and what it holds. Raises UsageError."""
    if path is None:
        return None, set()
    done = set()
    try:
        if path.exists():
            for line in path.read_text("utf-8").splitlines():
                with contextlib.suppress(ValueError, KeyError, TypeError):  # a line that was cut off
                    one = json.loads(line)
                    done.add(f"{one['peer']} {one['instance']}")
        file = held.enter_context(path.open("a", encoding="utf-8"))
        file.write("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"it cannot keep what was sent: {error}", source=str(path)) from None
    return file, done


def _offers(sources: Sequence[str], report: Report) -> Iterator[Offer]:
    """What the sources hold; what is no DICOM object is told of, and left out."""
    from ..net.dimse_transfer import Offer

    for source in gather(sources):
        try:
            if source.problem:
                raise UsageError(source.problem)
            if source.standard() != "dicom":
                raise UsageError("it is no DICOM file")
            package = source.package()
            names = [package.get(keyword) for keyword in ("SOPClassUID", "SOPInstanceUID")]
            if not all(isinstance(name, str) and name for name in names):
                raise UsageError("it is no object with a SOP class and instance")
            yield Offer(
                source.name, str(names[0]), str(names[1]), package.transfer_syntax.uid, _Loader(source).load
            )
        except (ChiasmError, OSError) as error:
            report.counts["not sent"] += 1
            report.refused.append((source.name, getattr(error, "message", "") or str(error)))


@dataclass(frozen=True, slots=True)
class _Loader:
    """The data set of a source, when its turn has come."""

    source: Source

    def load(self, syntax: str) -> bytes | AsyncIterator[bytes]:
        """In its own syntax as it lies there; in another one transcoded. ServiceError where it cannot be."""
        source = self.source
        package = source.package()
        if package.transfer_syntax.uid != syntax:
            from ..pixels.transcode import transcode

            data = transcode(package, syntax)
            return data[dicom.parse(data).header.stop :]
        start = package.header.stop
        if source.path is None or source.member is not None:
            return source.read()[start:]
        if source.path.stat().st_size > _WHOLE:
            return _pieces(source.path, start)
        with source.path.open("rb") as file:
            file.seek(start)
            return file.read()


async def _pieces(path: Path, start: int) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece
