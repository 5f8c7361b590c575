"""The project's pages say what is so: commands, links, and what the build server runs."""

import re
import subprocess
from pathlib import Path

import pytest


def pages(root: Path) -> list[Path]:
    return sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")])


def test_the_readme_names_the_two_commands(project_root):
    text = (project_root / "README.md").read_text()
    assert re.search(r"^(\$ )?make run\b", text, re.MULTILINE)
    assert re.search(r"^(\$ )?make test\b", text, re.MULTILINE)


def test_the_build_server_runs_the_checks_and_the_readmes_test_command(project_root):
    script = project_root / ".ci/run"
    subprocess.run(["bash", "-n", str(script)], check=True)
    text = script.read_text()
    assert "\nmake check\n" in text
    assert "README.md" in text
    assert script.stat().st_mode & 0o111


def test_every_target_that_the_pages_name_exists(project_root):
    targets = set(re.findall(r"^([a-z-]+):", (project_root / "Makefile").read_text(), re.MULTILINE))
    for page in pages(project_root):
        named = set(re.findall(r"`make ([a-z-]+)", page.read_text()))
        assert named <= targets, page.name


def test_every_target_that_was_asked_for_exists(project_root):
    text = (project_root / "Makefile").read_text()
    for target in [
        "setup",
        "run",
        "test",
        "test-long",
        "check",
        "bench",
        "tables",
        "tables-check",
        "docs",
        "lock",
        "clean",
    ]:
        assert re.search(rf"^{target}:.*##", text, re.MULTILINE), target


def test_local_links_lead_somewhere(project_root):
    broken = []
    for page in pages(project_root):
        text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            path = link.partition("#")[0]
            if "://" not in link and path and not (page.parent / path).exists():
                broken.append(f"{page.name}: {link}")
    assert broken == []


@pytest.mark.parametrize("name", ["dev", "run", "tables"])
def test_every_line_of_a_lock_file_is_pinned_and_hashed(project_root, name):
    text = (project_root / f"requirements/{name}.lock").read_text().replace("\\\n", " ")
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            assert re.match(r"[A-Za-z0-9._-]+==\S+ .*--hash=sha256:", line), line[:60]


def test_the_small_install_brings_no_server_database_or_image_codec(project_root):
    text = (project_root / "requirements/run.lock").read_text()
    names = set(re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE))
    assert {"lxml", "rich", "typer"} <= names
    heavy = {
        "numpy",
        "pillow",
        "pydicom",
        "pylibjpeg",
        "starlette",
        "fastapi",
        "uvicorn",
        "sqlalchemy",
        "psycopg",
    }
    assert not names & heavy
