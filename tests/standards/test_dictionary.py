"""The dictionary agrees with the standard at places that are easy to get wrong, and with pydicom throughout."""

import pytest

from chiasm.standards import dictionary

pydicom = pytest.importorskip("pydicom")


@pytest.mark.parametrize(
    ("tag", "keyword", "vr", "vm"),
    [
        (0x00100010, "PatientName", ("PN",), "1"),
        (0x00280106, "SmallestImagePixelValue", ("US", "SS"), "1"),
        (0x7FE00010, "PixelData", ("OB", "OW"), "1"),
        (0x60003000, "OverlayData", ("OB", "OW"), "1"),
        (0x60FE3000, "OverlayData", ("OB", "OW"), "1"),
        (0x00020010, "TransferSyntaxUID", ("UI",), "1"),
        (0x00000110, "MessageID", ("US",), "1"),
        (0x00080008, "ImageType", ("CS",), "2-n"),
    ],
)
def test_elements_of_the_standard(tag, keyword, vr, vm):
    entry = dictionary.by_tag(tag)
    assert (entry.keyword, entry.vr, entry.vm) == (keyword, vr, vm)


def test_every_element_of_pydicom_is_there():
    from pydicom.datadict import DicomDictionary

    for tag, (vr, vm, name, retired, keyword) in DicomDictionary.items():
        entry = dictionary.by_tag(tag)
        assert (entry.vm, entry.name, entry.keyword, entry.retired) == (vm, name, keyword, bool(retired))
        assert "/".join(entry.vr) == ("" if vr == "NONE" else vr.replace(" or ", "/"))
        if keyword:
            assert dictionary.tag(keyword) == tag


@pytest.mark.parametrize(
    ("tag", "vr"),
    [(0x00090010, "LO"), (0x000900FF, "LO"), (0x00091001, "UN"), (0x00110000, "UL"), (0x50040030, "SH"), (0x60010010, "UN")],
)
def test_the_vr_of_what_no_dictionary_has(tag, vr):
    assert dictionary.vr(tag) == vr


def test_unknown_names_and_tags():
    assert dictionary.by_tag(0x00080007) is None
    assert dictionary.by_keyword("NoSuchName") is None
    assert dictionary.tag("") is None
    assert dictionary.keyword(0x00091001) == ""


def test_private_elements_are_known_by_creator_in_any_block():
    first = dictionary.private("SIEMENS CSA HEADER", 0x00291010)
    other = dictionary.private("SIEMENS CSA HEADER", 0x0029AB10)
    assert first == other
    assert (first.vr, first.name) == ("OB", "CSA Image Header Info")
    assert dictionary.private("NOBODY", 0x00291010) is None
