"""From DICOM to HL7 v2: one object, or all objects of a study, to one message."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import UsageError
from . import account, case_dicom, gather
from .messages import COMPOSERS, FRAMES, Composer
from .result import Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..dicom import Package
    from ..model import Entry, Sender
    from .crosswalk import Crosswalk


def to_message(
    packages: Sequence[tuple[str, Package]],
    message_kind: str,
    crosswalk: Crosswalk,
    sender: Sender,
    *,
    carry_all: bool = False,
) -> Result:
    """The message that tells of the objects of one study; each comes with the name of its source.

    Raises UsageError for a kind that is not composed from images.
    """
    compose = COMPOSERS.get(message_kind)
    if compose is None:
        raise UsageError(f"images do not become '{message_kind}'", hint=f"known are {', '.join(COMPOSERS)}")
    readings = [case_dicom.read(package.data, crosswalk) for _, package in packages]
    case = replace(gather.together([reading.case for reading in readings]), sender=sender)
    composer = Composer(FRAMES[message_kind], case, crosswalk)
    compose(composer)
    carried: list[dict[str, str]] = [{} for _ in packages]
    if carry_all:
        from . import carry

        carried = [carry.observe(package, composer.segments) for _, package in packages]
    written = composer.writer.written
    several = len(packages) > 1

    def entries() -> Iterator[Entry]:
        for (name, package), reading, taken in zip(packages, readings, carried, strict=True):
            reads = gather.agreeing(reading, case) if several else reading.reads
            prefix = f"{name}#" if several else ""
            yield from account.of_data_set(package, reads, written, crosswalk, message_kind, taken, prefix)

    findings = tuple(finding for _, package in packages for finding in package.findings)
    return Result(composer.message().encode(), message_kind, entries, findings)
