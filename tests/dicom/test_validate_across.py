"""What several attributes say together: frames, pixels, identifiers, evidence, functional groups."""

from __future__ import annotations

import pytest

from chiasm import dicom
from chiasm.dicom.secondary_capture import Raster, secondary_capture
from chiasm.dicom.structured_report import structured_report
from chiasm.dicom.validate_across import agreement, functional_groups
from chiasm.standards import iods

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"


def found(data: dicom.DataSet) -> list[tuple[str, str]]:
    return [(one.path, one.rule) for one in agreement(dicom.create(data), ())]


@pytest.fixture
def capture() -> dicom.DataSet:
    return secondary_capture(Raster(2, 3, 1, 8, (b"abcdef", b"ghijkl")), {})


def test_in_order(capture):
    assert found(capture) == []


@pytest.mark.parametrize(("keyword", "value"), [("Rows", 3), ("NumberOfFrames", "3"), ("BitsAllocated", 16)])
def test_pixels_that_do_not_fit(capture, keyword, value):
    capture[keyword] = value
    assert found(capture) == [("7FE00010", "pixel-data-length")]


def test_half_sampled_color_has_two_bytes_a_pixel(pydicom_data):
    package = dicom.read_file(pydicom_data / "test_files" / "SC_ybr_full_422_uncompressed.dcm")
    assert list(agreement(package, ())) == []


def test_padded_pixels(pydicom_data):
    """dciodvfy: PixelData has 8320 bytes, 8192 are expected."""
    package = dicom.read_file(pydicom_data / "test_files" / "MR_small_padded.dcm")
    assert [one.rule for one in agreement(package, ())] == ["pixel-data-length"]


def test_compressed_pixels_are_not_counted(pydicom_data):
    package = dicom.read_file(pydicom_data / "test_files" / "SC_rgb_rle.dcm")
    assert list(agreement(package, ())) == []


def test_one_uid_for_two_things(capture):
    capture["SeriesInstanceUID"] = capture["StudyInstanceUID"]
    assert found(capture) == [("0020000D", "same-uid")]


def test_evidence():
    image = {"type": "IMAGE", "value": ["1.2.840.10008.5.1.4.1.1.2", "1.2.3", "1.2"]}
    data = structured_report({"type": "CONTAINER", "name": ["1", "99A", "x"], "items": [image]}, {})
    assert found(data) == []
    del data["CurrentRequestedProcedureEvidenceSequence"]
    assert found(data) == [("0040A730/0/00081199/0/00081155", "evidence")]


def test_frames_of_a_segmentation(pydicom_data):
    """dciodvfy: 3 items in PerFrameFunctionalGroupsSequence, but 1 frame."""
    package = dicom.read_file(pydicom_data / "test_files" / "liver_1frame.dcm")
    assert "frame-count" in {one.rule for one in agreement(package, ())}


def groups_of(shared: dict[str, object], *frames: dict[str, object]) -> list[tuple[str, str]]:
    iod = iods.for_sop_class(SEGMENTATION)
    assert iod is not None
    data = dicom.DataSet(
        {
            "SegmentationType": "BINARY",
            "SharedFunctionalGroupsSequence": [shared],
            "PerFrameFunctionalGroupsSequence": list(frames),
        }
    )
    only = tuple(one for one in iod.functional_groups if one.tag in (0x00289110, 0x00209111, 0x0062000A))
    return [(one.path, one.rule) for one in functional_groups(data, only)]


def test_functional_groups():
    frame = {"FrameContentSequence": [{}], "SegmentIdentificationSequence": [{}]}
    assert groups_of({}, frame, frame) == []
    assert groups_of({}, frame, {"FrameContentSequence": [{}]}) == [
        ("52009230/1/0062000A", "missing-functional-group")
    ]
    assert groups_of({"SegmentIdentificationSequence": [{}]}, frame) == [
        ("52009229/0/0062000A", "not-allowed")
    ]
