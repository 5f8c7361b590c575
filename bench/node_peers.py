"""The servers that are measured, each a process of its own on loopback with its data in its own folder."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

PLUGINS = "/usr/share/orthanc/plugins"
_PYNETDICOM = """
import sys
from pynetdicom import AE, evt, AllStoragePresentationContexts
ae = AE(ae_title="PEER")
ae.supported_contexts = AllStoragePresentationContexts
def store(event):
    data = event.dataset
    data.file_meta = event.file_meta
    data.save_as(f"{sys.argv[2]}/{data.SOPInstanceUID}", enforce_file_format=True)
    return 0
ae.start_server(("127.0.0.1", int(sys.argv[1])), evt_handlers=[(evt.EVT_C_STORE, store)])
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its ports, where its DICOMweb is, its process and how soon it was ready (seconds)."""

    name: str
    dimse: int
    http: int
    web: str
    process: subprocess.Popen[bytes]
    ready: float


def need(*programs: str) -> None:
    """Raise ImportError, which marks a row absent, for a program that is not installed."""
    for program in programs:
        if shutil.which(program) is None and not Path(program).exists():
            raise ImportError(f"{program} is not installed")


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def _running(
    name: str, command: list[str], folder: Path, dimse: int, http: int, web: str = ""
) -> Iterator[Server]:
    environment = {**os.environ, "TCP_NODELAY": "1"}
    begin = time.perf_counter()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
    try:
        for port in (dimse, http):
            if port:
                _await(port, process, folder / "log")
        yield Server(name, dimse, http, web, process, time.perf_counter() - begin)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(20_000):
        if process.poll() is not None:
            raise ValueError(f"it stopped: {log.read_text(errors='replace')[-500:]}")
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.002)
    raise ValueError("it did not begin to listen")


def chiasm(
    folder: Path, database: str = "", *more: str, destination: int = 0
) -> contextlib.AbstractContextManager[Server]:
    """Our node with its defaults, durable; `database` is a URL, SQLite where empty."""
    folder.mkdir(parents=True, exist_ok=True)
    dimse, http = free_port(), free_port()
    if destination:
        text = f'[[destination]]\nname = "SINK"\nae = "SINK"\nhost = "127.0.0.1"\nport = {destination}\n'
        (folder / "chiasm.toml").write_text(text)
    program = str(Path(sys.executable).with_name("chiasm"))
    command = [program, "up", "--data", str(folder / "data"), "--dimse", f"127.0.0.1:{dimse}"]
    command += ["--http", f"127.0.0.1:{http}", *(("--database", database) if database else ()), *more]
    return _running("Chiasm", command, folder, dimse, http, "/dicom-web")


def orthanc(folder: Path, destination: int = 0) -> contextlib.AbstractContextManager[Server]:
    """Orthanc with its default configuration, but for ports, folders, its DICOMweb plugin and who may ask."""
    need("/usr/sbin/Orthanc")
    folder.mkdir(parents=True)
    dimse, http = free_port(), free_port()
    settings = {
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "index"),
        "DicomPort": dimse,
        "HttpPort": http,
        "Plugins": [f"{PLUGINS}/libOrthancDicomWeb.so"],
        "DicomWeb": {"Enable": True},
        "DicomAlwaysAllowEcho": True,
        "DicomAlwaysAllowStore": True,
        "DicomAlwaysAllowFind": True,
        "DicomAlwaysAllowGet": True,
        "DicomAlwaysAllowMove": True,
        "DicomModalities": {"SINK": ["SINK", "127.0.0.1", destination]} if destination else {},
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    command = ["/usr/sbin/Orthanc", str(folder / "orthanc.json")]
    return _running("Orthanc", command, folder, dimse, http, "/dicom-web")


def storescp(folder: Path) -> contextlib.AbstractContextManager[Server]:
    """DCMTK storescp --fork: nothing synced, nothing indexed."""
    need("storescp")
    (folder / "out").mkdir(parents=True)
    port = free_port()
    command = ["storescp", "--fork", "-od", str(folder / "out"), "-aet", "SINK", str(port)]
    return _running("DCMTK storescp --fork", command, folder, port, 0)


def sink(folder: Path) -> contextlib.AbstractContextManager[Server]:
    """A server that drops what it is sent, so that the sender alone is measured."""
    folder.mkdir(parents=True)
    port = free_port()
    program = str(Path(__file__).with_name("dimse_sink.py"))
    return _running("sink", [sys.executable, program, str(port)], folder, port, 0)


def pynetdicom(folder: Path) -> contextlib.AbstractContextManager[Server]:
    """pynetdicom's server writing each object to a file."""
    (folder / "out").mkdir(parents=True)
    port = free_port()
    command = [sys.executable, "-c", _PYNETDICOM, str(port), str(folder / "out")]
    return _running("pynetdicom storescp", command, folder, port, 0)


@contextlib.contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """The URL of a database of its own, with PostgreSQL's default settings: durable."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        raise ImportError("PostgreSQL is not installed")
    programs, port = found[-1].parent, free_port()
    folder.mkdir(parents=True)
    owner = [] if os.getuid() else ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    if owner:
        shutil.chown(folder, "postgres", "postgres")
        for above in list(folder.parents)[:-2]:
            above.chmod(above.stat().st_mode | 0o011)
    cluster = str(folder / "cluster")
    run: Callable[[list[str]], object] = lambda command: subprocess.run(  # noqa: E731
        [*owner, *command], check=True, capture_output=True, cwd="/"
    )
    run([str(programs / "initdb"), "-D", cluster, "-U", "chiasm", "-A", "trust", "-E", "UTF8", "--locale=C"])
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    run([str(programs / "pg_ctl"), "-D", cluster, "-w", "-o", options, "-l", str(folder / "pg.log"), "start"])
    try:
        yield f"postgresql://chiasm@127.0.0.1:{port}/postgres"
    finally:
        run([str(programs / "pg_ctl"), "-D", cluster, "-w", "-m", "immediate", "stop"])
