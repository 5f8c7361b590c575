"""The language of the corrections: what it reads, and what it refuses."""

from __future__ import annotations

import pytest
from pydicom.datadict import keyword_dict

from tools.tables.dicom_expressions import Expressions, condition

LANGUAGE = Expressions(keyword_dict)
TYPE, MODALITY, FRAMES, DATA = 0x00080008, 0x00080060, 0x00280008, 0x7FE00010


@pytest.mark.parametrize(
    ("text", "test"),
    [
        ("PixelData present", {"op": "+", "tag": DATA}),
        ("PixelData absent", {"op": "-", "tag": DATA}),
        ("PixelData filled", {"op": "++", "tag": DATA}),
        ("PixelData empty", {"op": "0", "tag": DATA}),
        ("NumberOfFrames nonzero", {"op": ">", "tag": FRAMES, "values": ["0"]}),
        ("NumberOfFrames > 1", {"op": ">", "tag": FRAMES, "values": ["1"]}),
        ("Modality != CT | MR", {"op": "!=", "tag": MODALITY, "values": ["CT", "MR"]}),
        ("ImageType[1] = ORIGINAL", {"op": "=", "tag": TYPE, "values": ["ORIGINAL"]}),
        ("ImageType[3] = GATED TOMO", {"op": "=", "tag": TYPE, "index": 2, "values": ["GATED TOMO"]}),
        (
            "FrameIncrementPointer points to FrameTime",
            {"op": "=>", "tag": 0x00280009, "values": [str(0x00181063)]},
        ),
        (
            "Modality = CT and (NumberOfFrames > 1 or PixelData absent)",
            {
                "and": [
                    {"op": "=", "tag": MODALITY, "values": ["CT"]},
                    {
                        "or": [
                            {"op": ">", "tag": FRAMES, "values": ["1"]},
                            {"op": "-", "tag": DATA},
                        ]
                    },
                ]
            },
        ),
    ],
)
def test_what_it_reads(text: str, test: dict[str, object]) -> None:
    assert LANGUAGE.read(text) == test


def test_and_binds_closer_than_or() -> None:
    read = LANGUAGE.read("Modality = CT or Modality = MR and PixelData present")
    assert list(read) == ["or"]
    assert [next(iter(part)) for part in read["or"]] == ["op", "and"]


@pytest.mark.parametrize(
    "text", ["", "PixelData", "(PixelData present", "PixelData present)", "present", "= CT"]
)
def test_what_it_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r"clause|parenthesis|left"):
        LANGUAGE.read(text)


def test_an_unknown_keyword_is_no_clause() -> None:
    with pytest.raises(KeyError):
        LANGUAGE.read("PixelDatum present")


def test_kinds_of_conditions() -> None:
    test = LANGUAGE.read("PixelData present")
    assert condition("R", test) == {"type": "MU", **test}
    assert condition("R", test, "+") == {"type": "MU", **test, "free": True}
    assert condition("R", test, "-") == {"type": "MN", **test}
    assert condition("X", test) == {"type": "NU", **test}
    other = LANGUAGE.read("PixelData absent")
    assert condition("R", test, "?", other) == {"type": "MC", **test, "other": other}
