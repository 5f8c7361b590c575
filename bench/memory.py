"""Peak memory of converting a multi-frame image of 2 GB, whose pixels must never be read."""

from __future__ import annotations

import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, MultiFrameGrayscaleWordSecondaryCaptureImageStorage

from .measure import Outcome, Row

LIMIT_MB = 100
FRAMES, ROWS, COLUMNS = 4096, 512, 512
_ROOT = "1.2.826.0.1.3680043.9.7004"

# The high-water mark of the child's own memory. ru_maxrss would be wrong: Linux carries over what the
# parent had at the time of the fork.
_CHILD = """
import sys
from chiasm.app.convert import convert
output = convert(sys.argv[1], to="oru").output
assert b"OKAFOR" in output.upper()
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM:")))
"""


def rows() -> list[Row]:
    """The row of peak memory."""
    return [Row("peak memory, 2 GB multi-frame → ORU", "none", f"{LIMIT_MB} MB at most", _peak)]


def write_sparse(path: Path) -> None:
    """A multi-frame image whose 2 GiB of pixels are a hole in the file."""
    data_set = Dataset()
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data_set.file_meta.MediaStorageSOPClassUID = MultiFrameGrayscaleWordSecondaryCaptureImageStorage
    data_set.file_meta.MediaStorageSOPInstanceUID = UID(f"{_ROOT}.1")
    data_set.SOPClassUID = MultiFrameGrayscaleWordSecondaryCaptureImageStorage
    data_set.SOPInstanceUID = f"{_ROOT}.1"
    data_set.StudyInstanceUID, data_set.SeriesInstanceUID = f"{_ROOT}.2", f"{_ROOT}.3"
    data_set.PatientName, data_set.PatientID, data_set.AccessionNumber = (
        "Okafor^Margaret",
        "7730914",
        "A1026033",
    )
    data_set.StudyDate, data_set.StudyTime, data_set.Modality = "20260314", "092200", "OT"
    data_set.SamplesPerPixel, data_set.PhotometricInterpretation = 1, "MONOCHROME2"
    data_set.NumberOfFrames, data_set.Rows, data_set.Columns = FRAMES, ROWS, COLUMNS
    data_set.BitsAllocated, data_set.BitsStored, data_set.HighBit, data_set.PixelRepresentation = (
        16,
        16,
        15,
        0,
    )
    data_set.save_as(path, enforce_file_format=True)
    pixels = FRAMES * ROWS * COLUMNS * 2
    with path.open("ab") as file:
        file.write(struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OW", 0, pixels))
        file.truncate(file.tell() + pixels)


def _peak(row: Row, rounds: int) -> Outcome:
    del rounds  # a high-water mark needs no repetition
    from chiasm.app import convert  # noqa: F401

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.dcm"
        write_sparse(path)
        command = [sys.executable, "-c", _CHILD, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2]
        if reason.startswith("ImportError"):
            raise ImportError(reason)
        return Outcome(row.work, row.peer_name, row.required, mark="fail", note=reason)
    peak = int(done.stdout) / 1024
    return Outcome(
        row.work,
        row.peer_name,
        row.required,
        ours=f"{peak:.0f} MB",
        ratio=peak / LIMIT_MB,
        mark="pass" if peak <= LIMIT_MB else "fail",
    )
