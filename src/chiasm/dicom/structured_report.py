"""New structured reports: Basic Text, Enhanced and Comprehensive, and TID 1500 measurements.

PS3.3 §A.35.1 to §A.35.3, §C.17.2; PS3.16 §TID 1500.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ..errors import UsageError
from .content import coded, container, from_mapping, number, reference, simple, text
from .dataset import DataSet
from .general import Description, described, new_object, new_uid, put_referenced_request

BASIC_TEXT = "1.2.840.10008.5.1.4.1.1.88.11"
ENHANCED = "1.2.840.10008.5.1.4.1.1.88.22"
COMPREHENSIVE = "1.2.840.10008.5.1.4.1.1.88.33"

CLASSES = {"basic": BASIC_TEXT, "enhanced": ENHANCED, "comprehensive": COMPREHENSIVE}

_BASIC = frozenset(
    (
        "CONTAINER", "TEXT", "CODE", "DATETIME", "DATE", "TIME", "UIDREF", "PNAME", "COMPOSITE", "IMAGE",
        "WAVEFORM",
    )
)  # fmt: skip
_MEASURED = _BASIC | {"NUM", "SCOORD", "TCOORD"}
_ALLOWED = {BASIC_TEXT: _BASIC, ENHANCED: _MEASURED, COMPREHENSIVE: _MEASURED}
"""The value types of each report: PS3.3 Tables A.35.1-2, A.35.2-2, A.35.3-2."""


def structured_report(
    content: Mapping[str, Any] | DataSet,
    description: Description,
    kind: str = "basic",
    now: datetime | None = None,
) -> DataSet:
    """A report with the content that a mapping describes (see `content.from_mapping`) or an item holds.

    Raises UsageError for an unknown kind, or a value type that the kind does not admit.
    """
    if kind not in CLASSES:
        raise UsageError(f"'{kind}' is not a kind of report", hint=f"known are {', '.join(CLASSES)}")
    sop_class = CLASSES[kind]
    now = now or datetime.now()
    data = new_object(description, sop_class, "SR", now)
    data["ReferencedPerformedProcedureStepSequence"] = []
    data["ContentDate"] = now.strftime("%Y%m%d")
    data["ContentTime"] = now.strftime("%H%M%S")
    data["CompletionFlag"] = description.get("CompletionFlag", "COMPLETE")
    data["VerificationFlag"] = description.get("VerificationFlag", "UNVERIFIED")
    if data.get("VerificationFlag") == "VERIFIED":
        data["VerifyingObserverSequence"] = _verifiers(description)
    put_referenced_request(data, description)
    named = described(description).get("CurrentRequestedProcedureEvidenceSequence")
    if named:
        data["CurrentRequestedProcedureEvidenceSequence"] = named
    data["PerformedProcedureCodeSequence"] = []
    root = content if isinstance(content, DataSet) else from_mapping(content)
    for element in root:
        if element.keyword != "RelationshipType":
            data.set(element.tag, element.items if element.vr == "SQ" else element.value, element.vr)
    references: list[DataSet] = []
    for item in items(root):
        _admit(item, sop_class)
        named_here = item.element("ReferencedSOPSequence")
        if named_here is not None:
            references += named_here.items
    if references and "CurrentRequestedProcedureEvidenceSequence" not in data:
        places = {} if isinstance(content, DataSet) else _places(content)
        data["CurrentRequestedProcedureEvidenceSequence"] = evidence(data, references, places)
    return data


def _verifiers(description: Description) -> list[DataSet]:
    """Who verified the report, from the description: PS3.3 §C.17.2.1.

    Raises UsageError where it does not say.
    """
    found: list[DataSet] = described(description).get("VerifyingObserverSequence") or []
    for one in found:
        for keyword in ("VerifyingObserverName", "VerifyingOrganization", "VerificationDateTime"):
            if not one.get(keyword):
                found = []
                break
        if "VerifyingObserverIdentificationCodeSequence" not in one:
            one["VerifyingObserverIdentificationCodeSequence"] = []
    if not found:
        raise UsageError(
            "a verified report names its verifiers",
            rule="PS3.3 §C.17.2.1",
            hint="VerifyingObserverSequence with name, organization and date and time of each",
        )
    return found


def items(root: DataSet) -> Iterator[DataSet]:
    """The root and every item below it, in no promised order; no depth is too much."""
    pending = [root]
    while pending:
        item = pending.pop()
        yield item
        element = item.element("ContentSequence")
        if element is not None:
            pending += element.items


def _admit(item: DataSet, sop_class: str) -> None:
    value_type = str(item.get("ValueType"))
    if value_type not in _ALLOWED[sop_class]:
        raise UsageError(
            f"a report of this kind admits no {value_type}",
            rule="PS3.3 §A.35",
            hint="make it an enhanced or comprehensive one",
        )


def _places(content: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Series and study of each instance that a described content names; no study where none is told."""
    found: dict[str, tuple[str, str]] = {}
    pending = [content]
    while pending:
        item = pending.pop()
        pending += item.get("items") or ()
        value: Sequence[Any] = item.get("value") or ()
        if item.get("type") in {"IMAGE", "COMPOSITE", "WAVEFORM"} and len(value) > 2:
            found[str(value[1])] = (str(value[2]), str(value[3]) if len(value) > 3 else "")
    return found


def evidence(
    data: DataSet, references: Sequence[DataSet], places: Mapping[str, tuple[str, str]]
) -> list[DataSet]:
    """What the report is about, by study and series: PS3.3 §C.17.2.3.

    `places` has series and study of the instances. Raises UsageError for one whose series nobody tells.
    """
    studies: dict[str, dict[str, dict[str, DataSet]]] = {}
    for one in references:
        sop_class, instance = str(one.get("ReferencedSOPClassUID")), str(one.get("ReferencedSOPInstanceUID"))
        if instance not in places:
            raise UsageError(
                f"the series of the instance {instance} is not told",
                rule="PS3.3 §C.17.2.3",
                hint="as [SOP class, SOP instance, series], or by CurrentRequestedProcedureEvidenceSequence",
            )
        series, study = places[instance]
        in_study = studies.setdefault(study or str(data.get("StudyInstanceUID")), {})
        in_study.setdefault(series, {}).setdefault(instance, reference(sop_class, instance))
    found = []
    for study, by_series in studies.items():
        item = DataSet()
        item["StudyInstanceUID"] = study
        item["ReferencedSeriesSequence"] = [
            {"SeriesInstanceUID": series, "ReferencedSOPSequence": list(instances.values())}
            for series, instances in by_series.items()
        ]
        found.append(item)
    return found


def measurement_report(
    groups: Sequence[Mapping[str, Any]], description: Description, now: datetime | None = None
) -> DataSet:
    """A TID 1500 report: one measurement group for each mapping of `groups`.

    A group has `tracking` (its identifier), `finding` and `site` as codes if known, and `measurements`,
    each with `name`, `value` and `unit`. PS3.16 §TID 1500, §TID 1501.
    """
    measured = container(("126010", "DCM", "Imaging Measurements"), [_group(one) for one in groups])
    observer = coded(("121005", "DCM", "Observer Type"), ("121007", "DCM", "Device"), "HAS OBS CONTEXT")
    device = simple("UIDREF", ("121012", "DCM", "Device Observer UID"), new_uid(), "HAS OBS CONTEXT")
    language = coded(
        ("121049", "DCM", "Language of Content Item and Descendants"),
        ("en-US", "RFC5646", "English (United States)"),
        "HAS CONCEPT MOD",
    )
    procedure = coded(
        ("121058", "DCM", "Procedure reported"),
        description.get("ProcedureReported") or ("363679005", "SCT", "Imaging procedure"),
        "HAS CONCEPT MOD",
    )
    root = container(
        ("126000", "DCM", "Imaging Measurement Report"),
        [language, observer, device, procedure, measured],
        "1500",
        "",
    )
    known = {key: value for key, value in description.items() if key != "ProcedureReported"}
    return structured_report(root, known, "comprehensive", now)


def _group(source: Mapping[str, Any]) -> DataSet:
    tracking = str(source.get("tracking", "1"))
    children = [
        text(("112039", "DCM", "Tracking Identifier"), tracking, "HAS OBS CONTEXT"),
        simple("UIDREF", ("112040", "DCM", "Tracking Unique Identifier"), new_uid(), "HAS OBS CONTEXT"),
    ]
    if source.get("finding"):
        children.append(coded(("121071", "DCM", "Finding"), source["finding"]))
    if source.get("site"):
        children.append(coded(("363698007", "SCT", "Finding Site"), source["site"], "HAS CONCEPT MOD"))
    for one in source.get("measurements") or ():
        if not isinstance(one, Mapping) or not {"name", "value", "unit"} <= one.keys():
            raise UsageError("a measurement has a name, a value and a unit", rule="PS3.16 §TID 1501")
        children.append(number(one["name"], str(one["value"]), one["unit"]))
    return container(("125007", "DCM", "Measurement Group"), children)
