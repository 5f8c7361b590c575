"""What happens to the counts when a new version of an instance belongs to another study."""

from __future__ import annotations

import json

from chiasm.dicom import DataSet
from chiasm.model.holdings import Event, Location, Source
from chiasm.model.query import Level, Query
from chiasm.store.extract import extract
from chiasm.store.index import Index
from chiasm.store.index_apply import Arrival


def _arrival(sequence: int, study: str) -> Arrival:
    kept = extract(
        DataSet(
            {
                "SOPInstanceUID": "1.1",
                "StudyInstanceUID": study,
                "SeriesInstanceUID": study + ".1",
                "PatientID": "P",
            }
        )
    )
    location = Location(
        f"k{sequence}", 1, 0, bytes([sequence]) * 32, "1.2", "1.3", "1.1", study + ".1", study
    )
    return Arrival("a", sequence, Event("stored", "2026", Source("web"), {}), location, kept)


def test_an_instance_that_moves_leaves_its_study_empty(index: Index) -> None:
    for sequence, study in enumerate(("1.2", "1.3"), 1):
        index.apply([_arrival(sequence, study)])
    assert [one.study for one in index.find(Query(Level.STUDY))] == ["1.3"]
    assert [one.study for one in index.find(Query(Level.SERIES))] == ["1.3"]
    (patient,) = index.find(Query(Level.PATIENT))
    assert json.loads("{" + patient.members + "}")["00201204"]["Value"] == [1]
    assert [one.study for one in index.versions("1.1")] == ["1.2", "1.3"]
