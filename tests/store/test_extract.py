"""What is kept of real files: the members are those of the DICOM JSON model, the keys are decoded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chiasm import dicom
from chiasm.dicom.json_model import to_dict
from chiasm.errors import ChiasmError
from chiasm.store.extract import Extract, extract


def parts(kept: Extract) -> dict[str, object]:
    found: dict[str, object] = {}
    for part in (kept.patient, kept.study, kept.series, kept.instance):
        found |= json.loads("{" + part.members + "}")
    return found


def test_members_are_those_of_the_json_model(pydicom_files: list[Path]) -> None:
    compared = 0
    for path in pydicom_files:
        try:
            package = dicom.read_file(path)
            kept, whole = parts(extract(package)), to_dict(package.data)
        except ChiasmError:
            continue
        for tag, entry in kept.items():
            assert isinstance(entry, dict)
            assert entry.get("Value") == whole[tag].get("Value"), (path, tag)
            compared += 1
    assert compared > 1000


def test_names_of_character_sets_become_unicode() -> None:
    data = dicom.DataSet({"PatientName": "Wang^XiaoDong=王^小东"}, charset="GB18030")
    kept = extract(dicom.parse(data_set_bytes(data)))
    assert kept.patient.keys["00100010"] == ["wang^xiaodong", "王^小东"]
    assert '"Ideographic":"王^小东"' in kept.patient.members


def data_set_bytes(data: dicom.DataSet) -> bytes:
    values = {element.tag: element.value for element in data}
    whole = dicom.DataSet(charset="GB18030")
    for tag, value in values.items():
        whole.set(tag, value)
    whole.set("SOPClassUID", "1.2.840.10008.5.1.4.1.1.2")
    whole.set("SOPInstanceUID", "1.2.3")
    return dicom.create(whole).encode()


def test_moments_are_local_and_universal() -> None:
    kept = extract(
        dicom.DataSet({"StudyDate": "20261120", "StudyTime": "0715", "TimezoneOffsetFromUTC": "+0800"})
    )
    assert kept.study.keys["00080020+"] == ["20261120071500.000000"]
    assert kept.study.keys["00080020@"] == ["20261119231500.000000"]
    assert (kept.study_uid, kept.series_uid) == ("", "")


@pytest.mark.parametrize("values", [{}, {"StudyDate": "never", "PatientID": ""}])
def test_what_is_missing_or_odd_is_no_error(values: dict[str, str]) -> None:
    assert extract(dicom.DataSet(values)).study_uid == ""


@pytest.mark.parametrize("implicit", [False, True])
def test_the_same_bytes_mean_another_text_in_another_character_set(implicit: bool) -> None:
    syntax = "1.2.840.10008.1.2" if implicit else "1.2.840.10008.1.2.1"
    found = []
    for charset, comment in (("ISO_IR 100", "ä"), ("ISO_IR 144", "ф"), ("ISO_IR 100", "ä")):
        data = dicom.DataSet(charset=charset)
        for name in ("SOPClassUID", "SOPInstanceUID"):
            data.set(name, "1.2.3")
        for name in ("PatientName", "ImageComments"):
            data.set(name, comment)
        content = dicom.create(data, transfer_syntax=syntax).encode()
        assert content.count(b"\xe4") == 2
        kept = extract(dicom.parse(content))
        found.append((kept.patient.keys["00100010"], kept.instance.keys["00204000"]))
    assert found == [(["a"], ["ä"]), (["ф"], ["ф"]), (["a"], ["ä"])]


def test_an_attribute_is_read_anew_where_its_vr_is_another() -> None:
    names = []
    for vr in ("IS", "LO", "IS"):
        data = dicom.DataSet({"SOPClassUID": "1.2.3", "SOPInstanceUID": "1.2.3"})
        data.set("AcquisitionNumber", "01", vr=vr)
        kept = extract(dicom.parse(dicom.create(data).encode()))
        names.append(kept.instance.keys["00200012"])
    assert names == [["1"]] * 3
    assert kept.instance.document == '{"00080016":["1.2.3"],"00080018":["1.2.3"],"00200012":["1"]}'
