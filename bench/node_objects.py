"""CT images with new UIDs for every round: one made by pydicom, copied by writing UIDs of the same length."""

from __future__ import annotations

import io
import itertools
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from pydicom.uid import UID

from .dicom_read import ct_path

_ROOT = "1.2.826.0.1.3680043.10.1338."
_numbers = itertools.count(int(time.time()) * 100_000)


def _uid(kind: int, number: int) -> str:
    return f"{_ROOT}{kind}.{number:017d}"


_SOP, _SERIES, _STUDY = (_uid(kind, 10**16).encode() for kind in (1, 2, 3))
_PATIENT = b"BENCH00000000000"


@dataclass(frozen=True, slots=True)
class Study:
    """One study on disk: a folder of files and what identifies it."""

    folder: Path
    uid: str
    patient: str
    count: int
    size: int


def template(side: int) -> bytes:
    """A CT of `side` × `side` pixels of noise under pydicom's sample header: 39 kB at 128, 525 kB at 512."""
    image = pydicom.dcmread(ct_path())
    image.Rows = image.Columns = side
    noise = np.random.default_rng(1).integers(0, 2000, (side, side))
    image.PixelData = noise.astype("<i2").tobytes()
    image.SOPInstanceUID = _SOP.decode()
    image.file_meta.MediaStorageSOPInstanceUID = UID(_SOP.decode())
    image.SeriesInstanceUID, image.StudyInstanceUID = _SERIES.decode(), _STUDY.decode()
    image.PatientID, image.PatientName = _PATIENT.decode(), "Bench^Patient"
    out = io.BytesIO()
    image.save_as(out)
    return out.getvalue()


def study(folder: Path, base: bytes, count: int) -> Study:
    """Write `count` instances of a new study of a new patient below `folder`."""
    folder.mkdir(parents=True)
    number = next(_numbers)
    patient = f"BENCH{number % 10**11:011d}"
    study_uid = _uid(3, number)
    of_study = base.replace(_STUDY, study_uid.encode()).replace(_PATIENT, patient.encode())
    of_series = of_study.replace(_SERIES, _uid(2, number).encode())
    for index in range(count):
        content = of_series.replace(_SOP, _uid(1, next(_numbers)).encode())
        (folder / f"{index:05d}.dcm").write_bytes(content)
    os.sync()
    return Study(folder, study_uid, patient, count, len(base))
