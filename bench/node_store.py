"""Taking images in: C-STORE and STOW-RS, and our client against DCMTK's."""

from __future__ import annotations

import contextlib
import functools
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from . import node_peers
from .folders import new_folder
from .http_load import answers, get, post
from .measure import Outcome, Row
from .node_objects import Study, study, template
from .node_peers import Server

_SIDES = {"525 kB": 512, "39 kB": 128}
_WANTED = (("525 kB", {1: 4.0, 4: 2.5}), ("39 kB", {1: 4.0, 4: 3.0}))
_ROUNDS = 3
_COUNTS = {"525 kB": 150, "39 kB": 300}


def rows() -> list[Row]:
    """C-STORE by size and number of associations, Nagle, our client, STOW-RS."""
    peers = ("Orthanc", "DCMTK storescp --fork", "pynetdicom storescp")
    found = [
        _store_row(size, count, database, peer, at_least if peer == "Orthanc" else 1.0)
        for size, wanted in _WANTED
        for database in ("SQLite", "PostgreSQL")
        for count, at_least in wanted.items()
        for peer in peers
    ]
    found += [_nagle_row(peer) for peer in peers[:2]]
    client = Row("C-STORE to a sender-bound sink, 39 kB CT: our client", "DCMTK storescu", "1 ×", _client)
    return [*found, client, *(_stow_row(size) for size in _SIDES)]


def send(server: Server, studies: list[Study], *, nagle: bool = False) -> float:
    """Seconds until storescu has sent each study over an association of its own and all is indexed."""
    environment = {name: value for name, value in os.environ.items() if name != "TCP_NODELAY"}
    if not nagle:
        environment["TCP_NODELAY"] = "1"
    os.sync()  # what another server has left unwritten is not this one's to wait for
    begin = time.perf_counter()
    senders = [
        subprocess.Popen(
            ["storescu", "+sd", "-aec", "CHIASM", "127.0.0.1", str(server.dimse), str(one.folder)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for one in studies
    ]
    for sender in senders:
        _, told = sender.communicate()
        if sender.returncode:
            raise ValueError(f"storescu to {server.name}: {told.decode(errors='replace')[-300:]}")
    if server.name == "Chiasm":  # what is answered from now on must know of them all
        for one in studies:
            path = f"{server.web}/studies/{one.uid}/instances?limit=1&offset={one.count - 1}"
            asked = get(path, "application/dicom+json")
            if answers(server.http, [asked].__getitem__, 1, 1)[1] < 100:
                raise ValueError("an object that was acknowledged is not found")
    return time.perf_counter() - begin


@functools.cache
def _rates(size: str, associations: int, database: str) -> dict[str, list[float]]:
    """Objects a second of each server, round by round, taken in turn."""
    node_peers.need("storescu")
    base = template(_SIDES[size])
    with contextlib.ExitStack() as stack:
        root = stack.enter_context(new_folder())
        url = stack.enter_context(node_peers.postgresql(root / "pg")) if database == "PostgreSQL" else ""
        servers = [
            stack.enter_context(node_peers.chiasm(root / "chiasm", url)),
            stack.enter_context(node_peers.orthanc(root / "orthanc")),
            stack.enter_context(node_peers.storescp(root / "storescp")),
            stack.enter_context(node_peers.pynetdicom(root / "pynetdicom")),
        ]
        taken: dict[str, list[float]] = {server.name: [] for server in servers}
        for number in range(_ROUNDS + 1):
            for server in servers:
                slow = server.name in {"Orthanc", "pynetdicom storescp"}
                each = max(10, _COUNTS[size] // (3 if slow else 1) // (2 if associations > 1 else 1))
                places = [root / f"in-{number}-{server.name[:4]}-{one}" for one in range(associations)]
                studies = [study(place, base, each) for place in places]
                taken[server.name].append(associations * each / send(server, studies))
        return {name: rates[1:] for name, rates in taken.items()}


def compared(row: Row, ours: list[float], peer: list[float], at_least: float, unit: str = "/s") -> Outcome:
    """The outcome of rates against rates: the more the better."""
    ratios = sorted(a / b for a, b in zip(ours, peer, strict=True))
    ratio = statistics.median(ours) / statistics.median(peer)
    return Outcome(
        row.work,
        row.peer_name,
        row.required,
        ours=f"{statistics.median(ours):.0f}{unit}",
        peer=f"{statistics.median(peer):.0f}{unit}",
        ratio=ratio,
        spread=f"{ratios[0]:.2f} to {ratios[-1]:.2f}",
        mark="pass" if ratio >= at_least else "fail",
    )


def _store_row(size: str, associations: int, database: str, peer: str, at_least: float) -> Row:
    def run(row: Row, rounds: int) -> Outcome:
        rates = _rates(size, associations, database)
        return compared(row, rates["Chiasm"], rates[peer], at_least)

    plural = "association" if associations == 1 else "associations"
    return Row(f"C-STORE, {size} CT, {associations} {plural}, {database}", peer, f"{at_least:g} ×", run)


def _nagle_row(peer: str) -> Row:
    def run(row: Row, rounds: int) -> Outcome:
        node_peers.need("storescu")
        base = template(128)
        make: Callable[[Path], contextlib.AbstractContextManager[Server]] = (
            node_peers.orthanc if peer == "Orthanc" else node_peers.storescp
        )
        with new_folder() as root, contextlib.ExitStack() as stack:
            ours = stack.enter_context(node_peers.chiasm(root / "chiasm"))
            other = stack.enter_context(make(root / "peer"))
            rates: tuple[list[float], list[float]] = ([], [])
            for number in range(_ROUNDS):
                for server, count, taken in ((ours, 300, rates[0]), (other, 25, rates[1])):
                    place = root / f"in-{number}-{server.name[:4]}"
                    taken.append(count / send(server, [study(place, base, count)], nagle=True))
        return compared(row, *rates, 20)

    return Row("C-STORE, 39 kB CT, 1 association, sender with Nagle on", peer, "20 ×", run)


def _client(row: Row, rounds: int) -> Outcome:
    node_peers.need("storescu", "storescp")
    base = template(128)
    program = str(Path(sys.executable).with_name("chiasm"))
    with new_folder() as root, node_peers.sink(root / "sink") as sink:
        rates: tuple[list[float], list[float]] = ([], [])
        for number in range(_ROUNDS):
            for index, count in ((0, 2000), (1, 2000)):
                one = study(root / f"in-{number}-{index}", base, count)
                peer = f"CHIASM@127.0.0.1:{sink.dimse}"
                ours = [program, "send", peer, str(one.folder)]
                theirs = ["storescu", "+sd", "-aec", "CHIASM", "127.0.0.1", str(sink.dimse), str(one.folder)]
                begin = time.perf_counter()
                environment = {**os.environ, "TCP_NODELAY": "1"}
                subprocess.run(theirs if index else ours, check=True, capture_output=True, env=environment)
                rates[index].append(count / (time.perf_counter() - begin))
    return compared(row, *rates, 1)


def _stow_row(size: str) -> Row:
    def run(row: Row, rounds: int) -> Outcome:
        base = template(_SIDES[size])
        with new_folder() as root, contextlib.ExitStack() as stack:
            ours = stack.enter_context(node_peers.chiasm(root / "chiasm"))
            other = stack.enter_context(node_peers.orthanc(root / "orthanc"))
            rates: tuple[list[float], list[float]] = ([], [])
            for number in range(_ROUNDS + 1):
                for server, count, taken in ((ours, 120, rates[0]), (other, 40, rates[1])):
                    one = study(root / f"in-{number}-{server.name[:4]}", base, count)
                    taken.append(count / _stow(server, one))
        return compared(row, rates[0][1:], rates[1][1:], 3)

    return Row(f"STOW-RS, {size} CT, 10 an upload, 4 connections", "Orthanc", "3 ×", run)


def _stow(server: Server, one: Study) -> float:
    files = sorted(one.folder.iterdir())
    uploads = [_multipart(files[start : start + 10]) for start in range(0, len(files), 10)]
    kind = 'multipart/related; type="application/dicom"; boundary=bench'
    requests = [post(f"{server.web}/studies", kind, body) for body in uploads]
    os.sync()
    return answers(server.http, lambda index: requests[index], len(requests), 4)[0]


def _multipart(files: list[Path]) -> bytes:
    def parts() -> Iterator[bytes]:
        for file in files:
            yield b"--bench\r\nContent-Type: application/dicom\r\n\r\n" + file.read_bytes() + b"\r\n"
        yield b"--bench--\r\n"

    return b"".join(parts())
