"""The contracts of import-linter catch each way of going around the order of the rooms."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOMS = (
    *("app", "console", "net", "services", "store", "mapping"),
    *("protocols", "pixels", "hl7", "fhir", "model", "dicom", "standards"),
)
LINTER = Path(sys.executable).with_name("lint-imports")


def lint(root: Path, project_root: Path) -> subprocess.CompletedProcess[str]:
    settings = (project_root / "pyproject.toml").read_text()
    section = settings[settings.index("[tool.importlinter]") :]
    (root / "pyproject.toml").write_text(section)
    assert tomllib.loads(section)["tool"]["importlinter"]["root_package"] == "chiasm"
    command = [str(LINTER), "--no-cache"]
    return subprocess.run(
        command, cwd=root, env={"PYTHONPATH": str(root)}, capture_output=True, text=True, check=False
    )


@pytest.fixture
def rooms(tmp_path):
    package = tmp_path / "chiasm"
    for room in ROOMS:
        (package / room).mkdir(parents=True)
        (package / room / "__init__.py").write_text("")
    for name in ("__init__", "limits", "errors"):
        (package / f"{name}.py").write_text("")
    return tmp_path


def test_imports_downward_are_kept(rooms, project_root):
    (rooms / "chiasm/app/a.py").write_text("from .. import mapping, hl7, dicom, errors\n")
    (rooms / "chiasm/hl7/a.py").write_text("from ..standards import x\nfrom ..limits import y\n")
    done = lint(rooms, project_root)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("dicom/a.py", "from ..mapping import x\n"),
        ("standards/a.py", "from .. import dicom\n"),
        ("errors.py", "from . import limits\n"),
        ("hl7/a.py", "from ..fhir import x\n"),
        ("model/a.py", "from ..hl7 import x\n"),
        ("hl7/a.py", "from .. import dicom\n"),
        ("fhir/a.py", "def f():\n    from ..dicom import x\n"),
        ("model/a.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ..dicom import x\n"),
        ("store/a.py", "from ..services import x\n"),
        ("services/a.py", "from ..net import x\n"),
        ("net/a.py", "from ..console import x\n"),
        ("protocols/a.py", "from ..model import x\n"),
        ("dicom/a.py", "def f():\n    from ..hl7 import x\n"),
        ("dicom/a.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ..model import x\n"),
    ],
)
def test_any_other_import_is_broken(rooms, project_root, module, text):
    (rooms / "chiasm" / module).write_text(text)
    done = lint(rooms, project_root)
    assert done.returncode == 1
    assert "BROKEN" in done.stdout


def test_a_room_outside_the_order_is_refused(rooms, project_root):
    (rooms / "chiasm/attic").mkdir()
    (rooms / "chiasm/attic/__init__.py").write_text("")
    assert lint(rooms, project_root).returncode == 1
