"""To pydicom: equal for every file that pydicom itself reads."""

from pathlib import Path

import pytest

from chiasm import dicom
from chiasm.errors import ChiasmError, UsageError

pydicom = pytest.importorskip("pydicom")


@pytest.mark.filterwarnings("ignore")
def test_every_file_is_the_same_in_pydicom(pydicom_files: list[Path]) -> None:
    tried = 0
    for path in pydicom_files:
        try:
            package = dicom.read_file(path)
            theirs = pydicom.dcmread(path, force=True)
        except (ChiasmError, Exception):
            continue
        assert package.to_pydicom() == theirs, path.name
        tried += 1
    assert tried > 150


def test_without_pydicom_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, pydicom_files: list[Path]
) -> None:
    import sys

    package = dicom.read_file(next(one for one in pydicom_files if one.name == "CT_small.dcm"))
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(UsageError, match="not installed"):
        package.to_pydicom()
