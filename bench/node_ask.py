"""Finding and giving back: QIDO-RS, WADO-RS, C-FIND and C-MOVE against Orthanc, filled alike."""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
import time
from collections.abc import Callable

from . import node_peers
from .dimse_load import finds
from .folders import new_folder
from .http_load import answers, get
from .measure import Outcome, Row
from .node_objects import Study, study, template
from .node_peers import Server
from .node_store import compared, send

_ROUNDS = 3
_JSON = "application/dicom+json"
_STUDIES = 200
Ask = Callable[[Server, "list[Study]"], float]


def rows() -> list[Row]:
    """Six questions, both databases for ours."""
    kinds: list[tuple[str, float, Ask, str]] = [
        ("QIDO by patient id, 8 connections", 6, _by_patient, "/s"),
        ("QIDO study list, limit 50", 30, _list, "/s"),
        ("WADO-RS study, 50 × 39 kB", 3, _study, " MB/s"),
        ("WADO-RS metadata of that study", 15, _metadata, "/s"),
        ("C-FIND by patient, 4 associations", 5, _find, "/s"),
    ]
    found = [
        _row(f"{work}, {database}", at_least, ask, unit, database)
        for work, at_least, ask, unit in kinds
        for database in ("SQLite", "PostgreSQL")
    ]
    return [*found, Row("C-MOVE of a 400-image study, 39 kB", "Orthanc", "2 ×", _move)]


def _row(work: str, at_least: float, ask: Ask, unit: str, database: str) -> Row:
    def run(row: Row, rounds: int) -> Outcome:
        taken = _asked(database)[ask.__name__]
        return compared(row, taken["Chiasm"], taken["Orthanc"], at_least, unit)

    return Row(work, "Orthanc", f"{at_least:g} ×", run)


@functools.cache
def _asked(database: str) -> dict[str, dict[str, list[float]]]:
    """Rates by question and server: 199 studies of one image and one of fifty in each."""
    node_peers.need("storescu")
    base = template(128)
    found: dict[str, dict[str, list[float]]] = {}
    with contextlib.ExitStack() as stack:
        root = stack.enter_context(new_folder())
        url = stack.enter_context(node_peers.postgresql(root / "pg")) if database == "PostgreSQL" else ""
        ours = stack.enter_context(node_peers.chiasm(root / "chiasm", url))
        other = stack.enter_context(node_peers.orthanc(root / "orthanc"))
        studies = [study(root / f"in/{index}", base, 1) for index in range(_STUDIES - 1)]
        studies.append(study(root / "in/fifty", base, 50))
        everything = Study(root / "in", studies[-1].uid, "", 50, len(base))
        for server in (ours, other):
            _fill(server, everything)
        for ask in (_by_patient, _list, _study, _metadata, _find):
            taken: dict[str, list[float]] = {server.name: [] for server in (ours, other)}
            for number in range(_ROUNDS + 1):
                for server in (ours, other):
                    rate = ask(server, studies)
                    if number:
                        taken[server.name].append(rate)
            found[ask.__name__] = taken
    return found


def _fill(server: Server, everything: Study) -> None:
    command = [
        "storescu",
        "+sd",
        "+r",
        "-aec",
        "CHIASM",
        "127.0.0.1",
        str(server.dimse),
        str(everything.folder),
    ]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "TCP_NODELAY": "1"})


def _by_patient(server: Server, studies: list[Study]) -> float:
    count = 2000 if server.name == "Chiasm" else 300

    def request(index: int) -> bytes:
        return get(f"{server.web}/studies?PatientID={studies[index % len(studies)].patient}", _JSON)

    return count / answers(server.http, request, count)[0]


def _list(server: Server, studies: list[Study]) -> float:
    count = 400 if server.name == "Chiasm" else 12
    asked = get(f"{server.web}/studies?limit=50", _JSON)
    return count / answers(server.http, lambda _: asked, count)[0]


def _study(server: Server, studies: list[Study]) -> float:
    count = 100 if server.name == "Chiasm" else 30
    asked = get(
        f"{server.web}/studies/{studies[-1].uid}",
        'multipart/related; type="application/dicom"; transfer-syntax=*',
    )
    seconds, size = answers(server.http, lambda _: asked, count, 2)
    if size < count * 50 * studies[-1].size:
        raise ValueError(f"{server.name} gave {size} bytes")
    return size / seconds / 1e6


def _metadata(server: Server, studies: list[Study]) -> float:
    count = 200 if server.name == "Chiasm" else 15
    asked = get(f"{server.web}/studies/{studies[-1].uid}/metadata", _JSON)
    return count / answers(server.http, lambda _: asked, count, 4)[0]


def _find(server: Server, studies: list[Study]) -> float:
    """C-FINDs a second over as many associations as Orthanc serves at once; the same bytes for each."""
    count = 2000 if server.name == "Chiasm" else 400
    patients = [studies[number % len(studies)].patient for number in range(count)]
    return count / finds(server.dimse, patients, 4)


def _move(row: Row, rounds: int) -> Outcome:
    node_peers.need("storescu", "movescu", "storescp")
    base = template(128)
    rates: tuple[list[float], list[float]] = ([], [])
    with contextlib.ExitStack() as stack:
        root = stack.enter_context(new_folder())
        sink = stack.enter_context(node_peers.storescp(root / "sink"))
        ours = stack.enter_context(node_peers.chiasm(root / "chiasm", destination=sink.dimse))
        other = stack.enter_context(node_peers.orthanc(root / "orthanc", sink.dimse))
        one = study(root / "in", base, 400)
        for server in (ours, other):
            send(server, [one])
        for _ in range(_ROUNDS):
            for server, taken in ((ours, rates[0]), (other, rates[1])):
                taken.append(one.count / _moved(server, one))
    return compared(row, *rates, 2)


def _moved(server: Server, one: Study) -> float:
    keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={one.uid}"]
    command = ["movescu", "-S", "-aec", "CHIASM", "-aem", "SINK", *keys, "127.0.0.1", str(server.dimse)]
    environment = {**os.environ, "TCP_NODELAY": "1"}
    begin = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return time.perf_counter() - begin
