"""The registry of UIDs and how each transfer syntax encodes a data set. PS3.6 §A, PS3.5 §A."""

from __future__ import annotations

import re

import pydicom.uid
import pytest
from pydicom._uid_dict import UID_dictionary

from chiasm.standards import uids
from chiasm.standards.uids import TransferSyntax, Uid


@pytest.mark.parametrize(
    ("uid", "implicit", "little", "deflated", "encapsulated", "retired"),
    [  # PS3.5 §A.1 to §A.11
        ("1.2.840.10008.1.2", True, True, False, False, False),
        ("1.2.840.10008.1.2.1", False, True, False, False, False),
        ("1.2.840.10008.1.2.1.99", False, True, True, False, False),
        ("1.2.840.10008.1.2.2", False, False, False, False, True),
        ("1.2.840.10008.1.2.1.98", False, True, False, True, False),
        ("1.2.840.10008.1.2.4.50", False, True, False, True, False),
        ("1.2.840.10008.1.2.4.53", False, True, False, True, True),
        ("1.2.840.10008.1.2.4.94", False, True, False, False, False),
        ("1.2.840.10008.1.2.4.95", False, True, True, False, False),
        ("1.2.840.10008.1.2.4.205", False, True, True, False, False),
        ("1.2.840.10008.1.2.4.112", False, True, False, True, False),
        ("1.2.840.10008.1.2.4.202", False, True, False, True, False),
        ("1.2.840.10008.1.2.5", False, True, False, True, False),
        ("1.2.840.10008.1.2.8.1", False, True, False, True, False),
        ("1.2.840.10008.1.20", True, True, False, False, True),
        ("1.2.840.113619.5.2", True, True, False, False, False),
    ],
)
def test_transfer_syntaxes(
    uid: str, implicit: bool, little: bool, deflated: bool, encapsulated: bool, retired: bool
) -> None:
    found = uids.transfer_syntax(uid)
    assert found is not None
    assert found == TransferSyntax(uid, found.name, implicit, little, deflated, encapsulated, retired)
    assert found.name


def test_what_is_no_transfer_syntax() -> None:
    assert uids.transfer_syntax("1.2.840.10008.5.1.4.1.1.2") is None
    assert uids.transfer_syntax("1.2.3") is None
    assert uids.transfer_syntax("") is None
    # Encodings of mail and XML are registered as transfer syntaxes, but encode no data set. PS3.5 §A.9, §A.10
    assert uids.transfer_syntax("1.2.840.10008.1.2.6.1") is None
    assert uids.by_uid("1.2.840.10008.1.2.6.1") is not None


def test_transfer_syntaxes_agree_with_pydicom() -> None:
    for found in uids.transfer_syntaxes():
        other = pydicom.uid.UID(found.uid)
        if other not in pydicom.uid.AllTransferSyntaxes:
            continue
        if "SMPTE" not in found.name and "JPIP" not in found.name:  # pydicom calls these encapsulated too
            assert found.encapsulated == other.is_encapsulated, found
        assert found.implicit_vr == other.is_implicit_VR, found
        assert found.little_endian == other.is_little_endian, found


def test_by_uid_and_keyword() -> None:
    ct = Uid("1.2.840.10008.5.1.4.1.1.2", "CT Image Storage", "SOP Class", "CTImageStorage", False)
    assert uids.by_uid(ct.uid) == ct
    assert uids.by_keyword("CTImageStorage") == ct
    assert uids.name(ct.uid) == ct.name
    assert uids.name("1.2.3") == ""
    assert uids.by_uid("1.2.3") is None
    assert uids.by_keyword("") is None
    assert uids.by_keyword("NoSuchStorage") is None


def test_constants_are_of_the_registry() -> None:
    for uid in (uids.IMPLICIT_LITTLE, uids.EXPLICIT_LITTLE, uids.DEFLATED_LITTLE, uids.EXPLICIT_BIG):
        assert uids.transfer_syntax(uid) is not None


def test_what_came_after_the_source_is_there() -> None:
    for keyword in ("LabelMapSegmentationStorage", "JPEGXL", "WaveformPresentationStateStorage"):
        assert uids.by_keyword(keyword) is not None


def test_every_row_of_the_source_is_there() -> None:
    for uid, (name, kind, _, retired, keyword) in UID_dictionary.items():
        assert uids.by_uid(uid) == Uid(uid, name, kind, keyword, bool(retired))


def test_uids_are_well_formed() -> None:
    for kind in ("SOP Class", "Transfer Syntax", "Meta SOP Class", "Well-known SOP Instance"):
        found = uids.of_kind(kind)
        assert found
        for one in found:  # PS3.5 §9.1
            assert re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+", one.uid)
            assert len(one.uid) <= 64
    assert uids.of_kind("No such kind") == ()
