"""The ledger counts its entries and is written as JSON lines."""

import json

from chiasm.model import Disposition, Entry, Ledger

ENTRIES = (
    Entry("00100010", Disposition.MAPPED, "PID-5", "patient.names"),
    Entry("00091001", Disposition.CARRIED, "OBX[3]-5", "carry-all"),
    Entry("7FE00010", Disposition.DROPPED, "", "pixel-data", "pixels do not travel"),
    Entry("00081030", Disposition.MAPPED, "OBR-4.2", "study.description", "joined"),
)


def test_counts_name_all_dispositions():
    assert Ledger(ENTRIES).counts() == {"mapped": 2, "carried": 1, "dropped": 1}
    assert Ledger(()).counts() == {"mapped": 0, "carried": 0, "dropped": 0}


def test_json_lines_hold_every_entry_in_order():
    lines = [json.loads(line) for line in Ledger(ENTRIES).to_json_lines().splitlines()]
    assert [line["source"] for line in lines] == [entry.source for entry in ENTRIES]
    assert lines[2] == {
        "source": "7FE00010",
        "disposition": "dropped",
        "target": "",
        "rule": "pixel-data",
        "reason": "pixels do not travel",
    }
    assert len(Ledger(ENTRIES)) == len(list(Ledger(ENTRIES))) == 4
