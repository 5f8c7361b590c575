"""What needs no command answers before anything is loaded."""

import subprocess
import sys

import pytest

import chiasm
from chiasm.app import start


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version(option, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["chiasm", option])
    start.main()
    assert capsys.readouterr().out == f"chiasm {chiasm.__version__}\n"


def test_the_version_loads_no_room_and_no_library():
    code = (
        "import sys; sys.argv[1:] = ['--version']; before = set(sys.modules)\n"
        "from chiasm.app.start import main; main()\n"
        "print(*sorted(set(sys.modules) - before), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stderr.split()
    assert [name for name in loaded if name.startswith("chiasm")] == [
        "chiasm",
        "chiasm.app",
        "chiasm.app.start",
    ]
    assert not {"typer", "click", "rich", "lxml", "json"} & set(loaded)


def test_one_conversion_loads_no_process_pool_and_no_bar(ct, tmp_path):
    code = (
        "import sys; from chiasm.app.start import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "convert", str(ct), str(tmp_path / "o.hl7")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    unwanted = {"concurrent.futures", "multiprocessing", "lxml", "rich.progress", "pydicom", "numpy"}
    assert not unwanted & set(done.stderr.split())
    assert (tmp_path / "o.hl7").exists()
