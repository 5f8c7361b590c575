"""The header that a message declares comes back as it was. docs/mapping-sr.md."""

from __future__ import annotations

from chiasm import hl7
from chiasm.mapping.report_obx import observations
from chiasm.mapping.report_own import header_of
from chiasm.mapping.sr_rebuild import rebuild
from chiasm.model import Identifier, Instant, Issuer, NameGroup, Reference

LINES = (
    "OBX|1|ST|00080018^SOPInstanceUID^99DCMTAG|1.1|1.2.3.4||||||F",
    "OBX|2|ST|110181^SOP Class UID^DCM|1.1|1.2.840.10008.5.1.4.1.1.88.33||||||F",
    "OBX|3|ST|0040A491^CompletionFlag^99CHIASM||COMPLETE||||||F",
    "OBX|4|ST|0040A493^VerificationFlag^99CHIASM||VERIFIED||||||F",
    "OBX|5|ST|0040A492^CompletionFlagDescription^99CHIASM||Corrected||||||F",
    "OBX|6|XCN|0040A073^VerifyingObserverSequence^99CHIASM||7^Doe^Jane^^^^^^99HOSP||||||F|||20240131130000"
    "|||||||||Hospital",
    "OBX|7|XCN|0040A07A^ParticipantSequence^99CHIASM||^CT1||||||F|||20240131|SOURCE^^DCM|||^^1.2.88^ISO",
    "OBX|8|ST|0040A360^PredecessorDocumentsSequence^99CHIASM||1.1~1.2~1.3~1.4||||||F",
)


def test_a_declared_header() -> None:
    found = observations(hl7.parse("\r".join(["MSH|^~\\&|A|B|||1||ORU^R01|1|P|2.5.1", *LINES])))
    header = header_of(rebuild([one for one in found if one.code[2] == "99CHIASM"]).declared, found)
    report = header.report
    assert (report.completed, report.verified, header.explanation) == (True, True, "Corrected")
    verifier, part = report.verifiers[0], report.participants[0]
    assert verifier.person.name.alphabetic == NameGroup("Doe", "Jane")
    assert verifier.person.identifier == Identifier("7", Issuer("99HOSP"))
    assert (verifier.organization, verifier.when) == ("Hospital", Instant("20240131130000"))
    assert (part.device, part.part, part.when) == ("1.2.88", "SOURCE", Instant("20240131"))
    assert header.references == (Reference("1.3", "1.4", series="1.2", study="1.1", role="predecessor"),)
    assert (header.sop_class, header.instance) == ("1.2.840.10008.5.1.4.1.1.88.33", "1.2.3.4")
    assert all(one.target for one in found)


def test_a_message_that_declares_nothing() -> None:
    header = header_of({}, [])
    assert (header.report.completed, header.references, header.sop_class) == (False, (), "")
