"""From an SR document to ORU^R01: the whole tree as observations, with the order and the patient around it.

RAD TF-2 §4.28 (structured report export); HL7 v2.5.1 §7.3.1; docs/mapping-sr.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..model import Coded, Report
from . import account, carry, case_dicom, status
from . import sr_elements as sr
from .case_dicom import Read
from .messages import FRAMES, Composer
from .names import to_xcn
from .report_header import (
    AUTHORS,
    FLAGS,
    PARTICIPANTS,
    REFERENCES,
    VERIFIERS,
    read_header,
)
from .result import Result
from .sr_items import read_items
from .sr_observe import Observer
from .times import to_v2
from .writing import Written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..dicom import DataSet, Package
    from ..hl7 import FieldValue
    from ..model import Case, Entry, Instant, Sender, Signature
    from .case_dicom import Reading
    from .crosswalk import Crosswalk
    from .writing import Fields

TIMEZONE_OFFSET = 0x00080201


def is_report(data: DataSet) -> bool:
    """Whether a data set is a structured report, a key object selection among them. PS3.3 §C.17.3."""
    return data.get(sr.VALUE_TYPE) == "CONTAINER"


def read(data: DataSet, crosswalk: Crosswalk) -> Reading:
    """The case that an SR document says, with its report, and what was read to make it."""
    reading = case_dicom.read(data, crosswalk)
    report, reads = read_report(data)
    reading.case = replace(reading.case, reports=(report,))
    reading.reads += reads
    return reading


def read_report(data: DataSet) -> tuple[Report, list[Read]]:
    """The report of an SR document, and what was read to make it."""
    header = read_header(data, "zone" if TIMEZONE_OFFSET in data else "")
    content = read_items(data)
    reads = header.reads
    reads += [Read("report.items", index, leaves) for index, leaves in enumerate(content.leaves)]
    root = content.items[0] if content.items else None
    report = Report(
        uid=str(data.get("SOPInstanceUID") or ""),
        sop_class=str(data.get("SOPClassUID") or ""),
        title=root.name if root is not None and root.name is not None else Coded(),
        items=content.items,
        language=next(
            (one.code for one in content.items if one.name is not None and one.name.code == "121049"), None
        ),
        template=root.template if root is not None else "",
        **header.fields,
    )
    return report, reads


def to_message(
    packages: Sequence[tuple[str, Package]],
    message_kind: str,
    crosswalk: Crosswalk,
    sender: Sender,
    *,
    carry_all: bool = False,
) -> Result:
    """The ORU^R01 that says all that one SR document says.

    Raises UsageError for several documents at once, and for another kind of message.
    """
    if message_kind != "oru" or len(packages) != 1:
        raise UsageError("a report becomes an ORU^R01 of its own", hint="convert each report by itself")
    package = packages[0][1]
    reading = read(package.data, crosswalk)
    case = replace(reading.case, sender=sender)
    flags = {tag: str(package.data.get(tag) or "") for tag in FLAGS}
    composer = Composer(FRAMES["oru"], case, crosswalk)
    compose(composer, case.reports[0], flags)
    carried = carry.observe(package, composer.segments) if carry_all else {}
    written = composer.writer.written

    def entries() -> Iterator[Entry]:
        return account.of_data_set(package, reading.reads, written, crosswalk, "oru", carried)

    return Result(composer.message().encode(), "oru", entries, tuple(package.findings))


def compose(composer: Composer, report: Report, flags: Mapping[int, str]) -> None:
    """The segments of a message that says a report; `flags` are those of the document, by tag."""
    composer.patient()
    case = composer.case
    for index, _ in enumerate(case.orders):
        _order(composer, case, report, index)
        if index == 0:
            _content(composer, report, flags)


def _order(composer: Composer, case: Case, report: Report, index: int) -> None:
    """ORC and OBR of one order that the report answers."""
    order, writer = case.orders[index], composer.writer
    common: Fields = {1: "RE"}
    request: Fields = {1: str(index + 1)}
    first: Fields = {}
    targets = {"ORC": common, "OBR": request, "OBX": first}
    writer.observations = []
    if index == 0:
        _answer(composer, report, request)
    writer.fill("order", order, targets, index)
    for step in order.steps:
        writer.fill("step", step, targets, index)
    if index == 0:
        writer.fill("study", case.study, targets)
        for series in case.study.series[:1]:
            writer.fill("series", series, targets, 0, "1")
            writer.fill("equipment", series.equipment, targets, 0, "1")
            for instance in series.instances[:1]:
                writer.fill("instance", instance, targets, 0, "1.1")
    if 4 not in request:
        title = report.title
        request[4] = (title.code, title.meaning, title.scheme) if title else ("", "Imaging report")
    if report.status:
        request[25] = report.status
    composer.segments += [("ORC", common), ("OBR", request)]
    found = writer.observations + (composer.measures() if index == 0 else [])
    if index == 0:
        # What the rows call order detail is, in a report, part of its result.
        found = [replace(one, status="F") if one.status == "O" else one for one in found]
    composer.observe(found, first)


def _answer(composer: Composer, report: Report, request: Fields) -> None:
    """When the report was made (OBR-22) and who answers for it first (OBR-32)."""
    written = composer.writer.written
    if report.issued is not None:
        request[22] = to_v2(report.issued)[0]
        written["report.issued", 0] = Written("OBR-22", notes=_precision(report.issued))
    if report.verifiers:
        request[32] = _named(report.verifiers[0])


def _precision(moment: Instant | None) -> frozenset[str]:
    """What v2 does not hold of a moment: HL7 v2.5.1 §2.A.22."""
    is_cut = moment is not None and len(moment.fraction) > 4
    return frozenset({"of a second's fraction, four digits have a place"}) if is_cut else frozenset()


def _named(signature: Signature) -> FieldValue:
    """A person and a time as NDL, the name in subcomponents: HL7 v2.5.1 §2.A.43."""
    repetitions = to_xcn(signature.person)
    parts = repetitions[0] if repetitions else ("",)
    issued = signature.person.identifier
    name = (*parts[:7], "", issued.issuer.namespace) if issued is not None and issued.issuer else parts[:7]
    when = to_v2(signature.when)[0] if signature.when is not None else ""
    return (name, when)


def _content(composer: Composer, report: Report, flags: Mapping[int, str]) -> None:
    """The flags, signatures and references of the report, and its tree."""
    written = composer.writer.written
    classes = {one.instance: one.sop_class for one in report.references}
    observer = Observer(composer.segments, status.of(report.status).result, classes)
    for tag, concept in FLAGS.items():
        if flags.get(tag):
            written[f"report.{concept}", 0] = Written(observer.declare(tag, "ST", flags[tag]))
    for concept, tag, signatures in (
        ("verifiers", VERIFIERS, report.verifiers),
        ("authors", AUTHORS, report.authors),
        ("participants", PARTICIPANTS, report.participants),
    ):
        for index, one in enumerate(signatures):
            written[f"report.{concept}", index] = Written(
                _sign(observer, tag, one), notes=_precision(one.when)
            )
    _refer(observer, report, written)
    observer.write(report.items)
    for index, target in enumerate(observer.targets):
        written["report.items", index] = Written(target)


def _sign(observer: Observer, tag: int, signature: Signature) -> str:
    """A signature as an OBX: the person, OBX-14 when, OBX-23 for whom, OBX-18 the device."""
    more: Fields = {}
    if signature.when is not None:
        more[14] = to_v2(signature.when)[0]
    if signature.device:
        more[18] = ("", "", signature.device, "ISO")
    if signature.organization:
        more[23] = (signature.organization,)
    if signature.part:
        more[15] = (signature.part, "", "DCM")
    return observer.declare(tag, "XCN", list(to_xcn(signature.person)), more)


def _refer(observer: Observer, report: Report, written: dict[tuple[str, int], Written]) -> None:
    """An OBX for each object named: its study, series, SOP class and instance as repetitions."""
    tags = {role: tag for tag, role in REFERENCES.items()}
    targets: dict[str, list[str]] = {}
    for one in report.references:
        names: FieldValue = [one.study, one.series, one.sop_class, one.instance]
        targets.setdefault(one.role, []).append(observer.declare(tags[one.role], "ST", names))
    for role, found in targets.items():
        target = found[0] if len(found) == 1 else f"{found[0]} to {found[-1]}"
        written[f"report.{role}", 0] = Written(target)
