"""Images become messages; what images do not become is refused."""

import pytest

from chiasm import dicom, mapping
from chiasm.errors import UsageError
from chiasm.mapping import crosswalk, forward
from chiasm.model import Sender


def test_an_unknown_kind_is_refused(pydicom_files):
    path = next(one for one in pydicom_files if one.name == "CT_small.dcm")
    with pytest.raises(UsageError, match="siu"):
        forward.to_message([("", dicom.read_file(path))], "siu", crosswalk.default(), Sender())


def test_findings_of_the_source_come_along(pydicom_files):
    path = next(one for one in pydicom_files if one.name == "MR_truncated.dcm")
    package = dicom.read_file(path)
    assert package.findings
    assert mapping.convert(package, "oru").findings == tuple(package.findings)


def test_the_ledger_names_targets_that_the_message_has(pydicom_files):
    from chiasm import hl7

    path = next(one for one in pydicom_files if one.name == "CT_small.dcm")
    result = mapping.convert(dicom.read_file(path), "oru")
    message = hl7.parse(result.output)
    for entry in result.ledger:
        for target in entry.target.split(" ") if entry.target[:4] != "OBX(" else ():
            if (
                entry.reason != "empty on both sides"
                and "-" in target
                and "(" not in target
                and "^" not in target
            ):
                assert message[target] is not None, entry
