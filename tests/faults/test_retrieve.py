"""C-MOVE and C-GET where they do not go as planned: cancelled, lost, refused, too much for one association."""

from __future__ import annotations

import asyncio
import contextlib
import io
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import pydicom
import pytest

from chiasm.dicom import DataSet
from chiasm.model import Source
from chiasm.net import dimse_query, dimse_retrieve
from chiasm.net.dimse_association import Exchange
from chiasm.net.dimse_client import Client, Incoming, Proposal, connect
from chiasm.net.dimse_identifier import read, write
from chiasm.net.dimse_retrieve import Destination
from chiasm.net.dimse_server import DimseServer, DimseSettings, serve_dimse
from chiasm.net.dimse_storage import VERIFICATION, Echo, Storage, storage_classes, transfer_syntaxes
from chiasm.services.archive import Archive, Settings

PATIENT_ROOT, ROOT = "1.2.840.10008.5.1.4.1.2.1", "1.2.840.10008.5.1.4.1.2.2"
EXPLICIT, CT = "1.2.840.10008.1.2.1", "1.2.840.10008.5.1.4.1.1.2"
STUDY, SERIES = "2.25.1", "2.25.2"
Work = Callable[[int, Archive], Awaitable[Any]]


def objects(sample: Path, classes: Iterable[str]) -> list[bytes]:
    """Files of one series, one of each class that is given, in that order."""
    data = pydicom.dcmread(sample)
    data.StudyInstanceUID, data.SeriesInstanceUID, data.PatientID = STUDY, SERIES, "P1"
    found = []
    for number, sop_class in enumerate(classes, 1):
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = f"2.25.3.{number}"
        data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = sop_class
        data.InstanceNumber = number
        out = io.BytesIO()
        data.save_as(out)
        found.append(out.getvalue())
    return found


def node(folder: Path, files: Iterable[bytes], work: Work, *destinations: Destination) -> Any:
    """What the work gives, done with the port of a node that holds these files, and its archive."""

    async def run() -> Any:
        archive = await Archive.open(Settings(folder))
        try:
            for data in files:
                outcome = await archive.receive_file(data, Source("import", "test"))
                assert outcome.verdict == "stored"
            known = {one.ae: one for one in destinations}
            handlers: dict[str, Any] = {
                VERIFICATION: Echo(),
                **dict.fromkeys(storage_classes(), Storage(archive)),
                **dimse_query.handlers(archive, "CHIASM"),
                **dimse_retrieve.handlers(archive, "CHIASM", known),
            }
            server = await serve_dimse(
                "127.0.0.1", 0, handlers, DimseSettings(), syntaxes=transfer_syntaxes()
            )
            try:
                await archive.settle()
                async with asyncio.timeout(120):
                    return await work(server.port, archive)
            finally:
                await server.close()
        finally:
            await archive.close()

    return asyncio.run(run())


class Taking:
    """A destination: `answer` decides of each object, by its number among those that came."""

    def __init__(self, answer: Callable[[int, Exchange], Awaitable[int | None]]) -> None:
        self.answer = answer
        self.taken: list[str] = []
        self.associations: set[int] = set()

    def begin(self, exchange: Exchange) -> Any:
        outer = self

        class Sink:
            def write(self, data: memoryview) -> None:
                pass

            def finish_soon(self) -> bool:
                return False

            async def finish(self) -> None:
                outer.associations.add(id(exchange.association))
                outer.taken.append(exchange.command.affected_instance)
                status = await outer.answer(len(outer.taken), exchange)
                if status is not None:
                    await exchange.respond(status=status)

            def abandon(self) -> None:
                pass

        return Sink()

    async def handle(self, exchange: Exchange) -> None:
        raise AssertionError

    @contextlib.asynccontextmanager
    async def listening(self, port: int) -> AsyncIterator[DimseServer]:
        handlers = dict.fromkeys(storage_classes(), self)
        server = await serve_dimse("127.0.0.1", port, handlers, DimseSettings(), syntaxes=transfer_syntaxes())
        try:
            yield server
        finally:
            await server.close(patience=0)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def identifier(**keys: Any) -> bytes:
    return write(DataSet(keys), EXPLICIT)


ASKED = {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": STUDY}


async def asking(port: int, root: str = ROOT) -> Client:
    contexts = [Proposal(f"{root}.{service}", (EXPLICIT,)) for service in (1, 2, 3)]
    contexts += [Proposal(VERIFICATION, (EXPLICIT,)), Proposal(CT, (EXPLICIT,), False, True)]
    return await connect("127.0.0.1", port, calling="ASKER", called="CHIASM", contexts=contexts)


async def moved(port: int, root: str = ROOT, **keys: Any) -> tuple[Any, list[str]]:
    """The final response of a C-MOVE to THERE, and the UIDs of its list of failures."""
    async with await asking(port, root) as peer:
        answers = [one async for one in peer.move(f"{root}.2", identifier(**(keys or ASKED)), "THERE")]
    final, data = answers[-1]
    for before, _ in answers[:-1]:
        counts = (before.remaining, before.completed, before.failed, before.warning)
        assert None not in counts
    listed = read(data, EXPLICIT).get("FailedSOPInstanceUIDList") if data else ()
    return final, [listed] if isinstance(listed, str) else list(listed)


def counts(final: Any) -> tuple[int, int | None, int, int, int]:
    return final.status, final.remaining, final.completed, final.failed, final.warning


@pytest.fixture
def sample(pydicom_data: Path) -> Path:
    return pydicom_data / "test_files" / "CT_small.dcm"


def test_a_move_that_is_cancelled_tells_what_remains(tmp_path: Path, sample: Path) -> None:
    """PS3.4 §C.4.2.3.1: the sub-operation at hand ends, the rest is not begun, all four counts are told."""
    port_there, cancelled = free_port(), asyncio.Event()

    async def answer(number: int, _: Exchange) -> int:
        if number == 4:
            await cancelled.wait()
        return 0xA700 if number == 2 else 0xB000 if number == 3 else 0

    async def work(port: int, _: Archive) -> Any:
        there = Taking(answer)
        async with there.listening(port_there), await asking(port) as peer:
            context = peer.context_for(f"{ROOT}.2")
            assert context is not None
            answers = []
            async for one in peer.move(f"{ROOT}.2", identifier(**ASKED), "THERE"):
                answers.append(one)
                if len(there.taken) == 4 and not cancelled.is_set():
                    raise AssertionError("an answer while the fourth object waits")
                if len(there.taken) >= 1 and len(answers) == 1:
                    async with asyncio.timeout(60):
                        while len(there.taken) < 4:
                            await asyncio.sleep(0.01)
                    await peer.cancel(context.id, peer.last_message)
                    assert await peer.echo() == 0  # it is behind the C-CANCEL: that has been heard
                    cancelled.set()
            return answers[-1], there.taken

    (final, data), taken = node(
        tmp_path / "data", objects(sample, [CT] * 10), work, Destination("THERE", "127.0.0.1", port_there)
    )
    assert counts(final) == (0xFE00, 6, 2, 1, 1)
    assert len(taken) == 4
    assert read(data, EXPLICIT).get("FailedSOPInstanceUIDList") == "2.25.3.2"


def test_a_get_that_is_cancelled_tells_what_remains(tmp_path: Path, sample: Path) -> None:
    async def work(port: int, _: Archive) -> Any:
        taken: list[str] = []
        async with await asking(port) as peer:
            context = peer.context_for(f"{ROOT}.3")
            assert context is not None

            async def on_store(incoming: Incoming) -> None:
                taken.append(incoming.command.affected_instance)
                if len(taken) == 4:
                    await peer.cancel(context.id, 1)
                    assert await peer.echo() == 0
                await incoming.respond(status=0)

            answers = [one async for one in peer.get(f"{ROOT}.3", identifier(**ASKED), on_store)]
            assert await peer.echo() == 0
            return answers[-1][0], len(taken)

    final, count = node(tmp_path / "data", objects(sample, [CT] * 10), work)
    assert counts(final) == (0xFE00, 6, 4, 0, 0)
    assert count == 4


def test_a_cancel_is_heard_while_the_destination_is_down(tmp_path: Path, sample: Path) -> None:
    async def work(port: int, _: Archive) -> Any:
        async with await asking(port) as peer:
            context = peer.context_for(f"{ROOT}.2")
            assert context is not None

            async def cancel() -> None:
                assert await peer.echo() == 0  # behind the C-MOVE
                await peer.cancel(context.id, 1)

            work = asyncio.create_task(cancel())
            answers = [one async for one in peer.move(f"{ROOT}.2", identifier(**ASKED), "THERE")]
            await work
            return answers[-1][0]

    there = Destination("THERE", "127.0.0.1", free_port())
    assert counts(node(tmp_path / "data", objects(sample, [CT] * 3), work, there)) == (0xFE00, 3, 0, 0, 0)


def test_more_contexts_than_an_association_has_go_over_several(tmp_path: Path, sample: Path) -> None:
    classes = sorted(storage_classes())
    assert len(classes) > 130
    port_there = free_port()

    async def answer(number: int, exchange: Exchange) -> int:
        assert len(exchange.association.contexts) <= 128
        return 0

    async def work(port: int, _: Archive) -> Any:
        there = Taking(answer)
        async with there.listening(port_there):
            return *(await moved(port)), there

    files = objects(sample, [*classes, *classes])  # each class twice, far apart
    destination = Destination("THERE", "127.0.0.1", port_there, associations=1)
    final, failed, there = node(tmp_path / "data", files, work, destination)
    assert counts(final)[::2] == (0, len(files), 0)
    assert failed == []
    assert set(Counter(there.taken).values()) == {1}
    assert len(there.taken) == len(files)
    assert 2 <= len(there.associations) <= -(-len(classes) // 64)


def test_a_destination_that_breaks_off_again_and_again_gets_all(tmp_path: Path, sample: Path) -> None:
    port_there = free_port()

    async def answer(number: int, exchange: Exchange) -> int | None:
        if number % 4 == 0:
            exchange.association.abort()
            return None
        return 0

    async def work(port: int, _: Archive) -> Any:
        there = Taking(answer)
        async with there.listening(port_there):
            return *(await moved(port)), there

    final, failed, there = node(
        tmp_path / "data",
        objects(sample, [CT] * 7),
        work,
        Destination("THERE", "127.0.0.1", port_there),
    )
    assert (final.status, final.completed, final.failed, failed) == (0, 7, 0, [])
    assert set(there.taken) == {f"2.25.3.{number}" for number in range(1, 8)}
    assert len(there.associations) == 3


def test_a_destination_that_comes_late_is_waited_for(tmp_path: Path, sample: Path) -> None:
    port_there = free_port()

    async def answer(number: int, exchange: Exchange) -> int:
        return 0

    async def work(port: int, _: Archive) -> Any:
        called = asyncio.Event()

        async def hung_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()
            await writer.wait_closed()
            called.set()

        async with await asyncio.start_server(hung_up, "127.0.0.1", port_there):
            asked = asyncio.create_task(moved(port))
            await called.wait()
        async with Taking(answer).listening(port_there):
            return (await asked)[0]

    final = node(
        tmp_path / "data",
        objects(sample, [CT] * 2),
        work,
        Destination("THERE", "127.0.0.1", port_there),
    )
    assert (final.status, final.completed) == (0, 2)


@pytest.mark.parametrize(
    ("statuses", "status", "told"),
    [
        ((0, 0, 0), 0x0000, (3, 0, 0)),
        ((0, 0xA700, 0), 0xB000, (2, 1, 0)),
        ((0, 0xB000, 0), 0xB000, (2, 0, 1)),
        ((0xB006, 0xB007, 0xB000), 0xB000, (0, 0, 3)),
        ((0xA900, 0xC000, 0x0122), 0xA702, (0, 3, 0)),
        ((0xA900, 0xB000, 0x0110), 0xB000, (0, 2, 1)),
    ],
)
def test_the_final_status_is_what_the_sub_operations_were(
    tmp_path: Path, sample: Path, statuses: tuple[int, ...], status: int, told: tuple[int, ...]
) -> None:
    """PS3.4 §C.4.2.3.1: warning where some succeeded and some did not, or where any warned."""
    port_there = free_port()

    async def answer(number: int, exchange: Exchange) -> int:
        return statuses[number - 1]

    async def work(port: int, _: Archive) -> Any:
        there = Taking(answer)
        async with there.listening(port_there):
            return await moved(port)

    final, failed = node(
        tmp_path / "data",
        objects(sample, [CT] * 3),
        work,
        Destination("THERE", "127.0.0.1", port_there),
    )
    assert (final.status, final.completed, final.failed, final.warning) == (status, *told)
    assert final.remaining is None
    assert failed == [f"2.25.3.{n}" for n, one in enumerate(statuses, 1) if one and one >> 12 != 0xB]


def test_an_object_whose_file_is_gone_does_not_keep_the_others_back(tmp_path: Path, sample: Path) -> None:
    port_there, got = free_port(), []

    async def answer(number: int, exchange: Exchange) -> int:
        return 0

    async def work(port: int, archive: Archive) -> Any:
        lost = (await archive.locations(instances=("2.25.3.2",)))[0]
        there = Taking(answer)
        place = archive.path(lost)
        assert place is not None
        place.unlink()
        async with there.listening(port_there):
            result = await moved(port)

        async def on_store(incoming: Incoming) -> None:
            got.append(incoming.command.affected_instance)
            await incoming.respond(status=0)

        async with await asking(port) as peer:
            answers = [one async for one in peer.get(f"{ROOT}.3", identifier(**ASKED), on_store)]
        return *result, answers[-1][0]

    final, failed, gotten = node(
        tmp_path / "data",
        objects(sample, [CT] * 3),
        work,
        Destination("THERE", "127.0.0.1", port_there),
    )
    assert (counts(final), failed) == ((0xB000, None, 2, 1, 0), ["2.25.3.2"])
    assert counts(gotten) == (0xB000, None, 2, 1, 0)
    assert got == ["2.25.3.1", "2.25.3.3"]


def test_an_object_that_breaks_off_in_the_middle_is_told_of_and_the_rest_goes_on(
    tmp_path: Path, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a data set cannot be taken back: that association is aborted, the others go over a new one."""
    port_there = free_port()
    monkeypatch.setattr(dimse_retrieve, "_HELD", 0)  # all are streamed, as large ones are

    async def answer(number: int, exchange: Exchange) -> int:
        return 0

    async def work(port: int, archive: Archive) -> Any:
        there, original = Taking(answer), archive.stream_object

        async def halved(location: Any, start: int) -> AsyncIterator[bytes]:
            async for piece in original(location, start):
                yield piece[: len(piece) // 2]
                yield piece[len(piece) // 2 : len(piece) - 10]
                raise OSError(5, "Input/output error")

        def broken(location: Any, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
            bad = location.sop_instance == "2.25.3.2"
            return halved(location, start) if bad else original(location, start)

        archive.stream_object = broken  # type: ignore[method-assign, assignment]  # as a disk would do
        async with there.listening(port_there):
            return *(await moved(port)), there.taken

    final, failed, taken = node(
        tmp_path / "data",
        objects(sample, [CT] * 4),
        work,
        Destination("THERE", "127.0.0.1", port_there),
    )
    assert (counts(final), failed) == ((0xB000, None, 3, 1, 0), ["2.25.3.2"])
    assert taken == ["2.25.3.1", "2.25.3.3", "2.25.3.4"]


def test_a_list_of_failures_that_no_element_holds_is_cut(tmp_path: Path) -> None:
    """VR UI has a length of 16 bits: PS3.5 §7.1.2."""
    uids = [f"2.25.{10**38 + number}" for number in range(3000)]
    fitting = dimse_retrieve._fitting(uids)
    listed = DataSet()
    listed.set(0x00080058, fitting, "UI")
    assert (
        pydicom.dcmread(io.BytesIO(write(listed, EXPLICIT)), force=True).FailedSOPInstanceUIDList == fitting
    )
    assert len(fitting) > 1000


ACCEPTED = [
    (ROOT, {"QueryRetrieveLevel": "STUDY", "PatientID": "P1", "StudyInstanceUID": STUDY}, 3),
    (ROOT, {"QueryRetrieveLevel": "STUDY", "PatientID": "", "StudyInstanceUID": STUDY}, 3),
    (ROOT, {"QueryRetrieveLevel": "STUDY", "PatientID": "OTHER", "StudyInstanceUID": STUDY}, 0),
    (ROOT, {"QueryRetrieveLevel": "SERIES", "PatientID": "P1", "StudyInstanceUID": STUDY,
            "SeriesInstanceUID": SERIES}, 3),
    (ROOT, {"QueryRetrieveLevel": "IMAGE", "PatientID": "P1", "StudyInstanceUID": STUDY,
            "SeriesInstanceUID": SERIES, "SOPInstanceUID": "2.25.3.2"}, 1),
    (ROOT, {"QueryRetrieveLevel": "SERIES", "SeriesInstanceUID": SERIES}, 3),
    (ROOT, {"QueryRetrieveLevel": "IMAGE", "SOPInstanceUID": ("2.25.3.1", "2.25.3.3")}, 2),
    (PATIENT_ROOT, {"QueryRetrieveLevel": "PATIENT", "PatientID": "P1"}, 3),
    (PATIENT_ROOT, {"QueryRetrieveLevel": "STUDY", "PatientID": "P1", "StudyInstanceUID": STUDY}, 3),
    (PATIENT_ROOT, {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": STUDY}, 3),
    (PATIENT_ROOT, {"QueryRetrieveLevel": "STUDY", "PatientID": "*", "StudyInstanceUID": STUDY}, 3),
    (PATIENT_ROOT, {"QueryRetrieveLevel": "SERIES", "StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES}, 3),
    (PATIENT_ROOT, {"QueryRetrieveLevel": "IMAGE", "PatientID": "P1", "StudyInstanceUID": STUDY,
                    "SeriesInstanceUID": SERIES, "SOPInstanceUID": "2.25.3.3"}, 1),
]  # fmt: skip
REFUSED = [
    (ROOT, {"QueryRetrieveLevel": "STUDY", "PatientID": "P1"}),
    (ROOT, {"QueryRetrieveLevel": "STUDY", "PatientID": "P?", "StudyInstanceUID": STUDY}),
    (ROOT, {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": "2.25*"}),
    (ROOT, {"QueryRetrieveLevel": "SERIES", "StudyInstanceUID": STUDY}),
    (ROOT, {"QueryRetrieveLevel": "PATIENT", "PatientID": "P1"}),
    (PATIENT_ROOT, {"QueryRetrieveLevel": "STUDY", "PatientID": "P1"}),
    (PATIENT_ROOT, {"QueryRetrieveLevel": "SERIES", "PatientID": "P1", "StudyInstanceUID": STUDY}),
]


def test_conditions_of_the_levels_above_are_taken_in_retrievals(tmp_path: Path, sample: Path) -> None:
    """A patient's ID beside the UIDs must be that patient's; a UID needs nothing above it."""
    port_there = free_port()

    async def answer(number: int, exchange: Exchange) -> int:
        return 0

    async def work(port: int, _: Archive) -> Any:
        there, told = Taking(answer), []
        async with there.listening(port_there):
            for root, keys, _ in ACCEPTED:
                final, _ = await moved(port, root, **keys)
                told.append((final.status, final.completed))
            refused = [(await moved(port, root, **keys))[0].status for root, keys in REFUSED]
        return told, refused

    told, refused = node(
        tmp_path / "data",
        objects(sample, [CT] * 3),
        work,
        Destination("THERE", "127.0.0.1", port_there),
    )
    assert told == [(0, count) for _, _, count in ACCEPTED]
    assert refused == [0xA900] * len(REFUSED)


def test_conditions_of_the_levels_above_are_taken_in_queries(tmp_path: Path, sample: Path) -> None:
    asked = [(root, keys, count) for root, keys, count in ACCEPTED]
    below = {"StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES, "SOPInstanceUID": ""}
    image = {"QueryRetrieveLevel": "IMAGE", **below}
    asked += [
        (ROOT, {**image, "PatientName": "CompressedSamples*", "PatientID": "P1"}, 3),
        (ROOT, {**image, "PatientName": "Nobody*"}, 0),
        (ROOT, {**image, "PatientID": "P*"}, 3),
        (ROOT, {**image, "StudyDate": "19000101-19000102"}, 0),
        (PATIENT_ROOT, {**image, "PatientID": "P1", "PatientName": "CompressedSamples*"}, 3),
        (PATIENT_ROOT, image, 3),
    ]

    async def work(port: int, _: Archive) -> Any:
        told = []
        for root, keys, _ in asked:
            async with await asking(port, root) as peer:
                answers = [one async for one in peer.find(f"{root}.1", identifier(**keys))]
            told.append((answers[-1][0].status, len(answers) - 1))
        return told

    told = node(tmp_path / "data", objects(sample, [CT] * 3), work)
    for (_, keys, count), (status, found) in zip(asked, told, strict=True):
        level = keys["QueryRetrieveLevel"]
        expected = min(count, 1) if level != "IMAGE" else count
        assert (status, found) == (0, expected), keys
