"""A private PostgreSQL beside SQLite, so that one suite says what both do."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chiasm.store.index import Index, open_index


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


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new, empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'index.sqlite'}"
    import psycopg

    server: str = request.getfixturevalue("postgres_server")
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{server}/{name}"


@pytest.fixture
def open_at(database: str) -> Iterator[Callable[[], Index]]:
    """Opens indexes on the same new database, and closes them at the end."""
    opened: list[Index] = []

    def again() -> Index:
        opened.append(open_index(database))
        return opened[-1]

    yield again
    for index in opened:
        index.close()


@pytest.fixture
def index(open_at: Callable[[], Index]) -> Index:
    """An empty index in either database."""
    return open_at()
