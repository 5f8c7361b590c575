"""`chiasm send`: files, folders and zip archives to a DICOM peer, each answered for."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ServiceError, UsageError
from ..services.garbage import undisturbed_start
from . import quick_loop
from .command_echo import peer_of
from .send_record import SendRecord
from .sources import gather
from .terminal import bar, printable

if TYPE_CHECKING:
    from ..net.dimse_commitment_client import Judged
    from ..net.dimse_transfer import Offer, Peer, Sent
    from .offers import Offered


@dataclass(frozen=True, slots=True)
class Manner:
    """How to send: `resume` names a file that keeps what the peer has confirmed, so that it is sent once.

    `commit` asks for storage commitment afterwards; its reports are waited for `wait` seconds, on the same
    association or, where that is not 0, on the port `listen`.
    """

    calling: str = "CHIASM"
    associations: int = 1
    transcode: bool = True
    resume: Path | None = None
    as_json: bool = False
    commit: bool = False
    listen: int = 0
    wait: float = 60.0


@dataclass(slots=True)
class Report:
    """What became of all sources."""

    counts: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[str, str]] = field(default_factory=list)
    uncommitted: list[tuple[str, str]] = field(default_factory=list)
    failure: str = ""

    def text(self) -> str:
        """The report for people."""
        told = ", ".join(f"{count} {name}" for name, count in sorted(self.counts.items()) if count)
        lines = [f"not sent: {name}: {reason}" for name, reason in self.refused]
        lines += [f"not committed: {name}: {reason}" for name, reason in self.uncommitted]
        lines += [self.failure] if self.failure else []
        return "\n".join([*(printable(line) for line in lines), told or "nothing was sent", ""])

    def status(self) -> int:
        """0 where the peer took all, 1 where it did not take some, 2 where it took none."""
        taken = sum(count for name, count in self.counts.items() if name.startswith("sent"))
        return 2 if not taken else int(bool(self.refused or self.uncommitted or self.failure))


def send_command(peer: str, sources: Sequence[str], manner: Manner) -> int:
    """Send, and tell; 0 where the peer took all, 1 where it did not take some, 2 where it took none.

    UsageError for sources that are not there.
    """
    peer_of(peer)
    report = Report()
    with SendRecord(manner.resume, peer) as record:
        sending = _Sending(peer, manner, report, record)
        try:
            with undisturbed_start():
                sending.look(sources)
            quick_loop.run(sending.run())
        except ServiceError as error:
            report.failure = str(error)
        except KeyboardInterrupt:
            report.failure = f"stopped; {sending.left()} were not sent, or not answered for"
    if manner.as_json:
        plain = {"counts": dict(report.counts), "refused": report.refused, "failure": report.failure}
        plain |= {"uncommitted": report.uncommitted} if manner.commit else {}
        sys.stdout.write(json.dumps(plain, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(report.text())
    return report.status()


class _Sending:
    """One run: what there is, what of it was told, and what the peer has taken."""

    def __init__(self, peer: str, manner: Manner, report: Report, record: SendRecord) -> None:
        self._peer, self._manner, self._report, self._record = peer, manner, report, record
        self._found: list[tuple[Offer, str]] = []
        self._taken: list[tuple[Offer, str]] = []
        self._told = 0

    def look(self, sources: Sequence[str]) -> None:
        """See what the sources hold; what is no DICOM object is told of, and left out."""
        from .offers import offered

        with bar("looking", None) as advance:
            for source in gather(sources):
                advance(source.name)
                self._look(offered(source))
        if not self._found and not self._report.counts:
            raise UsageError("there is nothing to send", source=", ".join(sources))

    def _look(self, one: Offered) -> None:
        if one.offer is None:
            self._report.counts["not sent"] += 1
            self._report.refused.append((one.name, one.problem))
        elif self._record.stored(one.offer.sop_instance, one.stamp):
            self._report.counts["sent before"] += 1
            if not self._record.committed(one.offer.sop_instance, one.stamp):
                self._taken.append((one.offer, one.stamp))
        else:
            self._found.append((one.offer, one.stamp))

    def left(self) -> int:
        """How many were not told of."""
        return len(self._found) - self._told

    async def run(self) -> None:
        """Send, and ask for commitment where that is wanted."""
        from ..net.dimse_transfer import Peer

        title, host, port = peer_of(self._peer)
        peer = Peer(host, port, title, self._manner.calling)
        if self._found:
            await self._send(peer)
        if self._manner.commit and self._taken:
            await self._commit(peer)

    async def _send(self, peer: Peer) -> None:
        from ..net.dimse_transfer import send

        stamps = {id(offer): stamp for offer, stamp in self._found}
        answers: AsyncIterator[Sent] = send(
            peer,
            [offer for offer, _ in self._found],
            associations=self._manner.associations,
            transcode=self._manner.transcode,
        )
        with bar("sending", len(self._found)) as advance:
            async for sent in answers:
                advance(sent.offer.name)
                self._told += 1
                self._note(sent, stamps[id(sent.offer)])

    def _note(self, sent: Sent, stamp: str) -> None:
        if not sent.taken:
            self._report.counts["not sent"] += 1
            self._report.refused.append((sent.offer.name, sent.message))
            return
        self._report.counts["sent" if sent.status == 0 else f"sent ({sent.message})"] += 1
        self._record.note(sent.offer.sop_instance, stamp)
        self._taken.append((sent.offer, stamp))

    async def _commit(self, peer: Peer) -> None:
        from ..net.dimse_commitment import Reference
        from ..net.dimse_commitment_client import Wait, commit

        by_instance = {offer.sop_instance: (offer, stamp) for offer, stamp in self._taken}
        references = [Reference(offer.sop_class, uid) for uid, (offer, _) in by_instance.items()]
        with bar("awaiting commitment", len(references)) as advance:
            async for judged in commit(peer, references, Wait(self._manner.wait, self._manner.listen)):
                advance(judged.reference.sop_instance)
                self._judge(judged, *by_instance[judged.reference.sop_instance])

    def _judge(self, judged: Judged, offer: Offer, stamp: str) -> None:
        if judged.committed:
            self._report.counts["committed"] += 1
            self._record.note(offer.sop_instance, stamp, committed=True)
            return
        self._report.counts["not committed"] += 1
        self._report.uncommitted.append((offer.name, judged.message))
