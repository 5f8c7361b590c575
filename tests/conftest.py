"""What all tests share: real files, outside tools, and how hard Hypothesis tries."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
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


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server, without a database's name; skips where PostgreSQL is not installed."""
    given = os.environ.get("CHIASM_TEST_POSTGRES")
    if given:
        yield given.rsplit("/", 1)[0]
        return
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="chiasm-postgres-"))
    # its own programs refuse to run as root
    as_user = (
        ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    )
    if as_user:
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data, options = (
        str(folder / "data"),
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=",
    )

    def run(program: str, *arguments: str) -> None:
        command = [*as_user, str(found[-1].with_name(program)), "-D", data, *arguments]
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, cwd="/"
        )

    try:
        run("initdb", "-A", "trust", "-U", "chiasm", "-E", "UTF8", "--no-sync")
        run("pg_ctl", "-w", "-o", f"{options} -c fsync=off", "-l", str(folder / "log"), "start")
        yield f"postgresql://chiasm@127.0.0.1:{port}"
        run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_database(postgres_server: str) -> str:
    """The URL of a new, empty database in PostgreSQL."""
    import psycopg

    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{postgres_server}/{name}"
