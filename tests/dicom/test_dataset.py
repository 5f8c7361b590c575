"""The data set: look-ups, decoding in context, edits, and equality with pydicom over real files."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom.multival import MultiValue

from chiasm import dicom
from chiasm.errors import ChiasmError, EncodeError, UsageError, ValueFormatError

Make = Callable[..., bytes]


def _theirs(element: pydicom.DataElement) -> object:
    value = element.value
    if value is None or value in ("", b"") or (isinstance(value, MultiValue | list) and not value):
        return None
    if isinstance(value, MultiValue | list):
        return tuple(_one(element.VR, one) for one in value)
    return _one(element.VR, value)


def _one(vr: str, value: object) -> object:
    if vr in ("DS", "IS"):
        return str(getattr(value, "original_string", value)).strip()
    if vr == "PN":
        return str(value)
    if vr == "AT":
        return int(value)  # type: ignore[call-overload]  # a tag is an int
    return value.strip() if isinstance(value, str) else value


def _ours(element: dicom.Element) -> object:
    def plain(value: object) -> object:
        if element.vr == "PN":
            return str(value).rstrip("=")  # pydicom drops empty groups at the end
        return value.strip() if isinstance(value, str) else value

    value = element.value
    if isinstance(value, tuple):
        return tuple(plain(one) for one in value)
    return None if value is None else plain(value)


def test_every_element_of_every_file_equals_pydicoms(pydicom_files: list[Path]) -> None:
    compared = 0
    for path in pydicom_files:
        try:
            package = dicom.read_file(path)
        except ChiasmError:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stack = [(package.data, pydicom.dcmread(path, force=True))]
            while stack:
                mine, theirs = stack.pop()
                assert [element.tag for element in mine] == sorted(int(tag) for tag in list(theirs.keys())), (
                    path.name
                )
                for element in mine:
                    other = theirs[element.tag]
                    if other.VR == "SQ":
                        assert len(element.items) == len(other.value), (path.name, element)
                        stack.extend(zip(element.items, other.value, strict=True))
                    elif element.tag != 0x7FE00010:
                        assert _ours(element) == _theirs(other), (path.name, element)
                        compared += 1
    assert compared > 10_000


@pytest.fixture
def package(explicit: Make, implicit: Make, part10: Make) -> dicom.Package:
    item = implicit(0xFFFEE000, explicit(0x00400009, "SH", b"STEP") + explicit(0x00080100, "SH", b"CODE"))
    body = (
        explicit(0x00080005, "CS", b"ISO_IR 100")
        + explicit(0x00080008, "CS", b"ORIGINAL\\PRIMARY ")
        + explicit(0x00081140, "SQ", b"")
        + explicit(0x00100010, "PN", b"M\xfcller^J")
        + explicit(0x00280010, "US", b"\0\2")
        + explicit(0x00400275, "SQ", item)
    )
    return dicom.parse(part10(body))


@pytest.mark.parametrize("key", ["PatientName", "00100010", "(0010,0010)", 0x00100010])
def test_keys(package: dicom.Package, key: str | int) -> None:
    assert package.get(key) == package[key] == "Müller^J"
    assert key in package
    assert package.raw(key) == b"M\xfcller^J"


def test_paths(package: dicom.Package) -> None:
    assert package["00400275/0/00400009"] == "STEP"
    assert package.get("RequestAttributesSequence/0/ScheduledProcedureStepID") == "STEP"
    assert package.get("RequestAttributesSequence/1/ScheduledProcedureStepID", "none") == "none"
    assert "RequestAttributesSequence/0/PatientID" not in package


def test_missing_and_meaningless_keys(package: dicom.Package) -> None:
    assert package.get("PatientID") is None
    assert package.get("PatientID", "x") == "x"
    assert package.element("PatientID") is None
    with pytest.raises(KeyError):
        package["PatientID"]
    with pytest.raises(KeyError):
        del package["PatientID"]
    for key in (
        "NoKeyword",
        "0010001",
        "RequestAttributesSequence/0",
        "RequestAttributesSequence/x/PatientID",
    ):
        with pytest.raises(UsageError):
            package.get(key)


def test_elements(package: dicom.Package) -> None:
    assert [element.keyword for element in package][:2] == ["SpecificCharacterSet", "ImageType"]
    element = package.element("ImageType")
    assert element is not None
    assert (element.tag, element.vr, element.length, element.is_private) == (0x00080008, "CS", 17, False)
    assert element.value == ("ORIGINAL", "PRIMARY")
    assert repr(element) == "Element(00080008 CS ImageType 17 bytes)"
    assert len(package) == 6


def test_walk_visits_leaves_in_order_and_empty_sequences(package: dicom.Package) -> None:
    assert [path for path, _ in package.walk()] == [
        "00080005", "00080008", "00081140", "00100010", "00280010", "00400275/0/00400009",
        "00400275/0/00080100",
    ]  # fmt: skip


def test_items_inherit_the_character_set_unless_they_have_their_own(
    explicit: Make, implicit: Make, part10: Make
) -> None:
    name = explicit(0x00100010, "PN", b"\xe7\x8e\x8b")
    own = explicit(0x00080005, "CS", b"ISO_IR 192")
    items = implicit(0xFFFEE000, name) + implicit(0xFFFEE000, own + name)
    body = explicit(0x00080005, "CS", b"ISO_IR 144") + explicit(0x00081115, "SQ", items)
    package = dicom.parse(part10(body))
    assert package["00081115/1/00100010"] == "王"
    assert package["00081115/0/00100010"] == "ч\\x8e\\x8b"
    package["SpecificCharacterSet"] = "GBK"
    assert package["00081115/0/00100010"] == b"\xe7\x8e\x8b".decode("gbk", "surrogateescape").replace(
        "\udc8b", "\\x8b"
    )


def test_us_or_ss_follows_pixel_representation(implicit: Make) -> None:
    smallest = implicit(0x00280106, b"\xff\xff")
    for representation, value in ((b"\0\0", 65535), (b"\1\0", -1)):
        body = implicit(0x00280010, b"\1\0") + implicit(0x00280103, representation) + smallest
        assert dicom.parse(body).get("SmallestImagePixelValue") == value


def test_private_elements_by_their_creator(implicit: Make) -> None:
    body = implicit(0x00080060, b"MR") + implicit(0x00190010, b"SIEMENS MR HEADER ")
    package = dicom.parse(body + implicit(0x0019100C, b"1000") + implicit(0x00191115, b"x "))
    element = package.element(0x0019100C)
    assert element is not None
    assert (element.vr, element.value, element.is_private) == ("IS", "1000", True)  # B_value of Siemens MR
    assert package.get(0x00191115) == b"x "
    assert package.get(0x00190010) == "SIEMENS MR HEADER"


def test_sequences_hidden_in_un(explicit: Make, implicit: Make, part10: Make) -> None:
    inner = implicit(0xFFFEE000, implicit(0x00080100, b"T-1 "))
    open_ended = explicit(0x00091001, "UN", inner + implicit(0xFFFEE0DD, b""), 0xFFFFFFFF)
    # the delimiter belongs to the value in the builder above, so the length field alone says undefined
    closed = explicit(0x00081115, "UN", inner)
    data = part10(closed + open_ended)
    package = dicom.parse(data)
    assert package["00081115/0/CodeValue"] == "T-1"
    assert package["00091001/0/CodeValue"] == "T-1"
    assert package.encode() == data
    package["00091001/0/CodeValue"] = "T-22"
    assert package.encode() == data[::-1].replace(b"T-1 "[::-1], b"T-22"[::-1], 1)[::-1]


def test_un_of_a_known_element_is_decoded_by_the_dictionary(explicit: Make, part10: Make) -> None:
    element = dicom.parse(part10(explicit(0x00280010, "UN", b"\2\0"))).element("Rows")
    assert element is not None
    assert (element.value, element.vr, element.wire_vr) == (2, "US", "UN")


def test_numbers_of_no_whole_length_are_bytes_and_flagged(explicit: Make, part10: Make) -> None:
    element = dicom.parse(part10(explicit(0x00280010, "US", b"\2\0\1"))).element("Rows")
    assert element is not None
    assert element.value == b"\2\0\1"
    assert element.problems[0].message == "3 bytes are no whole number of US"


def test_set_chooses_the_vr(package: dicom.Package) -> None:
    package["Columns"] = 7
    package.set("00091001", "text", "LO")
    package.set("00091002", b"\1\2")
    assert package.raw("Columns") == b"\7\0"
    assert [package.element(key).vr for key in ("Columns", "00091001", "00091002")] == ["US", "LO", "UN"]  # type: ignore[union-attr]  # they were set
    with pytest.raises(UsageError, match="no VR is known"):
        package["00091003"] = "text"
    with pytest.raises(UsageError, match="is no VR"):
        package.set("00091003", "text", "XX")


def test_set_by_path_makes_the_next_item(package: dicom.Package) -> None:
    package["RequestAttributesSequence/1/ScheduledProcedureStepID"] = "S2"
    package["ReferencedSeriesSequence/0/ReferencedInstanceSequence/0/ReferencedSOPInstanceUID"] = "1.2"
    again = dicom.parse(package.encode())
    assert again["00400275/1/00400009"] == "S2"
    assert again["00400275/0/00400009"] == "STEP"
    assert again["00081115/0/0008114A/0/00081155"] == "1.2"
    with pytest.raises(UsageError, match="cannot be made before"):
        package["RequestAttributesSequence/9/PatientID"] = "x"


def test_a_text_that_the_declared_set_lacks_is_refused_and_nothing_changes(package: dicom.Package) -> None:
    before = package.encode()
    with pytest.raises(EncodeError, match="U\\+5C71"):
        package["PatientName"] = "山田"
    assert package.encode() == before


def test_a_new_data_set_takes_up_unicode_when_it_must() -> None:
    data = dicom.DataSet({"PatientID": "1"})
    assert data.charset == ()
    data["PatientName"] = "山田"
    assert data.charset == ("ISO_IR 192",)
    assert data.raw("PatientName") == "山田".encode()


def test_nested_new_data_sets_share_one_character_set() -> None:
    data = dicom.DataSet({"PatientID": "1"})
    data["ReferencedSeriesSequence"] = [{"SeriesDescription": "山田"}]
    assert data.get("SpecificCharacterSet") == "ISO_IR 192"
    assert data.get("ReferencedSeriesSequence/0/SpecificCharacterSet") is None
    data["ReferencedSeriesSequence/0/SeriesDescription"] = "漢字"
    assert data["ReferencedSeriesSequence/0/SeriesDescription"] == "漢字"


def test_an_item_from_elsewhere_is_copied_with_its_character_set(package: dicom.Package) -> None:
    other = dicom.DataSet(charset="ISO_IR 192")
    other["ReferencedSeriesSequence"] = package.get("RequestAttributesSequence")
    assert other["ReferencedSeriesSequence/0/SpecificCharacterSet"] == "ISO_IR 100"
    other["ReferencedSeriesSequence/0/CodeValue"] = "NEW"
    assert package["RequestAttributesSequence/0/CodeValue"] == "CODE"


def test_copy_is_independent(package: dicom.Package) -> None:
    copy = package.data.copy()
    copy["RequestAttributesSequence/0/CodeValue"] = "OTHER"
    copy["PatientName"] = "X"
    assert package["RequestAttributesSequence/0/CodeValue"] == "CODE"
    assert package["PatientName"] == "Müller^J"


def test_new_elements_stand_in_the_order_of_their_tags(package: dicom.Package) -> None:
    for key in ("PixelSpacing", "Modality", "PatientID", "InstanceNumber"):
        package[key] = "1"
    assert [element.tag for element in package] == sorted(element.tag for element in package)


def test_a_sequence_takes_data_sets_only() -> None:
    data = dicom.DataSet()
    for wrong in ("text", 5, [5], dicom.DataSet()):
        with pytest.raises(ValueFormatError):
            data["ReferencedSeriesSequence"] = wrong


def test_encapsulated_fragments_are_found_not_read(pydicom_data: Path) -> None:
    path = pydicom_data / "test_files/SC_rgb_jpeg_dcmtk.dcm"
    element = dicom.read_file(path).element("PixelData")
    assert element is not None
    offset, length = element.fragments[1]
    assert element.raw[offset : offset + 2] == b"\xff\xd8"  # a JPEG begins so
    assert offset + length == element.length
