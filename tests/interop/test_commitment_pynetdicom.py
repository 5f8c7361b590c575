"""Storage commitment of a node as pynetdicom asks for it."""

from __future__ import annotations

import asyncio
import queue
import socket
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pynetdicom import AE, evt

from chiasm.model.holdings import Source
from chiasm.net.dimse_commitment import COMMITMENT, WELL_KNOWN, Commitment
from chiasm.net.dimse_retrieve import Destination
from chiasm.net.dimse_server import DimseSettings, serve_dimse
from chiasm.net.dimse_storage import transfer_syntaxes
from chiasm.services.archive import Archive, Settings


def _wish(*references: tuple[str, str]) -> Dataset:
    data = Dataset()
    data.TransactionUID = "2.25.9"
    data.ReferencedSOPSequence = []
    for sop_class, instance in references:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
        data.ReferencedSOPSequence.append(item)
    return data


def _ask(port: int, own: int, wish: Dataset, *, stays: bool) -> tuple[int, Dataset]:
    """The report: on the same association where we stay, else on one that the node opens to us."""
    reports: queue.Queue[tuple[int, Dataset]] = queue.Queue()

    def taken(event: Any) -> tuple[int, None]:
        reports.put((event.request.EventTypeID, event.event_information))
        return 0x0000, None

    entity = AE("ASKER")
    entity.add_requested_context(COMMITMENT)
    entity.add_supported_context(COMMITMENT, scu_role=True, scp_role=True)
    listener = entity.start_server(
        ("127.0.0.1", own), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, taken)]
    ) if not stays else None  # fmt: skip
    association = entity.associate("127.0.0.1", port, evt_handlers=[(evt.EVT_N_EVENT_REPORT, taken)])
    try:
        assert association.is_established
        status, _ = association.send_n_action(wish, 1, COMMITMENT, WELL_KNOWN)
        assert status.Status == 0
        if not stays:
            association.abort()
        return reports.get(timeout=30)
    finally:
        if association.is_established:
            association.release()
        if listener is not None:
            listener.shutdown()


def _report(tmp_path: Path, sample: Path, *, stays: bool, damaged: bool = False) -> tuple[int, Dataset]:
    async def run() -> tuple[int, Dataset]:
        archive = await Archive.open(Settings(tmp_path / "node"))
        try:
            await archive.receive_file(sample.read_bytes(), Source("import", "test"))
            held = pydicom.dcmread(sample)
            if damaged:
                location = (await archive.locations(instances=(held.SOPInstanceUID,)))[0]
                path = archive.path(location)
                assert path is not None
                path.write_bytes(path.read_bytes()[:-2] + b"\x55\xaa")
            destinations: dict[str, Destination] = {}
            handler = Commitment(archive, "CHIASM", destinations, pauses=(0.2, 0.5, 1.0))
            server = await serve_dimse(
                "127.0.0.1", 0, {COMMITMENT: handler}, DimseSettings(), syntaxes=transfer_syntaxes()
            )
            with socket.socket() as one:
                one.bind(("127.0.0.1", 0))
                own = int(one.getsockname()[1])
            destinations["ASKER"] = Destination("ASKER", "127.0.0.1", own)
            try:
                wish = _wish((held.SOPClassUID, held.SOPInstanceUID), (held.SOPClassUID, "2.25.404"))
                return await asyncio.to_thread(_ask, server.port, own, wish, stays=stays)
            finally:
                await handler.close()
                await server.close()
        finally:
            await archive.close()

    return asyncio.run(run())


def _sample(folder: Path) -> Path:
    return folder / "test_files" / "CT_small.dcm"


def test_the_report_comes_on_the_same_association(tmp_path: Path, pydicom_data: Path) -> None:
    kind, data = _report(tmp_path, _sample(pydicom_data), stays=True)
    held = pydicom.dcmread(_sample(pydicom_data)).SOPInstanceUID
    assert kind == 2
    assert [one.ReferencedSOPInstanceUID for one in data.ReferencedSOPSequence] == [held]
    failed = data.FailedSOPSequence[0]
    assert (failed.ReferencedSOPInstanceUID, failed.FailureReason) == ("2.25.404", 0x0112)


def test_the_report_comes_on_a_new_association(tmp_path: Path, pydicom_data: Path) -> None:
    kind, data = _report(tmp_path, _sample(pydicom_data), stays=False)
    assert kind == 2
    assert data.TransactionUID == "2.25.9"


def test_a_damaged_file_is_not_committed(tmp_path: Path, pydicom_data: Path) -> None:
    _, data = _report(tmp_path, _sample(pydicom_data), stays=True, damaged=True)
    assert sorted(one.FailureReason for one in data.FailedSOPSequence) == [0x0110, 0x0112]
