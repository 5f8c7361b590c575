"""The examples of the README and the guides are run as they stand.

```python blocks run one after another in a folder of their own, which holds `dicom_data.dcm`, a real CT
image; in ```console blocks the lines after `$ ` are commands and the lines below them their output,
where `...` stands for anything. Only blocks that name chiasm are run.
"""

import contextlib
import doctest
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("README*.md"), *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(python|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(page: Path) -> list[tuple[str, str]]:
    return [(kind, text) for kind, text in BLOCK.findall(page.read_text()) if "chiasm" in text]


@pytest.fixture
def desk(tmp_path, pydicom_data, monkeypatch):
    shutil.copy(pydicom_data / "test_files/CT_small.dcm", tmp_path / "dicom_data.dcm")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("COLUMNS", "200")
    yield tmp_path
    for number in tmp_path.rglob("node.pid"):  # an example that failed leaves no node behind
        with contextlib.suppress(OSError, ValueError):
            os.kill(int(number.read_text()), signal.SIGTERM)


def run_python(text: str, names: dict[str, object], page: str) -> None:
    if ">>>" not in text:
        exec(compile(text, page, "exec"), names)
        return
    test = doctest.DocTestParser().get_doctest(text, names, page, page, 0)
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    report: list[str] = []
    runner.run(test, out=report.append, clear_globs=False)
    names.update(test.globs)
    assert runner.failures == 0, "".join(report)


def run_console(text: str, folder: Path) -> None:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        got = done.stdout.replace("\r", "\n")
        agrees = doctest.OutputChecker().check_output(expected, got, FLAGS)
        assert agrees or not expected.strip(), f"$ {command}\n{got}"
        assert done.returncode in {0, 1}, f"$ {command}\n{got}"


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=lambda page: page.name)
def test_the_examples_of_a_page(page, desk):
    names: dict[str, object] = {"__name__": "__example__"}
    for kind, text in blocks(page):
        if kind == "python":
            run_python(text, names, page.name)
        else:
            run_console(text, desk)


def test_output_that_differs_is_caught(desk):
    run_console("$ printf 'a\\nb\\n'\na\n...\n", desk)
    with pytest.raises(AssertionError):
        run_console("$ echo a\nb\n", desk)
    with pytest.raises(AssertionError):
        run_python(">>> 1 + 1\n3\n", {}, "page")
    run_python(">>> 1 + 1\n2\n", {}, "page")
