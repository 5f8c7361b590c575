"""The pitfalls of the crossing between DICOM and v2, each by its name."""

from __future__ import annotations

import pytest

from chiasm import dicom, hl7, mapping
from chiasm.dicom import DataSet
from chiasm.errors import MappingError
from chiasm.mapping.routes import Options
from chiasm.model import Instant, Sender

CT = "1.2.840.10008.5.1.4.1.1.2"
SENDER = Sender(control_id="1", sent=Instant("20260102030405", "", "+0100"))


def image(**elements: object) -> dicom.Package:
    """A CT image of a few elements."""
    data = DataSet(charset="ISO_IR 192")
    known = {
        "SOPClassUID": CT,
        "SOPInstanceUID": "1.2.3.4",
        "StudyInstanceUID": "1.2.3",
        "SeriesInstanceUID": "1.2.3.1",
        "Modality": "CT",
        "PatientID": "P1",
        "PatientName": "Doe^Jane",
    }
    for keyword, value in {**known, **elements}.items():
        data[keyword] = value
    return dicom.create(data)


def to(kind: str, package: dicom.Package, **options: str) -> hl7.Message:
    return hl7.parse(mapping.convert(package, kind, Options(sender=SENDER, **options)).output)


def back(message: hl7.Message) -> DataSet:
    return dicom.parse(mapping.convert(message, "worklist").output).data


def item(**elements: object) -> DataSet:
    data = DataSet()
    for keyword, value in elements.items():
        data[keyword] = value
    return data


def test_prefix_and_suffix_change_places() -> None:
    message = to("oru", image(PatientName="Adams^John^Robert^Dr.^Jr."))
    assert message["PID-5"] == "Adams^John^Robert^Jr.^Dr."


def test_ideographic_and_phonetic_groups_are_repetitions() -> None:
    message = to("oru", image(PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう"))
    assert message["PID-5"] == "Yamada^Tarou^^^^^^A~山田^太郎^^^^^^I~やまだ^たろう^^^^^^P"
    assert message["MSH-18"] == "UNICODE UTF-8"
    again = to("omi", image(PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう"))
    assert back(again).get("PatientName") == "Yamada^Tarou=山田^太郎=やまだ^たろう"


def test_xcn_is_shifted_by_its_identifier() -> None:
    person = item(
        PersonIdentificationCodeSequence=[
            item(CodeValue="77", CodingSchemeDesignator="99H", CodeMeaning="77")
        ]
    )
    package = image(ReferringPhysicianName="Ref^Al", ReferringPhysicianIdentificationSequence=[person])
    assert to("oru", package)["PV1-8"] == "77^Ref^Al^^^^^^99H"


def test_persons_of_obr_32_stand_in_subcomponents() -> None:
    assert to("oru", image(NameOfPhysiciansReadingStudy="Read^Er^^Dr"))["OBR-32"] == "&Read&Er&&&Dr"


def test_issuers_travel_with_their_identifiers() -> None:
    qualifiers = item(UniversalEntityID="1.2.9", UniversalEntityIDType="ISO", IdentifierTypeCode="MR")
    package = image(IssuerOfPatientID="HOSP", IssuerOfPatientIDQualifiersSequence=[qualifiers])
    assert to("oru", package)["PID-3"] == "P1^^^HOSP&1.2.9&ISO^MR"
    data = back(to("omi", package))
    assert data.get("IssuerOfPatientID") == "HOSP"
    assert data.get("IssuerOfPatientIDQualifiersSequence/0/UniversalEntityID") == "1.2.9"


def test_other_patient_ids_are_repetitions() -> None:
    package = image(OtherPatientIDsSequence=[item(PatientID="P2", IssuerOfPatientID="OTHER")])
    assert to("oru", package)["PID-3"] == "P1~P2^^^OTHER"
    assert back(to("omi", package)).get("OtherPatientIDsSequence/0/PatientID") == "P2"


def test_six_digits_of_a_fraction_become_four_and_the_ledger_says_so() -> None:
    result = mapping.convert(image(StudyDate="20260102", StudyTime="030405.123456"), "oru")
    assert hl7.parse(result.output)["OBR-7"] == "20260102030405.1234"
    entry = next(one for one in result.ledger if one.source == "00080030")
    assert entry.reason


def test_the_zone_of_the_data_set_is_that_of_its_times() -> None:
    package = image(StudyDate="20260102", StudyTime="0304", TimezoneOffsetFromUTC="-0530")
    assert to("oru", package)["OBR-7"] == "202601020304-0530"
    assert to("oru", image(StudyDate="20260102", StudyTime="0304"))["OBR-7"] == "202601020304"


def test_a_zone_of_a_message_becomes_that_of_the_data_set() -> None:
    message = hl7.parse(
        b"MSH|^~\\&|A|B|C|D|20260101||OMI^O23^OMI_O23|1|P|2.5.1\rPID|||1||Doe^J||20000101\rORC|NW|1\r"
        b"TQ1|||||||20260102030405+0200\rOBR||1||X^Y^L\rIPC|A1|R1|1.2|S1|CT\r"
    )
    data = back(message)
    assert data.get("TimezoneOffsetFromUTC", "") in ("+0200", "")
    step = data.get("ScheduledProcedureStepSequence")[0]
    assert step.get("ScheduledProcedureStepStartTime") == "030405"
    assert step.get("TimezoneOffsetFromUTC") or data.get("TimezoneOffsetFromUTC")


def test_the_accession_issuer_has_a_home_in_ipc_alone() -> None:
    issuer = item(LocalNamespaceEntityID="RIS", UniversalEntityID="1.2.8", UniversalEntityIDType="ISO")
    package = image(AccessionNumber="A1", IssuerOfAccessionNumberSequence=[issuer])
    assert to("omi", package)["IPC-1"] == "A1^RIS^1.2.8^ISO"
    result = mapping.convert(package, "oru")
    assert hl7.parse(result.output)["OBR-18"] == "A1"
    entry = next(one for one in result.ledger if one.source == "00080051/0/00400031")
    assert (entry.disposition, bool(entry.reason)) == ("dropped", True)


@pytest.mark.parametrize(
    ("text", "place"), [("A" * 17, "AccessionNumber"), ("R" * 17, "RequestedProcedureID")]
)
def test_identifiers_are_refused_and_never_cut(text: str, place: str) -> None:
    field = {"AccessionNumber": 1, "RequestedProcedureID": 2}[place]
    ipc = ["", "A1", "R1", "1.2", "S1", "CT"]
    ipc[field] = text
    message = hl7.parse(
        f"MSH|^~\\&|A|B|C|D|20260101||OMI^O23^OMI_O23|1|P|2.5.1\rPID|||1\rORC|NW|1\rOBR||1||X\rIPC{'|'.join(ipc)}\r"
    )
    result = mapping.convert(message, "worklist")
    assert dicom.parse(result.output).get(place) is None
    entry = next(one for one in result.ledger if one.source == f"IPC[1]-{field}[1].1.1")
    assert "never cut" in entry.reason or "characters" in entry.reason


def test_modalities_are_gathered_from_the_series() -> None:
    packages = [
        ("a", image()),
        ("b", image(SeriesInstanceUID="1.2.3.2", SOPInstanceUID="1.2.3.5", Modality="SR")),
    ]
    message = hl7.parse(mapping.convert(packages, "oru", Options(sender=SENDER)).output)
    said = [s.value(5)[0][0][0] for s in message.segments_named("OBX") if s.value(3)[0][0][0] == "121139"]
    assert said == ["CT", "SR"]


PLACES_OF_THE_STUDY_UID = {
    "IPC-3": "OMI^O23^OMI_O23|1|P|2.5.1\rPID|||1\rORC|NW|1\rOBR||1||X\rIPC|A|R|1.2.77|S\r",
    "ZDS-1": "ORM^O01|1|P|2.3.1\rPID|||1\rORC|NW|1\rOBR||1||X\rZDS|1.2.77^100^Application^DICOM\r",
    "OBX 113014": "ORM^O01|1|P|2.3.1\rPID|||1\rORC|NW|1\rOBR||1||X\rOBX|1|ST|113014^DICOM Study^DCM||1.2.77||||||O\r",
    "OBX 110180": "ORM^O01|1|P|2.3.1\rPID|||1\rORC|NW|1\rOBR||1||X\rOBX|1|ST|110180^Study Instance UID^DCM||1.2.77||||||O\r",
    "OBX text": "ORM^O01|1|P|2.3.1\rPID|||1\rORC|NW|1\rOBR||1||X\rOBX|1|ST|^Study Instance UID||1.2.77||||||O\r",
}


@pytest.mark.parametrize("place", PLACES_OF_THE_STUDY_UID)
def test_the_study_uid_is_found_in_all_its_hiding_places(place: str) -> None:
    text = "MSH|^~\\&|A|B|C|D|20260101||" + PLACES_OF_THE_STUDY_UID[place]
    assert back(hl7.parse(text)).get("StudyInstanceUID") == "1.2.77"


def test_study_uids_that_disagree_are_told_and_not_merged() -> None:
    text = (
        "MSH|^~\\&|A|B|C|D|20260101||OMI^O23^OMI_O23|1|P|2.5.1\rPID|||1\rORC|NW|1\rOBR||1||X\r"
        "IPC|A|R|1.2.77|S\rZDS|1.2.88^100^Application^DICOM\r"
    )
    result = mapping.convert(hl7.parse(text), "worklist")
    assert dicom.parse(result.output).get("StudyInstanceUID") == "1.2.77"
    entry = next(one for one in result.ledger if one.source == "ZDS[1]-1[1].1.1")
    assert entry.disposition == "dropped"
    assert "otherwise" in entry.reason


def test_one_study_with_several_accessions_has_one_obr_each() -> None:
    requests = [item(AccessionNumber=f"A{n}", RequestedProcedureID=f"R{n}") for n in (1, 2)]
    message = to("oru", image(RequestAttributesSequence=requests))
    assert [s.value(18)[0][0][0] for s in message.segments_named("OBR")] == ["A1", "A2"]


def test_an_explicit_null_deletes_and_an_empty_field_does_not() -> None:
    stored = image(PatientBirthDate="20000101", PatientComments="old", PatientSex="F")
    text = 'MSH|^~\\&|A|B|C|D|20260101||ADT^A08^ADT_A01|1|P|2.5.1\rEVN|A08|20260101\rPID|||P1||Doe^Jane||""|\rPV1||U\r'
    result = mapping.convert(hl7.parse(text), "patient", Options(onto=stored))
    data = dicom.parse(result.output)
    assert data.get("PatientBirthDate") is None
    assert data.get("PatientSex") == "F"


def test_a_patient_update_is_refused_for_another_patient() -> None:
    text = "MSH|^~\\&|A|B|C|D|20260101||ADT^A08^ADT_A01|1|P|2.5.1\rEVN|A08|20260101\rPID|||P2||Doe^Jane\rPV1||U\r"
    with pytest.raises(MappingError, match="another patient"):
        mapping.convert(hl7.parse(text), "patient", Options(onto=image()))
    other = text.replace("P2", "P1^^^ELSEWHERE")
    with pytest.raises(MappingError, match="another patient"):
        mapping.convert(hl7.parse(other), "patient", Options(onto=image(IssuerOfPatientID="HERE")))


def test_a_merge_knows_the_object_by_the_prior_identifier() -> None:
    text = "MSH|^~\\&|A|B|C|D|20260101||ADT^A40^ADT_A39|1|P|2.5.1\rEVN|A40|20260101\rPID|||NEW||New^Name\rMRG|P1\r"
    result = mapping.convert(hl7.parse(text), "patient", Options(onto=image()))
    assert dicom.parse(result.output).get("PatientID") == "NEW"
    assert dicom.parse(result.output).get("PatientName") == "New^Name"


def test_only_patient_elements_of_an_updated_object_change() -> None:
    stored = image(PatientComments="stays", Rows=4)
    text = "MSH|^~\\&|A|B|C|D|20260101||ADT^A08^ADT_A01|1|P|2.5.1\rEVN|A08|20260101\rPID|||P1||Roe^Jane\rPV1||U\r"
    result = mapping.convert(hl7.parse(text), "patient", Options(onto=dicom.parse(stored.encode())))
    assert result.output == stored.encode().replace(b"Doe^Jane", b"Roe^Jane")


def test_a_cancelled_order_schedules_nothing() -> None:
    text = "MSH|^~\\&|A|B|C|D|20260101||ORM^O01|1|P|2.3.1\rPID|||1\rORC|CA|1\rOBR||1||X\r"
    with pytest.raises(MappingError, match="cancels"):
        mapping.convert(hl7.parse(text), "worklist")


def test_pn_and_xpn_of_a_name_with_a_degree() -> None:
    text = (
        "MSH|^~\\&|A|B|C|D|20260101||ORM^O01|1|P|2.3.1\rPID|||1||Adams^John^^III^Dr^MD\rORC|NW|1\rOBR||1||X\r"
    )
    assert back(hl7.parse(text)).get("PatientName") == "Adams^John^^Dr^III MD"
