"""The build server's script, run with a `make` of the test's own in place of the real one."""

import os
import shutil
import subprocess

import pytest

MAKE = """#!/bin/sh
echo "make $*" >> calls
case "$1" in
  check) exit {check} ;;
  test-compiled) exit {compiled} ;;
  test) echo "3 passed in 0.10s"; [ {test} = 0 ] || {{ echo "make: *** Error 1" >&2; exit {test}; }} ;;
esac
"""


@pytest.fixture
def build(tmp_path, project_root):
    """Runs .ci/run where `make check` and `make test` end as said; gives the result and the calls made."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(project_root / ".ci/run", tmp_path / ".ci/run")
    shutil.copy(project_root / "README.md", tmp_path / "README.md")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("dciodvfy", "dcmdump", "cc"):
        (tools / name).write_text("#!/bin/sh\n")
        (tools / name).chmod(0o755)

    def run(check: int, test: int, compiled: int = 0) -> tuple[subprocess.CompletedProcess[str], list[str]]:
        (tools / "make").write_text(MAKE.format(check=check, test=test, compiled=compiled))
        (tools / "make").chmod(0o755)
        environment = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
        script = [str(tmp_path / ".ci/run")]
        done = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
        return done, (tmp_path / "calls").read_text().splitlines()

    return run


def test_checks_then_the_readmes_test_command(build):
    done, calls = build(check=0, test=0)
    assert (done.returncode, calls) == (0, ["make check", "make test-compiled", "make test"])
    assert done.stdout.splitlines()[-1] == "3 passed in 0.10s"


def test_a_failed_check_ends_the_build(build):
    done, calls = build(check=1, test=0)
    assert done.returncode != 0
    assert calls == ["make check"]


def test_a_compiled_package_that_answers_otherwise_ends_the_build(build):
    done, calls = build(check=0, test=0, compiled=2)
    assert done.returncode != 0
    assert calls == ["make check", "make test-compiled"]


def test_failed_tests_fail_the_build_and_still_close_with_their_count(build):
    done, _ = build(check=0, test=2)
    assert done.returncode != 0
    assert done.stdout.splitlines()[-1] == "3 passed in 0.10s"
