"""The elements of content items agree with the dictionary and with PS3.3 §C.17.3.2.1."""

from __future__ import annotations

from pydicom.datadict import dictionary_VR

from chiasm.mapping import sr_elements as sr
from chiasm.model import Attribute


def test_there_are_sixteen_value_types() -> None:
    texts = "TEXT NUM CODE DATETIME DATE TIME UIDREF PNAME CONTAINER TABLE"
    standard = f"{texts} COMPOSITE IMAGE WAVEFORM SCOORD SCOORD3D TCOORD"
    assert set(standard.split()) == sr.VALUE_TYPES
    assert len(sr.VALUE_TYPES) == 16


def test_texts_stand_in_elements_of_their_types() -> None:
    found = {name: dictionary_VR(tag) for name, tag in sr.TAG_OF_TEXT.items()}
    assert found == {
        "TEXT": "UT",
        "DATETIME": "DT",
        "DATE": "DA",
        "TIME": "TM",
        "PNAME": "PN",
        "UIDREF": "UI",
        "CONTAINER": "CS",
    }


def test_value_representations_are_told_apart() -> None:
    assert not sr.TEXT_VRS & (sr.INTEGER_VRS | sr.FLOAT_VRS)
    assert sr.WHOLE_VRS < sr.TEXT_VRS


def test_paths_and_attributes() -> None:
    assert sr.tag_of("0040A300/0/0040A161") == 0x0040A161
    known = (Attribute("0040A161", "FD", "1.5"),)
    assert sr.attribute(known, "0040A161") == "1.5"
    assert sr.attribute(known, "0040A162") == ""
