"""What the index is told of an object: from its whole file, or from as much of it as can be read."""

import json
from dataclasses import replace

import pytest

from chiasm import dicom
from chiasm.errors import ChiasmError
from chiasm.model import Location
from chiasm.services.extraction import BEGINNING, known_of
from chiasm.store.extract import extract

HERE = Location("ab/x.dcm", 0, 332, b"", "1.2.840.10008.1.2.1", "1.2", "1.3", "1.4", "1.5")


@pytest.fixture
def ct(pydicom_data):
    return pydicom_data / "test_files" / "CT_small.dcm"


def test_a_file_and_its_bytes_say_the_same(ct):
    assert known_of(HERE, ct) == known_of(HERE, ct.read_bytes())


def test_an_object_that_is_broken_behind_its_beginning_is_known_by_that(ct, tmp_path):
    whole = ct.read_bytes()
    start = whole.index(b"DICM") + 4
    broken = whole[: start + BEGINNING - 200] + b"\xff\xff\x00\x00UN\0\0\xff\xff\xff\x7f" + bytes(10_000)
    path = tmp_path / "x.dcm"
    path.write_bytes(broken)
    location = replace(HERE, offset=start)
    assert known_of(location, path) == known_of(location, broken)
    assert known_of(location, path).instance == known_of(HERE, ct).instance


def test_what_is_no_object_is_told(tmp_path):
    path = tmp_path / "x.dcm"
    path.write_bytes(b"not an object at all" * 20)
    with pytest.raises(ChiasmError):
        known_of(HERE, path)
    with pytest.raises(ChiasmError):
        known_of(HERE, path.read_bytes())


def test_every_file_says_what_the_whole_of_it_says(pydicom_files, tmp_path):
    told = 0
    for path in pydicom_files:
        try:
            whole = extract(dicom.read_file(path))
        except ChiasmError:
            continue
        assert known_of(HERE, path) == known_of(HERE, str(path)) == known_of(HERE, path.read_bytes()) == whole
        told += 1
    assert told > 100


def test_a_file_cut_off_anywhere_says_what_the_whole_of_it_says(ct, tmp_path):
    whole = ct.read_bytes()
    path = tmp_path / "x.dcm"
    for end in range(132, 4_000, 7):
        path.write_bytes(whole[:end])
        assert known_of(HERE, path) == extract(dicom.read_file(path)), end


def test_the_keys_are_written_as_they_are(pydicom_files):
    for path in pydicom_files:
        try:
            known = known_of(HERE, path)
        except ChiasmError:
            continue
        for part in (known.patient, known.study, known.series, known.instance):
            assert json.loads(part.document) == part.keys
