"""From a FHIR ServiceRequest, with its patient and tasks, to Modality Worklist items.

FHIR R4 §12.12; RAD TF-2 §4.5; PS3.4 §K.6.1.2.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import MappingError
from . import fhir_account, fhir_read, worklist
from .fhir_nodes import Index
from .result import Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..fhir import Resource
    from ..model import Entry
    from .crosswalk import Crosswalk

_GONE = {"revoked": "CA", "entered-in-error": "CA"}
"""States of a request that ask for nothing to be scheduled, and the order control that says the same."""


def from_resource(root: Resource, crosswalk: Crosswalk) -> Result:
    """The worklist items that the requests ask for: one output for each step.

    Raises MappingError where there is no ServiceRequest, or one that was revoked.
    """
    reading = fhir_read.read(root, crosswalk)
    requests = [node.value for node in Index(root).of("ServiceRequest")]
    if not requests:
        raise MappingError("there is no ServiceRequest in it", hint="a worklist item needs one")
    orders = tuple(
        replace(order, control=_GONE.get(str(request.get("status")), ""))
        for order, request in zip(reading.case.orders, requests, strict=True)
    )
    reading.case = replace(reading.case, orders=orders)
    outputs, writer = worklist.items(reading.case, crosswalk)

    def entries() -> Iterator[Entry]:
        return fhir_account.of_resource(root, reading, writer.written, writer.refused, "a worklist item")

    return Result(outputs[0], "worklist", entries, more=tuple(outputs[1:]))
