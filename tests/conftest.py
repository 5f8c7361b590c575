"""What all tests share: real files, outside tools, and how hard Hypothesis tries."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]
PYDICOM_DATA = Path(pydicom.__file__).parent / "data"

# One example set in CI, so that a red build is red again; new examples at the desk.
_SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
settings.register_profile("desk", deadline=None, max_examples=60, suppress_health_check=_SLOW)
settings.register_profile("ci", deadline=None, max_examples=60, derandomize=True, suppress_health_check=_SLOW)
settings.register_profile("long", deadline=None, max_examples=2000, suppress_health_check=_SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "desk"))


def _is_dicom(path: Path) -> bool:
    """Part 10 by its prefix, or one of pydicom's samples without one, told by their names."""
    with path.open("rb") as file:
        head = file.read(132)
    return head[128:] == b"DICM" or path.suffix == ".dcm" or path.name.startswith("DICOMDIR")


@pytest.fixture(scope="session")
def pydicom_data() -> Path:
    """The data folder of pydicom's wheel."""
    return PYDICOM_DATA


@pytest.fixture(scope="session")
def pydicom_files() -> list[Path]:
    """All real DICOM files of pydicom's wheel: its test files, character sets and DICOMDIR trees, sorted."""
    folders = (PYDICOM_DATA / "test_files", PYDICOM_DATA / "charset_files")
    found = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if _is_dicom(path))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of shared samples, beside the project or named by CHIASM_SHARED; skips where absent."""
    named = os.environ.get("CHIASM_SHARED")
    candidates = [Path(named), Path(named) / "data"] if named else [ROOT.parent / "shared" / "data"]
    for folder in reversed(candidates):
        if folder.is_dir():
            return folder
    pytest.skip("the shared samples are not on this machine (set CHIASM_SHARED to their folder)")


@pytest.fixture(scope="session")
def needs_tool() -> Callable[[str], str]:
    """`needs_tool("dciodvfy")` gives the path of an outside program, or skips the test."""

    def find(name: str) -> str:
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"{name} is not installed (apt install dicom3tools dcmtk)")
        return found

    return find


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The project's root folder, for tests about its pages and its house rules."""
    return ROOT
