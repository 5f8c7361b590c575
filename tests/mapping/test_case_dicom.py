"""What a data set says becomes a case, and what was read is known."""

from chiasm.dicom import DataSet
from chiasm.mapping import case_dicom
from chiasm.mapping.crosswalk import default


def read(**elements):
    return case_dicom.read(DataSet(elements), default())


def test_an_order_for_each_request_with_what_is_around_it():
    requests = [
        DataSet({"RequestedProcedureID": f"R{n}", "ScheduledProcedureStepID": f"S{n}"}) for n in (1, 2)
    ]
    orders = read(AccessionNumber="A", RequestAttributesSequence=requests).case.orders
    assert [(o.procedure_id, o.accession_number, o.steps[0].identifier) for o in orders] == [
        ("R1", "A", "S1"),
        ("R2", "A", "S2"),
    ]


def test_the_requests_of_a_report():
    orders = read(
        ReferencedRequestSequence=[DataSet({"AccessionNumber": "A9"})], AccessionNumber="A"
    ).case.orders
    assert [order.accession_number for order in orders] == ["A9"]


def test_the_steps_of_a_worklist_item():
    step = DataSet({"ScheduledProcedureStepID": "S1", "Modality": "MR", "ScheduledStationAETitle": "MR1"})
    (order,) = read(RequestedProcedureID="R", ScheduledProcedureStepSequence=[step]).case.orders
    (found,) = order.steps
    assert (found.identifier, found.modality, found.ae_titles) == ("S1", "MR", ("MR1",))


def test_series_equipment_and_instance():
    case = read(
        StudyInstanceUID="1",
        SeriesInstanceUID="1.1",
        SOPInstanceUID="1.1.1",
        Modality="CT",
        Manufacturer="ACME",
    ).case
    (series,) = case.study.series
    assert (case.study.uid, series.uid, series.instances[0].uid, series.equipment.manufacturer) == (
        "1",
        "1.1",
        "1.1.1",
        "ACME",
    )
    assert case.study.modalities == ("CT",)


def test_a_value_that_is_refused_is_told_with_its_leaves():
    reading = read(PatientBirthDate="NEVER", PatientID="1")
    (refused,) = [one for one in reading.reads if one.refusal]
    assert (refused.concept, refused.leaves) == ("patient.birth_date", [("", 0x00100030, "")])
    assert reading.case.patient.birth_date is None


def test_nothing_said_is_nothing_read():
    reading = read()
    assert reading.reads == []
    assert len(reading.case.orders) == 1
