"""Changing the character set: all texts or none."""

from __future__ import annotations

import pytest

from chiasm import dicom
from chiasm.errors import EncodeError


def _data() -> dicom.DataSet:
    data = dicom.DataSet(charset="ISO_IR 100")
    data["PatientName"] = "Müller"
    data["ReferencedSeriesSequence"] = [{"SeriesDescription": "Schädel"}]
    return data


def test_all_texts_are_re_encoded() -> None:
    data = _data()
    dicom.recode(data, "ISO_IR 192")
    assert data.raw("PatientName") == "Müller ".encode()[:7] + b" "[: len("Müller".encode()) % 2]
    assert data["ReferencedSeriesSequence/0/SeriesDescription"] == "Schädel"
    assert data.charset == ("ISO_IR 192",)
    data["PatientName"] = "山田"


def test_nothing_changes_where_one_text_does_not_fit() -> None:
    data = _data()
    before = [(path, element.raw) for path, element in data.walk()]
    with pytest.raises(EncodeError):
        dicom.recode(data, "ISO_IR 144")
    assert [(path, element.raw) for path, element in data.walk()] == before


def test_bytes_that_never_fitted_stay_bytes() -> None:
    data = _data()
    data.set("PatientID", b"a\x93")
    dicom.recode(data, "ISO_IR 192")
    assert data.raw("PatientID") == b"a\x93"
