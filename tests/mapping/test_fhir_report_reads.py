"""The ledger of a report: items mapped, their structure and attributes told as not said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chiasm import mapping
from chiasm.dicom import Package
from chiasm.mapping.fhir_report_reads import DETAIL
from chiasm.model import Disposition


def test_items_and_their_details(sr_package: Callable[..., Package], measurement_report: Any) -> None:
    package = sr_package(measurement_report, ContentTime="101112", TimezoneOffsetFromUTC="+0100")
    ledger = {entry.source: entry for entry in mapping.convert(package, "fhir").ledger}
    number = "0040A730/0/0040A730/0/0040A730/3/"
    value = ledger[f"{number}0040A300/0/0040A30A"]
    assert value.disposition is Disposition.MAPPED
    assert value.target.endswith("valueQuantity")
    relationship = ledger[f"{number}0040A010"]
    assert relationship.disposition is Disposition.DROPPED
    assert DETAIL in relationship.reason
    assert ledger["0040A491"].target.endswith(".status")
    assert ledger["00080023"].target.endswith(".issued")


def test_device_authors_and_predecessors_are_told(sr_package: Callable[..., Package]) -> None:
    root = ("", "CONTAINER", ("1", "L", "x"), {"ContinuityOfContent": "SEPARATE"}, [])
    author = {"ObserverType": "DEV", "StationName": "S", "DeviceUID": "1.2.5"}
    package = sr_package(root, AuthorObserverSequence=[author])
    ledger = {entry.source: entry for entry in mapping.convert(package, "fhir").ledger}
    assert "no device" in ledger["0040A078/0/00181002"].reason
