"""Fields that the standard requires or ties together under a condition, as rows with their citation.

Covered are the segments that imaging orders and results are made of. A row of `RULES` reads: in
`segment`, where `holds`, `field` is required. HL7 v2.5.1 §4.5, §7.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ..errors import Finding, Severity

Fields = Sequence[str]
"""The fields of one segment: item n is field n as ER7, item 0 the segment id."""
REPORTS = frozenset({"ORU", "OUL", "ORF"})


class Rule(NamedTuple):
    """One row: the field that is required, when, said for people, and where the standard says so."""

    segment: str
    field: int
    holds: Callable[[Fields, str], bool]
    condition: str
    citation: str


def field(fields: Fields, number: int) -> str:
    """The ER7 text of one field; "" where it is absent."""
    return fields[number] if number < len(fields) else ""


RULES: tuple[Rule, ...] = (
    Rule(
        "OBX",
        2,
        lambda fields, _: bool(field(fields, 5)) and field(fields, 11) != "X",
        "OBX-5 is valued and OBX-11 is not X",
        "HL7 v2.5.1 §7.4.2.2",
    ),
    Rule(
        "OBR",
        7,
        lambda _, code: code in REPORTS,
        "the OBR is part of a report message",
        "HL7 v2.5.1 §7.4.1.7",
    ),
    Rule(
        "OBR",
        25,
        lambda _, code: code in REPORTS,
        "the OBR is part of a report message",
        "HL7 v2.5.1 §7.4.1.25",
    ),
)


def check_conditions(path: str, fields: Fields, code: str) -> Iterator[Finding]:
    """Yield a finding for each field of one segment whose condition holds while it is empty."""
    for rule in RULES:
        if rule.segment == fields[0] and not field(fields, rule.field) and rule.holds(fields, code):
            message = f"{rule.segment}-{rule.field} is required where {rule.condition}"
            yield Finding(
                Severity.ERROR, f"{path}-{rule.field}", "missing-conditional-field", message, rule.citation
            )


def check_order_numbers(orders: tuple[str, Fields], requests: tuple[str, Fields]) -> Iterator[Finding]:
    """Compare an ORC with the OBR of the same order: what both give must be equal, one must be there.

    A new order (ORC-1 NW) needs the placer's number in one of them. HL7 v2.5.1 §4.5.1.2, §4.5.1.3.
    """
    orc_path, orc = orders
    obr_path, obr = requests
    for number, owner, citation in (
        (2, "placer", "HL7 v2.5.1 §4.5.1.2"),
        (3, "filler", "HL7 v2.5.1 §4.5.1.3"),
    ):
        left, right = field(orc, number), field(obr, number)
        if left and right and left != right:
            message = f"the {owner} order number differs from ORC-{number} ({orc_path})"
            yield Finding(Severity.ERROR, f"{obr_path}-{number}", "order-number-mismatch", message, citation)
        elif number == 2 and not left and not right and field(orc, 1) == "NW":
            message = "a new order needs its placer order number in ORC-2 or OBR-2"
            yield Finding(Severity.ERROR, f"{orc_path}-2", "missing-conditional-field", message, citation)
