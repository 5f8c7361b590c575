"""The header of a report from the observations that `report_forward` declares it in.

PS3.3 §C.17.2; docs/mapping-sr.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..model import Person, PersonName, Reference, Report, Signature
from .names import from_xcn
from .report_header import (
    AUTHORS,
    COMPLETION,
    EXPLANATION,
    PARTICIPANTS,
    PRELIMINARY,
    REFERENCES,
    VERIFICATION,
    VERIFIERS,
)
from .times import from_v2

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .report_obx import Obx

RULE = "report.header"
SOP_INSTANCE_CODE, SOP_CLASS_CODE = ("00080018", "99DCMTAG"), ("110181", "DCM")


@dataclass(frozen=True, slots=True)
class OwnHeader:
    """A report without its items, and what is known of the document that it was made from."""

    report: Report
    explanation: str
    references: tuple[Reference, ...]
    sop_class: str
    instance: str


def header_of(declared: Mapping[int, list[Obx]], found: list[Obx]) -> OwnHeader:
    """The header that the declared OBX say; `found` are all OBX, among which the document is named."""
    completion, verification = _text(declared, COMPLETION), _text(declared, VERIFICATION)
    report = Report(
        completed=completion == "COMPLETE",
        verified=verification == "VERIFIED",
        preliminary=_text(declared, PRELIMINARY),
        verifiers=_signatures(declared, VERIFIERS),
        authors=_signatures(declared, AUTHORS),
        participants=_signatures(declared, PARTICIPANTS),
    )
    references = []
    for tag, role in REFERENCES.items():
        for one in declared.get(tag, ()):
            names = [part[0] if part else "" for part in one.parts(5)]
            names += [""] * (4 - len(names))
            references.append(Reference(names[2], names[3], study=names[0], series=names[1], role=role))
            _used(one, tag)
    sop_class = _named(found, SOP_CLASS_CODE, "00080016")
    instance = _named(found, SOP_INSTANCE_CODE, "0040A360")
    return OwnHeader(report, _text(declared, EXPLANATION), tuple(references), sop_class, instance)


def _used(one: Obx, tag: int) -> None:
    one.parts(3)
    one.text(2)
    one.use(f"{tag:08X}", RULE)


def _text(declared: Mapping[int, list[Obx]], tag: int) -> str:
    for one in declared.get(tag, ()):
        _used(one, tag)
        return one.text(5)
    return ""


def _named(found: list[Obx], code: tuple[str, str], target: str) -> str:
    for one in found:
        if (one.code[0], one.code[2]) == code:
            one.parts(3)
            one.text(2)
            one.use(target, RULE)
            return one.text(5)
    return ""


def _signatures(declared: Mapping[int, list[Obx]], tag: int) -> tuple[Signature, ...]:
    signatures = []
    for one in declared.get(tag, ()):
        reader = one.field(5)
        persons = from_xcn(reader)
        one.note(reader)
        person = persons[0] if persons else Person(PersonName())
        when = one.text(14)
        signatures.append(
            Signature(
                person,
                one.component(23, 1),
                from_v2(when) if when else None,
                one.component(15, 1),
                one.component(18, 3),
            )
        )
        _used(one, tag)
    return tuple(signatures)
