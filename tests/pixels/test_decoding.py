"""Frames decoded into samples; the expected ones are pydicom's, or those that were packed."""

from __future__ import annotations

import io

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate
from pydicom.pixels import pixel_array

from chiasm import dicom
from chiasm.errors import ServiceError
from chiasm.pixels.decoding import decoded
from chiasm.pixels.frames import open_frames

BIG = "1.2.840.10008.1.2.2"


def image(pydicom_data, pixels, *, syntax=pydicom.uid.ExplicitVRLittleEndian, vr="OW", **elements):
    """A small image in a file, its elements set by keyword."""
    content = pydicom.dcmread(pydicom_data / "test_files" / "CT_small.dcm")
    for keyword in ("PixelPaddingValue", "SmallestImagePixelValue", "LargestImagePixelValue"):
        content.pop(keyword, None)
    for keyword, value in {"Rows": 4, "Columns": 6, "PixelRepresentation": 0, **elements}.items():
        setattr(content, keyword, value)
    content.add_new(0x7FE00010, vr, pixels)
    content.file_meta.TransferSyntaxUID = syntax
    out = io.BytesIO()
    pydicom.dcmwrite(
        out, content, implicit_vr=False, little_endian=syntax != BIG, force_encoding=True,
    )  # fmt: skip
    return out.getvalue()


def of(frames, number):
    return decoded(frames.encoded(number), frames.geometry, frames.syntax)


def samples(content, number=0):
    return of(open_frames(dicom.parse(content)), number)


@pytest.mark.parametrize("bits", [1, 4, 8, 12, 16])
@pytest.mark.parametrize("signed", [0, 1])
@pytest.mark.parametrize("allocated", [8, 16])
def test_the_bits_stored_alone_are_the_sample(pydicom_data, bits, signed, allocated):
    if bits > allocated or (signed and bits == 1):
        pytest.skip("no such sample")
    low = -(1 << (bits - 1)) if signed else 0
    wanted = (np.arange(24).reshape(4, 6) * 2654435761 % (1 << bits)) + low
    packed = (wanted & ((1 << bits) - 1)) | (0xA5A5A5A5 << bits) & ((1 << allocated) - 1)
    content = image(
        pydicom_data, packed.astype(f"<u{allocated // 8}").tobytes(), vr="OB" if allocated == 8 else "OW",
        BitsAllocated=allocated, BitsStored=bits, HighBit=bits - 1, PixelRepresentation=signed,
    )  # fmt: skip
    values, photometric = samples(content)
    assert photometric == "MONOCHROME2"
    assert values.dtype == f"{'i' if signed else 'u'}{allocated // 8}"
    assert np.array_equal(values, wanted)


@pytest.mark.parametrize("signed", [0, 1])
def test_samples_may_lie_at_the_top_of_their_words(pydicom_data, signed):
    wanted = np.arange(24).reshape(4, 6) * 170 - 2048 * signed
    packed = (wanted << 4 & 0xFFF0) | 0x9
    content = image(
        pydicom_data, packed.astype("<u2").tobytes(), BitsAllocated=16, BitsStored=12, HighBit=15,
        PixelRepresentation=signed,
    )  # fmt: skip
    assert np.array_equal(samples(content)[0], wanted)


def test_single_bits_come_lowest_first_and_frames_need_not_begin_with_an_octet(pydicom_data):
    wanted = np.random.default_rng(7).integers(0, 2, (3, 3, 5), "u1")
    packed = np.packbits(wanted.ravel(), bitorder="little").tobytes()
    content = image(
        pydicom_data, packed, vr="OB", Rows=3, Columns=5, BitsAllocated=1, BitsStored=1, HighBit=0,
        NumberOfFrames=3,
    )  # fmt: skip
    for number in range(3):
        assert np.array_equal(samples(content, number)[0], wanted[number])


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("bits", [8, 16])
def test_colors_by_pixel_and_by_plane(pydicom_data, planar, bits):
    wanted = (np.arange(2 * 4 * 6 * 3).reshape(2, 4, 6, 3) * 37 % 251).astype(f"<u{bits // 8}")
    stored = wanted.transpose(0, 3, 1, 2) if planar else wanted
    content = image(
        pydicom_data, stored.tobytes(), vr="OB" if bits == 8 else "OW", BitsAllocated=bits, BitsStored=bits,
        HighBit=bits - 1, SamplesPerPixel=3, PlanarConfiguration=planar, PhotometricInterpretation="RGB",
        NumberOfFrames=2,
    )  # fmt: skip
    for number in range(2):
        assert np.array_equal(samples(content, number)[0], wanted[number])


def test_chroma_of_two_pixels_is_spread_over_both(pydicom_data):
    stored = (np.arange(4 * 3 * 4) * 5 % 256).astype("u1")
    content = image(
        pydicom_data, stored.tobytes(), vr="OB", BitsAllocated=8, BitsStored=8, HighBit=7, SamplesPerPixel=3,
        PlanarConfiguration=0, PhotometricInterpretation="YBR_FULL_422",
    )  # fmt: skip
    values, photometric = samples(content)
    assert photometric == "YBR_FULL"
    assert np.array_equal(values, pixel_array(pydicom.dcmread(io.BytesIO(content)), raw=True))


def test_chroma_of_two_pixels_needs_an_even_number_of_columns(pydicom_data):
    content = image(
        pydicom_data, bytes(60), vr="OB", Columns=5, BitsAllocated=8, BitsStored=8, HighBit=7,
        SamplesPerPixel=3, PlanarConfiguration=0, PhotometricInterpretation="YBR_FULL_422",
    )  # fmt: skip
    with pytest.raises(ServiceError, match="odd"):
        samples(content)


@pytest.mark.parametrize(("keyword", "tag", "kind"), [("OF", 0x7FE00008, "<f4"), ("OD", 0x7FE00009, "<f8")])
def test_floating_samples(pydicom_data, keyword, tag, kind):
    wanted = np.linspace(-3.5, 1e9, 24).reshape(4, 6).astype(kind)
    content = pydicom.dcmread(io.BytesIO(image(pydicom_data, b"")))
    for gone in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
        del content[gone]
    content.BitsAllocated = wanted.dtype.itemsize * 8
    content.add_new(tag, keyword, wanted.tobytes())
    out = io.BytesIO()
    content.save_as(out)
    assert np.array_equal(samples(out.getvalue())[0], wanted)


def test_octets_in_words_of_big_endian(pydicom_data):
    wanted = np.arange(24, dtype="u1").reshape(4, 6)
    content = image(
        pydicom_data, wanted.ravel().view("<u2").byteswap().tobytes(), syntax=BIG, BitsAllocated=8, BitsStored=8,
        HighBit=7,
    )  # fmt: skip
    assert np.array_equal(samples(content)[0], wanted)


@pytest.mark.parametrize(
    "name",
    ["MR_small_RLE.dcm", "JPEG2000.dcm", "MR_small_jp2klossless.dcm", "SC_rgb_jpeg_dcmtk.dcm",
     "SC_rgb_small_odd_jpeg.dcm", "SC_rgb_rle_16bit_2frame.dcm", "SC_rgb_rle_32bit.dcm",
     "SC_rgb_jls_lossy_sample.dcm", "SC_rgb_dcmtk_+eb+cy+s4.dcm", "JPEGLSNearLossless_16.dcm",
     "rtdose_rle_1frame.dcm", "J2K_pixelrep_mismatch.dcm"],
)  # fmt: skip
def test_compressed_frames_are_those_of_pydicom(pydicom_data, name):
    path = pydicom_data / "test_files" / name
    if not path.exists():
        pytest.skip(f"{name} is not in this pydicom")
    frames = open_frames(dicom.read_file(path))
    for number in {0, frames.count - 1}:
        wanted = pixel_array(pydicom.dcmread(path), raw=True, index=number)
        assert np.array_equal(of(frames, number)[0], wanted)


def test_a_codestream_that_is_none_is_told(pydicom_data):
    for uid in ("1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.70",
                "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"):  # fmt: skip
        for content in (b"\xff\xd8", b"\0" * 64, b"\xff\x4f\xff\x51" + b"\xff" * 40):
            file = image(pydicom_data, b"", BitsAllocated=16, BitsStored=16, HighBit=15)
            opened = pydicom.dcmread(io.BytesIO(file))
            opened.file_meta.TransferSyntaxUID = uid
            opened.PixelData = encapsulate([content])
            opened["PixelData"].VR = "OB"
            opened["PixelData"].is_undefined_length = True
            out = io.BytesIO()
            opened.save_as(out)
            with pytest.raises(ServiceError) as caught:
                samples(out.getvalue())
            assert caught.value.failure.name == "not-understood"


def test_a_form_for_which_no_decoder_is_here_is_told_from_damage(pydicom_data):
    package = dicom.read_file(pydicom_data / "test_files" / "JPEG-lossy.dcm")
    with pytest.raises(ServiceError) as caught:
        of(open_frames(package), 0)
    assert caught.value.failure.name == "unknown-syntax"


def test_a_video_is_not_decoded_and_says_so(pydicom_data):
    file = image(pydicom_data, b"", BitsAllocated=8, BitsStored=8, HighBit=7)
    opened = pydicom.dcmread(io.BytesIO(file))
    opened.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.102"
    opened.PixelData = encapsulate([b"\0\0\0\x18ftypmp42"])
    opened["PixelData"].is_undefined_length = True
    out = io.BytesIO()
    opened.save_as(out)
    with pytest.raises(ServiceError) as caught:
        samples(out.getvalue())
    assert caught.value.failure.name == "unknown-syntax"
