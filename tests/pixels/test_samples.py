"""Plain numbers for a viewer; the expected ones are pydicom's."""

from __future__ import annotations

import io

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut, pixel_array

from chiasm import dicom
from chiasm.errors import ServiceError
from chiasm.pixels.samples import frame_levels, frame_samples


def of(content, frame=0):
    out = io.BytesIO()
    content.save_as(out)
    return frame_samples(dicom.parse(out.getvalue()), frame)


def array(samples):
    kind = {"rgb8": "u1"}.get(samples.kind) or np.dtype(samples.kind).newbyteorder("<")
    shape = (samples.rows, samples.columns, *([3] if samples.samples == 3 else []))
    return np.frombuffer(samples.data, kind).reshape(shape)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("CT_small.dcm", "int16"), ("MR_small_bigendian.dcm", "int16"), ("MR_small_RLE.dcm", "int16"),
     ("rtdose_1frame.dcm", "uint32"), ("liver_1frame.dcm", "uint8"), ("JPEG2000.dcm", "int16")],
)  # fmt: skip
def test_gray_is_given_as_it_is_stored(pydicom_data, name, kind):
    content = pydicom.dcmread(pydicom_data / "test_files" / name)
    samples = frame_samples(dicom.read_file(pydicom_data / "test_files" / name), 0)
    assert (samples.kind, samples.samples) == (kind, 1)
    assert (samples.rows, samples.columns) == (content.Rows, content.Columns)
    assert samples.signed == kind.startswith("int")
    assert samples.photometric == content.PhotometricInterpretation
    assert samples.count == int(content.get("NumberOfFrames", 1))
    assert np.array_equal(array(samples), pixel_array(content, raw=True))


def test_each_frame_of_several(pydicom_data):
    path = pydicom_data / "test_files" / "SC_rgb_rle_2frame.dcm"
    package, wanted = dicom.read_file(path), pixel_array(pydicom.dcmread(path))
    for number in range(2):
        samples = frame_samples(package, number)
        assert (samples.kind, samples.photometric, samples.count) == ("rgb8", "RGB", 2)
        assert np.array_equal(array(samples), wanted[number])
    with pytest.raises(ServiceError) as caught:
        frame_samples(package, 2)
    assert caught.value.failure.name == "no-such-object"


def test_colors_are_given_as_rgb(pydicom_data):
    path = pydicom_data / "test_files" / "SC_rgb_dcmtk_+eb+cy+np.dcm"
    samples = frame_samples(dicom.read_file(path), 0)
    wanted = pixel_array(pydicom.dcmread(path)).astype("i2")
    assert samples.photometric == "RGB"
    assert np.abs(array(samples) - wanted).max() <= 1


def test_palettes_are_given_as_rgb(pydicom_data):
    content = pydicom.dcmread(pydicom_data / "test_files" / "examples_palette.dcm")
    wanted = apply_color_lut(content.pixel_array, content) >> 8
    assert np.array_equal(array(of(content)), wanted)


def test_what_a_viewer_must_know(pydicom_data):
    content = pydicom.dcmread(pydicom_data / "test_files" / "CT_small.dcm")
    content.WindowCenter, content.WindowWidth = [40, -600.5], [400, 1500]
    samples = of(content)
    assert samples.windows == ((40.0, 400.0), (-600.5, 1500.0))
    assert samples.spacing == tuple(float(one) for one in content.PixelSpacing)
    assert (samples.slope, samples.intercept) == (
        float(content.RescaleSlope),
        float(content.RescaleIntercept),
    )
    del content.PixelSpacing
    assert of(content).spacing == ()
    content.ImagerPixelSpacing = [0.2, 0.1]
    assert of(content).spacing == (0.2, 0.1)


def test_the_functional_groups_of_a_frame_go_first(pydicom_data):
    content = pydicom.dcmread(pydicom_data / "test_files" / "CT_small.dcm")
    group, inner = Dataset(), Dataset()
    inner.PixelSpacing = [2, 3]
    group.PixelMeasuresSequence = [inner]
    content.SharedFunctionalGroupsSequence = [group]
    groups = []
    for slope in (2, 3):
        group, inner = Dataset(), Dataset()
        inner.RescaleSlope, inner.RescaleIntercept, inner.RescaleType = slope, slope * 10, "US"
        group.PixelValueTransformationSequence = [inner]
        groups.append(group)
    content.PerFrameFunctionalGroupsSequence = groups
    content.NumberOfFrames, content.PixelData = 2, content.PixelData * 2
    for number, slope in enumerate((2, 3)):
        samples = of(content, number)
        assert (samples.slope, samples.intercept, samples.spacing) == (slope, slope * 10, (2.0, 3.0))


def test_two_samples_of_a_pixel_are_not_shown(pydicom_data):
    content = pydicom.dcmread(pydicom_data / "test_files" / "CT_small.dcm")
    content.SamplesPerPixel, content.PlanarConfiguration, content.PixelData = 2, 0, content.PixelData * 2
    with pytest.raises(ServiceError) as caught:
        of(content)
    assert caught.value.failure.name == "unknown-syntax"


def lut(descriptor, entries):
    found = Dataset()
    found.add_new("LUTDescriptor", "US", descriptor)
    found.add_new("LUTData", "OW", np.array(entries, "<u2").tobytes())
    return found


def test_a_modality_lut_is_applied_and_a_voi_lut_is_told_of(pydicom_data):
    content = pydicom.dcmread(pydicom_data / "test_files" / "MR_small.dcm")
    content.ModalityLUTSequence = [lut([3, 10, 16], [7, 500, 60_000])]
    content.VOILUTSequence = [lut([4, 5, 12], [0, 1365, 2730, 4095])]
    content.RescaleSlope, content.RescaleIntercept = 3, 4
    samples = of(content)
    # PS3.3 C.11.1.1.1: what lies before the first value mapped takes the first entry, what lies behind the last
    wanted = np.array([7, 500, 60_000])[np.clip(content.pixel_array.astype(int) - 10, 0, 2)]
    assert (samples.kind, samples.slope, samples.intercept, samples.has_levels) == ("uint16", 1.0, 0.0, True)
    assert np.array_equal(array(samples), wanted)
    out = io.BytesIO()
    content.save_as(out)
    levels = frame_levels(dicom.parse(out.getvalue()), 0)
    assert (levels.first, list(levels.levels)) == (5, [0, 85, 170, 255])


def test_most_images_have_neither(pydicom_data):
    package = dicom.read_file(pydicom_data / "test_files" / "CT_small.dcm")
    assert frame_levels(package, 0) is None
    assert not frame_samples(package, 0).has_levels


@pytest.mark.parametrize(
    ("photometric", "shape", "inverse"),
    [("MONOCHROME1", None, True), ("MONOCHROME2", None, False), ("MONOCHROME2", "INVERSE", True),
     ("MONOCHROME1", "IDENTITY", False)],
)  # fmt: skip
def test_what_the_least_value_is_shown_as(pydicom_data, photometric, shape, inverse):
    content = pydicom.dcmread(pydicom_data / "test_files" / "CT_small.dcm")
    content.PhotometricInterpretation = photometric
    if shape is not None:
        content.PresentationLUTShape = shape
    assert of(content).inverse is inverse
