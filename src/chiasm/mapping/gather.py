"""The objects of one study brought together into one case."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import UsageError
from .case_dicom import Read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..model import Case, Order, Series
    from .case_dicom import Reading

SINGLE = frozenset({"patient", "visit", "measures", "study"})
"""Records of which a study has one: where an object says otherwise, that is told and not merged."""


def together(cases: Sequence[Case]) -> Case:
    """One case of all objects of one study: the first object's patient, every order, every series.

    Raises UsageError where the objects are not of one study.
    """
    first = cases[0]
    if len(cases) == 1:
        return first
    others = {case.study.uid for case in cases} - {first.study.uid}
    if others:
        raise UsageError(
            f"the objects are of {len(others) + 1} studies: {first.study.uid} and {sorted(others)[0]}",
            hint="convert each study by itself; a folder is sorted by study",
        )
    orders: dict[tuple[str, ...], Order] = {}
    series: dict[str, Series] = {}
    for case in cases:
        for order in case.orders:
            orders.setdefault(_order_key(order), order)
        for one in case.study.series:
            known = series.get(one.uid)
            series[one.uid] = (
                one if known is None else replace(known, instances=known.instances + one.instances)
            )
    modalities = dict.fromkeys(m for case in cases for m in case.study.modalities)
    study = replace(first.study, series=tuple(series.values()), modalities=tuple(modalities))
    return replace(first, orders=tuple(orders.values()), study=study)


def _order_key(order: Order) -> tuple[str, ...]:
    return (order.placer_number, order.filler_number, order.accession_number, order.procedure_id)


def agreeing(reading: Reading, whole: Case) -> list[Read]:
    """The reads of one object, with a refusal where it says otherwise than the case of the study.

    The index of a read becomes that of the record in the whole case.
    """
    case = reading.case
    orders = [_order_key(order) for order in whole.orders]
    uids = [one.uid for one in whole.study.series]
    found = []
    for read in reading.reads:
        record, _, attribute = read.concept.partition(".")
        index, refusal = read.index, read.refusal
        if record in SINGLE:
            if getattr(getattr(case, record), attribute) != getattr(getattr(whole, record), attribute):
                refusal = refusal or "says otherwise than the first object of the study"
        elif record in {"order", "step"} and index < len(case.orders):
            index = orders.index(_order_key(case.orders[index]))
        elif case.study.series:
            index = uids.index(case.study.series[0].uid)
        found.append(Read(read.concept, index, read.leaves, refusal))
    return found
