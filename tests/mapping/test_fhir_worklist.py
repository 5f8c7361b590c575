"""A ServiceRequest becomes worklist items; every leaf of the resources is in the ledger once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from chiasm import dicom, fhir, mapping
from chiasm.errors import MappingError
from chiasm.model import Disposition

DCM = "http://dicom.nema.org/resources/ontology/DCM"
V2 = "http://terminology.hl7.org/CodeSystem/v2-0203"


@pytest.fixture
def bundle() -> dict[str, Any]:
    patient = {
        "resourceType": "Patient",
        "id": "p",
        "identifier": [{"value": "P1", "assigner": {"display": "H"}}],
        "name": [{"family": "Doe", "given": ["Jane", "Q"]}],
        "gender": "female",
        "birthDate": "1970-01-02",
        "maritalStatus": {"text": "M"},
    }
    request = {
        "resourceType": "ServiceRequest",
        "id": "s",
        "status": "active",
        "intent": "order",
        "identifier": [{"type": {"coding": [{"system": V2, "code": "ACSN"}]}, "value": "A1"}],
        "priority": "stat",
        "code": {
            "coding": [{"system": "http://loinc.org", "code": "24627-2", "display": "Chest CT"}],
            "text": "CT",
        },
        "orderDetail": [{"coding": [{"system": DCM, "code": "CT"}]}],
        "subject": {"reference": "Patient/p"},
        "occurrenceDateTime": "2020-02-29T10:11:12+01:00",
        "requester": {"reference": "Practitioner/d"},
        "reasonCode": [{"text": "cough"}],
    }
    doctor = {"resourceType": "Practitioner", "id": "d", "name": [{"family": "Roe"}]}
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": one} for one in (patient, request, doctor)],
    }


def test_item_of_a_request(bundle: dict[str, Any]) -> None:
    result = mapping.convert(fhir.Resource(bundle), "worklist")
    item = dicom.parse(result.output)
    assert item["PatientName"] == "Doe^Jane^Q"
    assert item["PatientID"] == "P1"
    assert item["PatientSex"] == "F"
    assert item["AccessionNumber"] == "A1"
    assert item["RequestingPhysician"] == "Roe"
    assert item["RequestedProcedurePriority"] == "STAT"
    assert item["RequestedProcedureDescription"] == "CT"
    assert item["ReasonForTheRequestedProcedure"] == "cough"
    step = "ScheduledProcedureStepSequence/0/"
    assert item[f"{step}Modality"] == "CT"
    assert item[f"{step}ScheduledProcedureStepStartDate"] == "20200229"


def test_every_leaf_is_accounted_for(bundle: dict[str, Any]) -> None:
    resource = fhir.Resource(bundle)
    result = mapping.convert(resource, "worklist")
    assert Counter(entry.source for entry in result.ledger) == Counter(path for path, _ in resource.walk())
    told = {entry.source: entry for entry in result.ledger}
    base = "Bundle.entry[0].resource"
    assert told[f"{base}.birthDate"].disposition is Disposition.MAPPED
    assert told[f"{base}.maritalStatus.text"].rule == "no-row"
    assert told["Bundle.entry[1].resource.requester.reference"].disposition is Disposition.MAPPED


def test_request_by_itself(bundle: dict[str, Any]) -> None:
    request = bundle["entry"][1]["resource"]
    assert dicom.parse(mapping.convert(fhir.Resource(request), "worklist").output)["AccessionNumber"] == "A1"


def test_nothing_to_schedule(bundle: dict[str, Any]) -> None:
    with pytest.raises(MappingError, match="no ServiceRequest"):
        mapping.convert(fhir.Resource(bundle["entry"][0]["resource"]), "worklist")
    bundle["entry"][1]["resource"]["status"] = "revoked"
    with pytest.raises(MappingError, match="cancels"):
        mapping.convert(fhir.Resource(bundle), "worklist")
