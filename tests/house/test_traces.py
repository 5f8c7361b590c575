"""Nothing kept names a machine or a registry."""

import pytest

from tools.house import traces

SLASH = "/"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (f"open('{SLASH}work/main/a')", "machine-path"),
        (f"{SLASH}root/.cache", "machine-path"),
        (f"see {SLASH}home/ann/a", "machine-path"),
        (f"{SLASH}Users/ann/b", "machine-path"),
        ("C:" + r"\Users\ann", "machine-path"),
        ("--index" + "-url x", "registry-host"),
        ("--extra-index" + "-url x", "registry-host"),
        ('"resolv' + 'ed": "https://mirror.example/a.tgz"', "registry-host"),
        ("https://pypi.example/root" + "/simple", "registry-host"),
        ("at .." + "/shared/data", "shared-path"),
    ],
)
def test_a_trace_is_found_on_its_line(plant, text, rule):
    found = list(traces.check(plant({"docs/a.md": f"first\n{text}\n"})))
    assert [(problem.line, problem.rule) for problem in found] == [(2, rule)]


@pytest.mark.parametrize(
    "text",
    [
        "a/work/b",
        "https://example.org/home/x",
        "/tmp/out",
        "https://pypi.org/project/rich/",
        "docs/shared.md",
    ],
)
def test_what_is_no_trace(plant, text):
    assert list(traces.check(plant({"docs/a.md": text}))) == []


def test_tests_may_read_the_shared_samples(plant):
    assert list(traces.check(plant({"tests/a.py": ".." + "/shared/data"}))) == []


def test_binary_files_are_passed_over(plant, tmp_path):
    tree = plant({"a.txt": ""})
    (tmp_path / "b.bin").write_bytes(b"\0" + f"{SLASH}root/x".encode())
    assert list(traces.check(tree)) == []
