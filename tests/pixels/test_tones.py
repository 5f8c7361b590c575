"""From samples to what a screen shows; the expected values are those of pydicom's transformations."""

from __future__ import annotations

import io

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut, convert_color_space

from chiasm import dicom
from chiasm.errors import ServiceError, UsageError
from chiasm.pixels import tones
from chiasm.pixels.render import pixels_of


@pytest.fixture
def ct(pydicom_data):
    return pydicom.dcmread(pydicom_data / "test_files" / "CT_small.dcm")


def shown(content, frame=0, window=None):
    out = io.BytesIO()
    content.save_as(out)
    return pixels_of(dicom.parse(out.getvalue()), frame, window)


def to_octets(values, bits):
    return np.floor(np.asarray(values, "f8") * 255 / ((1 << bits) - 1) + 0.5).astype("u1")


def table(entries, first, bits, signed=False):
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if signed else "US", [len(entries) % 65536, first, bits])
    item.add_new("LUTData", "OW", np.asarray(entries, "<u2").tobytes())
    return item


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize(("center", "width"), [(40, 400), (-100.5, 33.25), (1000, 2), (0, 4096)])
def test_the_functions_of_a_window(ct, function, center, width):
    ct.WindowCenter, ct.WindowWidth, ct.VOILUTFunction = center, width, function
    modal = apply_modality_lut(ct.pixel_array, ct)
    with np.errstate(over="ignore"):
        wanted = apply_voi_lut(modal, ct, prefer_lut=False)
    # pydicom shows on the range of what the samples can hold after rescale.
    low, high = -32768 - 1024, 32767 - 1024
    wanted = (wanted - low) / (high - low) * 255
    assert np.abs(shown(ct).astype("f8") - wanted).max() <= 0.51
    assert np.array_equal(shown(ct), shown(ct, window=(center, width, function)))


def test_a_window_one_wide_is_a_threshold():
    values = np.array([39.0, 39.5, 40.0, 40.5])
    assert tones.windowed(values, 40, 1).tolist() == [0, 0, 255, 255]


@pytest.mark.parametrize(
    ("width", "function"),
    [(0, "LINEAR"), (0.5, "LINEAR"), (-1, "SIGMOID"), (0, "LINEAR_EXACT"), (10, "CUBIC")],
)
def test_what_is_no_window(width, function):
    with pytest.raises(UsageError):
        tones.windowed(np.zeros(3), 0, width, function)


def test_a_voi_table(ct):
    entries = (np.arange(600) * 97) % 4096
    ct.VOILUTSequence = [table(entries, -200, 12, signed=True)]
    wanted = apply_voi_lut(apply_modality_lut(ct.pixel_array, ct).astype("i2"), ct)
    assert np.array_equal(shown(ct), to_octets(wanted, 12))


def test_a_window_that_is_asked_for_goes_before_a_voi_table(ct):
    without = shown(ct, window=(40, 400, "LINEAR"))
    ct.VOILUTSequence = [table(np.arange(4096), 0, 12)]
    assert np.array_equal(shown(ct, window=(40, 400, "LINEAR")), without)


def test_a_modality_table_goes_before_the_rescale(ct):
    entries = (np.arange(3000) * 31) % 5000
    ct.ModalityLUTSequence = [table(entries, 100, 16, signed=True)]
    ct.WindowCenter, ct.WindowWidth = 2500, 5000
    modal = apply_modality_lut(ct.pixel_array, ct).astype("f8")
    wanted = np.clip((modal - 2499.5) / 4999 + 0.5, 0, 1) * 255
    assert np.abs(shown(ct) - wanted).max() <= 0.51


def test_a_table_of_65536_entries_says_none(ct):
    entries = np.arange(65536)[::-1]
    ct.VOILUTSequence = [table(entries, -32768, 16, signed=True)]
    wanted = apply_voi_lut(apply_modality_lut(ct.pixel_array, ct).astype("i2"), ct)
    assert np.array_equal(shown(ct), to_octets(wanted, 16))


def test_a_table_of_octets(ct):
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [256, 0, 8])
    item.add_new("LUTData", "OW", bytes(range(255, -1, -1)))
    ct.VOILUTSequence = [item]
    modal = apply_modality_lut(ct.pixel_array, ct)
    assert np.array_equal(shown(ct), 255 - np.clip(modal, 0, 255).astype("u1"))


def test_an_empty_table_is_told(ct):
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [256, 0, 8])
    item.add_new("LUTData", "OW", b"")
    ct.VOILUTSequence = [item]
    with pytest.raises(ServiceError):
        shown(ct)


def test_monochrome1_and_the_presentation_shape_turn_the_grays(ct):
    plain = shown(ct, window=(40, 400, "LINEAR"))
    ct.PhotometricInterpretation = "MONOCHROME1"
    assert np.array_equal(shown(ct, window=(40, 400, "LINEAR")), 255 - plain)
    ct.PresentationLUTShape = "IDENTITY"
    assert np.array_equal(shown(ct, window=(40, 400, "LINEAR")), plain)
    ct.PresentationLUTShape = "INVERSE"
    ct.PhotometricInterpretation = "MONOCHROME2"
    assert np.array_equal(shown(ct, window=(40, 400, "LINEAR")), 255 - plain)


@pytest.mark.parametrize("limit", [None, -1990, -2010])
def test_padding_does_not_widen_the_window(ct, limit):
    for keyword in ("WindowCenter", "WindowWidth"):
        ct.pop(keyword, None)
    pixels = ct.pixel_array.copy()
    plain = shown(ct)
    low, high = float(pixels.min()), float(pixels.max())
    assert np.abs(plain - (pixels - low) / (high - low) * 255).max() <= 0.51
    pixels[:10] = -2000
    ct.PixelData = pixels.tobytes()
    ct.add_new("PixelPaddingValue", "SS", -2000)
    if limit is not None:
        ct.add_new("PixelPaddingRangeLimit", "SS", limit)
    kept = pixels[10:].astype("f8")
    wanted = (kept - kept.min()) / (kept.max() - kept.min()) * 255
    assert np.abs(shown(ct)[10:] - wanted).max() <= 0.51
    assert not shown(ct)[:10].any()


def test_an_even_image_is_shown(ct):
    for keyword in ("WindowCenter", "WindowWidth"):
        ct.pop(keyword, None)
    ct.PixelData = bytes(len(ct.PixelData))
    assert len(np.unique(shown(ct))) == 1


def test_a_palette(pydicom_data):
    content = pydicom.dcmread(pydicom_data / "test_files" / "examples_palette.dcm")
    wanted = apply_color_lut(content.pixel_array, content)
    assert np.array_equal(shown(content), (wanted >> 8).astype("u1"))


def test_a_palette_in_segments(pydicom_data):
    content = pydicom.dcmread(pydicom_data / "test_files" / "examples_palette.dcm")
    segments = np.array([0, 3, 0, 1000, 2000, 1, 253, 65535], "<u2").tobytes()
    for color in ("Red", "Green", "Blue"):
        del content[f"{color}PaletteColorLookupTableData"]
        content.add_new(f"{color}PaletteColorLookupTableDescriptor", "US", [256, 0, 16])
        content.add_new(f"Segmented{color}PaletteColorLookupTableData", "OW", segments)
    wanted = apply_color_lut(content.pixel_array, content)
    assert np.array_equal(shown(content), (wanted >> 8).astype("u1"))


@pytest.mark.parametrize(
    "name", ["SC_rgb_dcmtk_+eb+cy+np.dcm", "SC_rgb_jpeg_lossy_gdcm.dcm", "examples_ybr_color.dcm"]
)
def test_luminance_and_chroma_become_rgb(pydicom_data, name):
    content = pydicom.dcmread(pydicom_data / "test_files" / name)
    raw = pydicom.pixels.pixel_array(content, raw=True, index=0)
    wanted = convert_color_space(raw, "YBR_FULL", "RGB")
    package = dicom.read_file(pydicom_data / "test_files" / name)
    assert np.abs(pixels_of(package, 0).astype("i2") - wanted).max() <= 1


def test_colors_of_sixteen_bits(pydicom_data):
    content = pydicom.dcmread(pydicom_data / "test_files" / "SC_rgb_rle_16bit.dcm")
    package = dicom.read_file(pydicom_data / "test_files" / "SC_rgb_rle_16bit.dcm")
    assert np.array_equal(pixels_of(package, 0), to_octets(content.pixel_array, 16))


def test_each_frame_has_its_own_window_and_rescale(ct):
    def item(keyword, **values):
        group, inner = Dataset(), Dataset()
        for name, value in values.items():
            setattr(inner, name, value)
        setattr(group, keyword, [inner])
        return group

    first = item("FrameVOILUTSequence", WindowCenter=40, WindowWidth=400)
    second = item("FrameVOILUTSequence", WindowCenter=0, WindowWidth=2000, VOILUTFunction="LINEAR_EXACT")
    shared = item("PixelValueTransformationSequence", RescaleSlope=2, RescaleIntercept=-500, RescaleType="HU")
    pixels = ct.pixel_array.astype("f8")
    for keyword in ("RescaleSlope", "RescaleIntercept", "WindowCenter", "WindowWidth"):
        ct.pop(keyword, None)
    ct.NumberOfFrames, ct.PixelData = 2, ct.PixelData * 2
    ct.SharedFunctionalGroupsSequence, ct.PerFrameFunctionalGroupsSequence = [shared], [first, second]
    modal = pixels * 2 - 500
    one = np.clip((modal - 39.5) / 399 + 0.5, 0, 1) * 255
    two = np.clip(modal / 2000 + 0.5, 0, 1) * 255
    assert np.abs(shown(ct, 0) - one).max() <= 0.51
    assert np.abs(shown(ct, 1) - two).max() <= 0.51
