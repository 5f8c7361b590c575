"""The DICOM dictionary: look-ups against PS3.6, and the whole table against DCMTK and pydicom."""

from __future__ import annotations

import json
import re
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import private_dictionary_VM, private_dictionary_VR

from chiasm.standards import dictionary

DATA = Path(dictionary.__file__).parent / "data"
PROVENANCE_KEYS = {"edition", "sources", "corrections", "generator"}


@pytest.mark.parametrize(
    ("tag", "keyword", "vr", "vm", "name", "retired"),
    [  # PS3.6 §6, §7, §8 and PS3.7 §E
        (0x00100010, "PatientName", ("PN",), "1", "Patient's Name", False),
        (0x00080018, "SOPInstanceUID", ("UI",), "1", "SOP Instance UID", False),
        (0x00080008, "ImageType", ("CS",), "2-n", "Image Type", False),
        (0x00020010, "TransferSyntaxUID", ("UI",), "1", "Transfer Syntax UID", False),
        (0x00000002, "AffectedSOPClassUID", ("UI",), "1", "Affected SOP Class UID", False),
        (0x00041130, "FileSetID", ("CS",), "1", "File-set ID", False),
        (0x00280106, "SmallestImagePixelValue", ("US", "SS"), "1", "Smallest Image Pixel Value", False),
        (0x00283006, "LUTData", ("US", "OW"), "1-n", "LUT Data", False),
        (0x7FE00010, "PixelData", ("OB", "OW"), "1", "Pixel Data", False),
        (0x00101040, "PatientAddress", ("LO",), "1", "Patient's Address", False),
        (0x00400275, "RequestAttributesSequence", ("SQ",), "1", "Request Attributes Sequence", False),
        (0x50000005, "CurveDimensions", ("US",), "1", "Curve Dimensions", True),
    ],
)
def test_entries_are_those_of_the_standard(
    tag: int, keyword: str, vr: tuple[str, ...], vm: str, name: str, retired: bool
) -> None:
    found = dictionary.by_tag(tag)
    assert found == dictionary.Entry(tag, vr, vm, name, keyword, retired)
    assert dictionary.by_keyword(keyword) == found
    assert dictionary.tag(keyword) == tag
    assert dictionary.keyword(tag) == keyword
    assert dictionary.vr(tag) == vr[0]


def test_unknown_things_are_none() -> None:
    assert dictionary.by_tag(0x00110010) is None
    assert dictionary.by_tag(0x00100011) is None
    assert dictionary.by_keyword("PatientNames") is None
    assert dictionary.by_keyword("") is None
    assert dictionary.tag("") is None
    assert dictionary.keyword(0x00091001) == ""


@pytest.mark.parametrize(
    ("tag", "vr"),
    [
        (0x00100000, "UL"),  # group length, PS3.5 §7.2
        (0x00090000, "UL"),
        (0x00090010, "LO"),  # private creator, PS3.5 §7.8.1
        (0x000900FF, "LO"),
        (0x0009000F, "UN"),
        (0x00091001, "UN"),
        (0x00100011, "UN"),
        (0x60003000, "OB"),  # overlay data of the first and of the last group, PS3.6 §6
        (0x601E3000, "OB"),
        (0x601E0010, "US"),
        (0x50020005, "US"),  # curves, retired
        (0x60013000, "UN"),  # an odd group is private, overlay or not
        (0x00203101, "CS"),  # (0020,31xx)
        (0x00280410, "US"),  # (0028,04x0)
        (0x10100003, "US"),  # (1010,xxxx)
        (0x7F020010, "OB"),
        (0xFFFEE000, "UN"),
    ],
)
def test_vr_of_rules_and_repeating_groups(tag: int, vr: str) -> None:
    assert dictionary.vr(tag) == vr


def test_repeating_groups_have_entries_and_keywords() -> None:
    third = dictionary.by_tag(0x60040010)
    assert third == dictionary.Entry(0x60040010, ("US",), "1", "Overlay Rows", "OverlayRows", False)
    assert dictionary.keyword(0x60040010) == "OverlayRows"
    assert dictionary.tag("OverlayRows") == 0x60000010
    assert dictionary.tag("CurveDimensions") == 0x50000005


def test_private_elements_ignore_the_block() -> None:
    found = dictionary.private("SIEMENS CSA HEADER", 0x00291010)
    assert found is not None
    assert (found.creator, found.vr, found.vm) == ("SIEMENS CSA HEADER", "OB", "1")
    assert dictionary.private("SIEMENS CSA HEADER", 0x0029EE10) == found
    assert dictionary.private("SIEMENS CSA HEADER", 0x00291099) is None
    assert dictionary.private("NOBODY", 0x00291010) is None


def test_private_elements_as_pydicom_has_them() -> None:
    creators = dictionary.private_creators()
    assert len(creators) > 300
    for creator, tag in (("GEMS_IDEN_01", 0x00091004), ("Philips Imaging DD 001", 0x20011003)):
        found = dictionary.private(creator, tag)
        assert found is not None
        assert (found.vr, found.vm) == (
            private_dictionary_VR(tag, creator),
            private_dictionary_VM(tag, creator),
        )


def test_every_row_of_the_source_is_there() -> None:
    assert set(dictionary.tags()) == set(DicomDictionary)
    for tag, (vr, vm, name, retired, keyword) in DicomDictionary.items():
        found = dictionary.by_tag(tag)
        assert found is not None
        assert found.vr == (() if vr == "NONE" else tuple(vr.split(" or ")))
        assert (found.vm, found.name, found.keyword, found.retired) == (vm, name, keyword, bool(retired))


def test_keywords_lead_back_to_their_tags() -> None:
    for keyword, tag in dictionary.keywords().items():
        assert dictionary.keyword(tag) == keyword


def test_every_vr_and_vm_has_the_form_of_the_standard() -> None:
    known = re.split(r"\W", "AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM")
    known += ["UC", "UI", "UL", "UN", "UR", "US", "UT", "UV"]
    for tag in dictionary.tags():
        entry = dictionary.by_tag(tag)
        assert entry is not None
        if tag >> 16 != 0xFFFE:
            assert set(entry.vr) <= set(known), hex(tag)
        assert re.fullmatch(r"\d+(-(\d+n?|n))?|\d+-n( or \d+)?|1 or 2|\d+ or \d+", entry.vm), entry


# What DCMTK writes where the data set decides: ox (OB or OW), xs (US or SS), lt (US, SS or OW), up (UL).
DCMTK_VRS = {"ox": "OB", "px": "OB", "xs": "US", "lt": "US", "up": "UL", "na": "UN"}


def test_names_and_vrs_agree_with_dcmtk(needs_tool: Callable[[str], str], tmp_path: Path) -> None:
    """A data set with every element of the data set groups, empty, as dcmdump names them."""
    dcmdump = needs_tool("dcmdump")
    tags = [tag for tag in dictionary.tags() if 0x0008 <= tag >> 16 < 0xFFFA and tag & 0xFFFF]
    path = tmp_path / "every.dcm"
    path.write_bytes(b"".join(struct.pack("<HHI", tag >> 16, tag & 0xFFFF, 0) for tag in tags))
    # -f: a bare data set; -ti: implicit VR little endian.
    text = subprocess.run([dcmdump, "-q", "-f", "-ti", str(path)], capture_output=True, check=True).stdout
    rows = re.findall(
        r"^\((\w{4}),(\w{4})\) (\w\w) .*#\s*\d+,\s*\d+\s+(\S+)\s*$", text.decode(), re.MULTILINE
    )
    assert len(rows) > 5000
    differing = []
    for group, element, vr, keyword in rows:
        ours = dictionary.by_tag(int(group + element, 16))
        assert ours is not None
        if group == "fffe" or keyword == "Unknown" or keyword.startswith(("RETIRED", "ACR_NEMA")):
            continue  # a delimiter that dcmdump adds; newer than its edition; retired and named its own way
        if keyword != ours.keyword or DCMTK_VRS.get(vr, vr) not in ours.vr:
            differing.append((group, element, vr, keyword))
    assert not differing


@pytest.mark.parametrize("name", ["dicom-dictionary.json", "dicom-private.json", "dicom-uids.json"])
def test_files_say_where_they_come_from(name: str) -> None:
    stated = json.loads((DATA / name).read_bytes())["provenance"]
    assert set(stated) == PROVENANCE_KEYS
    assert re.fullmatch(r"DICOM \d{4}[a-e]", stated["edition"])
    for source in stated["sources"]:
        assert re.fullmatch(r"[0-9a-f]{64}", source["sha256"])
        assert source["package"]
        assert source["version"]
