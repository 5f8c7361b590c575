"""All checks run, here and from the command line, and their result is the exit status."""

import subprocess
import sys

import pytest

from tools.house import run


def test_every_check_of_the_house_is_run(plant, project_root):
    modules = {path.stem for path in (project_root / "tools/house").glob("*.py")}
    assert set(run.CHECKS) == modules - {"__init__", "__main__", "run", "tree"}


def test_problems_come_sorted(plant, tmp_path):
    plant({"src/chiasm/b/utils.py": "", "src/chiasm/a/misc.py": ""})
    found = run.problems(tmp_path)
    assert found == sorted(found)
    assert {problem.rule for problem in found} == {"empty-name", "no-test"}


def test_one_check_alone(plant, tmp_path):
    plant({"src/chiasm/utils.py": ""})
    assert [problem.rule for problem in run.problems(tmp_path, ["mirror"])] == ["no-test"]


def test_a_file_that_is_not_python_is_named(plant, tmp_path):
    plant({"tests/test_a.py": "x = 1\ndef (\n"})
    assert [(problem.line, problem.rule) for problem in run.problems(tmp_path)] == [(2, "syntax")]


@pytest.mark.parametrize(("text", "status"), [("", 0), ("class DateUtils: ...\n", 1)])
def test_the_command(plant, tmp_path, project_root, text, status):
    plant({"bench/a.py": text and f'"""A."""\n{text}'})
    command = [sys.executable, str(project_root / "tools/house"), "--root", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (status, "")
    assert ("bench/a.py:2: empty-name: " in done.stdout) is bool(status)


def test_an_unknown_check_is_refused(capsys):
    with pytest.raises(SystemExit):
        run.main(["spelling"])
    assert "no such check: spelling" in capsys.readouterr().err


def test_a_release_from_the_command_line(plant, tmp_path):
    plant({"CHANGELOG.md": "<!-- releases -->\n", "changelog.d/hl7-a.md": "Reads.\n"})
    assert run.main(["--root", str(tmp_path), "--release", "1.0.0"]) == 0
    assert "- Reads." in (tmp_path / "CHANGELOG.md").read_text()
