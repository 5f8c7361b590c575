"""One suite for both databases: what is found, how, and what each arrival changes."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from chiasm import dicom
from chiasm.errors import ServiceError, UsageError
from chiasm.model.holdings import Event, Location, Source, Verdict
from chiasm.model.query import Equals, Exists, Level, Query, Range, Wildcard
from chiasm.standards import dictionary
from chiasm.store.extract import extract
from chiasm.store.index import Arrival, Index, open_index

EVENT = Event("stored", "2026-11-23T08:00:00.000000+00:00", Source("dimse", "CT1"), {})


def path(*keywords: str) -> tuple[int, ...]:
    return tuple(dictionary.tag(word) or 0 for word in keywords)


def arrival(
    number: int, values: dict[str, Any] | None = None, *, chain: str = "a", digest: bytes = b"", at: int = 0
) -> Arrival:
    """The arrival of a made-up CT image; `values` change what is in it."""
    base = {
        "SpecificCharacterSet": "ISO_IR 192",
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
        "SOPInstanceUID": f"1.2.3.{number}",
        "StudyDate": "20261120",
        "StudyTime": "101500",
        "Modality": "CT",
        "PatientName": "Wang^XiaoDong=王^小东",
        "PatientID": "P1",
        "IssuerOfPatientID": "",
        "PatientBirthDate": "19800101",
        "PatientSex": "M",
        "AccessionNumber": "A1",
        "StudyInstanceUID": "1.2.9",
        "SeriesInstanceUID": "1.2.9.1",
        "SeriesNumber": "1",
        "InstanceNumber": str(number),
        "Rows": 512,
    }
    data = dicom.DataSet(base | (values or {}))
    kept = extract(data)
    location = Location(
        f"key{number}-{chain}",
        1000,
        132,
        digest or hashlib.sha256(str(number).encode()).digest(),
        "1.2.840.10008.1.2.1",
        kept.instance.first("00080016"),
        kept.instance.first("00080018"),
        kept.series_uid,
        kept.study_uid,
    )
    return Arrival(chain, at or number, EVENT, location, kept)


def other(number: int, **values: Any) -> Arrival:
    """An arrival of a study and a patient of its own."""
    own = {
        "StudyInstanceUID": f"1.2.9{number}",
        "SeriesInstanceUID": f"1.2.9{number}.1",
        "PatientID": f"P{number}",
    }
    return arrival(number, own | values)


def studies(index: Index, *conditions: Any, fuzzy: bool = False, **more: Any) -> list[str]:
    return [one.study for one in index.find(Query(Level.STUDY, conditions, fuzzy, **more))]


def members(found: Any) -> dict[str, Any]:
    parsed = json.loads("{" + found.members + "}")
    assert list(parsed) == sorted(parsed)
    return {tag: entry.get("Value") for tag, entry in parsed.items()}


@pytest.mark.parametrize(
    "name",
    [
        "王^小东",
        "Wang^XiaoDong",
        "wang^xiaodong",
        "wang*",
        "WANG*",
        "ＷＡＮＧ^*",
        "王*",
        "*小东",
        "W?ng^*",
        "Wang^XiaoDong^^",
        "Wang^XiaoDong=王^小东",
        "wang^xiaodon*",
    ],
)
def test_a_name_is_found_however_it_is_written(index: Index, name: str) -> None:
    index.apply([arrival(1), other(2, PatientName="Li^Other")])
    condition = (Wildcard if "*" in name or "?" in name else Equals)(
        path("PatientName"), name if "*" in name or "?" in name else (name,)
    )  # type: ignore[arg-type]
    assert studies(index, condition) == ["1.2.9"]
    assert len(index.find(Query(Level.PATIENT, (condition,)))) == 1
    assert len(index.find(Query(Level.INSTANCE, (condition,)))) == 1
    assert index.count(Query(Level.SERIES, (condition,))) == 1


@pytest.mark.parametrize("name", ["Wang", "Xiao*", "王", "w%", "wang_xiaodong", "[w]ang*"])
def test_a_name_is_not_found_by_what_it_is_not(index: Index, name: str) -> None:
    index.apply([arrival(1)])
    assert studies(index, Wildcard(path("PatientName"), name)) == []


def test_metacharacters_of_the_database_are_characters(index: Index) -> None:
    for number, text in enumerate(("a%b", "a_b", "a[b]c", "a\\b'c", "axb"), 1):
        index.apply([other(number, StudyDescription=text if "\\" not in text else "a'b")])

    def found(pattern: str) -> list[str]:
        return studies(index, Wildcard(path("StudyDescription"), pattern))

    assert found("a%*") == ["1.2.91"]
    assert found("?_b") == ["1.2.92"]
    assert found("*[b]*") == ["1.2.93"]
    assert found("a'*") == ["1.2.94"]
    assert len(found("a*")) == 5
    assert len(found("a?b")) == 4
    assert found("A*") == []


def test_fuzzy_names_are_found_by_sound(index: Index) -> None:
    index.apply([arrival(1, {"PatientName": "Robert^Smith"})])
    assert studies(index, Equals(path("PatientName"), ("Rupert^Smyth",)), fuzzy=True) == ["1.2.9"]
    assert studies(index, Wildcard(path("PatientName"), "Rupert^Smy*"), fuzzy=True) == ["1.2.9"]
    assert studies(index, Equals(path("PatientName"), ("Rupert^Smyth",))) == []
    assert studies(index, Equals(path("PatientName"), ("Jones",)), fuzzy=True) == []


def test_the_same_identifier_of_another_issuer_is_another_patient(index: Index) -> None:
    qualified = {"IssuerOfPatientIDQualifiersSequence": [dicom.DataSet({"UniversalEntityID": "1.2.4"})]}
    index.apply(
        [
            other(1, PatientID="X"),
            other(2, PatientID="X", IssuerOfPatientID="B"),
            other(3, PatientID="X", **qualified),
        ]
    )
    assert len(index.find(Query(Level.PATIENT, (Equals(path("PatientID"), ("X",)),)))) == 3
    assert studies(index, Equals(path("PatientID"), ("X",)), Equals(path("IssuerOfPatientID"), ("B",))) == [
        "1.2.92"
    ]
    assert index.conflicts() == []


def test_counts_and_modalities(index: Index) -> None:
    index.apply(
        [
            arrival(1),
            arrival(2),
            arrival(3, {"SeriesInstanceUID": "1.2.9.2", "Modality": "SR", "SeriesNumber": "2"}),
        ]
    )
    found = members(index.find(Query(Level.STUDY))[0])
    assert found["00080061"] == ["CT", "SR"]
    assert (found["00201206"], found["00201208"]) == ([2], [3])
    assert found["00100010"] == [{"Alphabetic": "Wang^XiaoDong", "Ideographic": "王^小东"}]
    patient = members(index.find(Query(Level.PATIENT))[0])
    assert [patient[tag] for tag in ("00201200", "00201202", "00201204")] == [[1], [2], [3]]
    series = [members(one) for one in index.find(Query(Level.SERIES))]
    assert [(one["0020000E"], one["00201209"]) for one in series] == [(["1.2.9.1"], [2]), (["1.2.9.2"], [1])]
    for modality, count in (("SR", 1), ("CT", 1), ("MR", 0)):
        assert len(studies(index, Equals(path("ModalitiesInStudy"), (modality,)))) == count
        assert len(studies(index, Equals(path("Modality"), (modality,)))) == count
    assert len(studies(index, Equals(path("ModalitiesInStudy"), ("MR", "SR")))) == 1
    assert len(studies(index, Equals(path("NumberOfStudyRelatedInstances"), ("3",)))) == 1


def test_another_digest_is_a_new_version_and_the_same_is_none(index: Index) -> None:
    index.apply([arrival(1)])
    same, changed = index.apply([arrival(1, at=2), arrival(1, {"Rows": 9}, at=3, digest=b"x" * 32)])
    assert (same.verdict, changed.verdict) == (Verdict.IDENTICAL, Verdict.VERSION)
    assert (changed.location.version, changed.superseded) == (2, 1)
    assert [one.version for one in index.versions("1.2.3.1")] == [1, 2]
    assert index.holds("1.2.3.1")
    assert not index.holds("1.2.3")
    current = index.instance("1.2.3.1")
    assert current is not None
    assert (current.version, current.digest) == (2, b"x" * 32)
    assert index.locations(studies=["1.2.9"]) == [current]
    found = index.find(Query(Level.INSTANCE))
    assert [members(one)["00280010"] for one in found] == [[9]]
    assert members(index.find(Query(Level.STUDY))[0])["00201208"] == [1]


def test_a_batch_is_applied_once(index: Index) -> None:
    batch = [arrival(1), arrival(2)]
    assert len(index.apply(batch)) == 2
    assert index.apply(batch) == []
    assert index.apply([Arrival("a", 7, EVENT)]) == []
    assert (index.position("a"), index.position("b")) == (7, 0)
    assert index.statistics()["instances"] == 2


def test_two_patients_under_one_identifier_are_flagged_once(index: Index) -> None:
    index.apply([arrival(1), other(2, PatientID="P1", PatientName="WANG^XIAODONG")])
    assert index.conflicts() == []
    applied = index.apply(
        [
            other(3, PatientID="P1", PatientName="Li^Mei", PatientSex="F"),
            other(4, PatientID="P1", PatientName="Li^Mei", PatientSex="F"),
        ]
    )
    assert [len(one.conflicts) for one in applied] == [1, 0]
    (conflict,) = index.conflicts()
    assert conflict.kind == "two-patients-one-identifier"
    assert set(conflict.evidence["differences"]) == {"00100010", "00100040"}
    assert len(studies(index, Equals(path("PatientID"), ("P1",)))) == 4
    assert "1.2.93" in studies(index, Wildcard(path("PatientName"), "Li*"))
    index.resolve(conflict.id)
    assert index.conflicts() == []
    assert len(index.conflicts(open_only=False)) == 1


def test_one_study_under_two_patients_is_found_for_either(index: Index) -> None:
    index.apply([arrival(1), arrival(2, {"PatientID": "P2", "PatientName": "Li^Mei"})])
    (conflict,) = index.conflicts()
    assert (conflict.kind, conflict.study, len(conflict.patients)) == ("one-study-two-patients", "1.2.9", 2)
    for patient in ("P1", "P2"):
        assert studies(index, Equals(path("PatientID"), (patient,))) == ["1.2.9"]
        assert len(index.locations(patient=patient)) == 2
    assert studies(index, Wildcard(path("PatientName"), "Li*")) == ["1.2.9"]
    assert studies(index) == ["1.2.9"]


def test_sequences_are_matched_item_by_item(index: Index) -> None:
    items = [
        dicom.DataSet({"ScheduledProcedureStepID": "S1", "RequestedProcedureID": "R1"}),
        dicom.DataSet({"ScheduledProcedureStepID": "S2"}),
    ]
    index.apply([arrival(1, {"RequestAttributesSequence": items}), other(2)])

    def found(*pairs: tuple[str, str]) -> int:
        return len(
            index.find(
                Query(
                    Level.SERIES,
                    tuple(Equals(path("RequestAttributesSequence", word), (text,)) for word, text in pairs),
                )
            )
        )

    assert found(("ScheduledProcedureStepID", "S2")) == 1
    assert found(("ScheduledProcedureStepID", "S3")) == 0
    assert found(("ScheduledProcedureStepID", "S1"), ("RequestedProcedureID", "R1")) == 1
    assert found(("ScheduledProcedureStepID", "S2"), ("RequestedProcedureID", "R1")) == 0


@pytest.mark.parametrize(
    ("low", "high", "time", "count"),
    [
        ("20261120", "20261120", False, 1),
        ("20261121", "", False, 0),
        ("", "20261119", False, 0),
        ("20261101", "", False, 1),
        ("202611201015", "202611201015", True, 1),
        ("20261120101501", "", True, 0),
        ("20261120", "20261121", True, 1),
        ("20261120021400+0000", "20261120021600+0000", True, 1),
        ("20261120101400+0000", "20261120101600+0000", True, 0),
    ],
)
def test_ranges_of_dates_and_moments(index: Index, low: str, high: str, time: bool, count: int) -> None:
    index.apply([arrival(1, {"TimezoneOffsetFromUTC": "+0800"}), other(2, StudyDate="", StudyTime="")])
    condition = Range(path("StudyDate"), low, high, path("StudyTime") if time else None)
    assert len(studies(index, condition)) == count


def test_times_of_less_precision(index: Index) -> None:
    index.apply([arrival(1)])
    for text, count in (("10", 1), ("1015", 1), ("101500.5", 0), ("11", 0)):
        assert len(studies(index, Equals(path("StudyTime"), (text,)))) == count
    assert len(studies(index, Range(path("StudyTime"), "09", "10"))) == 1


def test_lists_of_thousands_of_uids_and_paging(index: Index) -> None:
    index.apply([other(number, StudyDate=f"202601{number:02}") for number in range(1, 21)])
    many = tuple(f"1.2.9{number}" for number in range(5000))
    assert len(studies(index, Equals(path("StudyInstanceUID"), many))) == 20
    newest = studies(index)
    assert newest == [f"1.2.9{number}" for number in range(20, 0, -1)]
    assert studies(index, limit=5, offset=5) == newest[5:10]
    assert studies(index, newest_first=False) == newest[::-1]
    assert [len(part) for part in index.stream(Query(Level.STUDY), 8)] == [8, 8, 4]


def test_values_that_are_there_and_that_are_not(index: Index) -> None:
    index.apply([other(1, StudyDescription="Chest"), other(2)])
    assert studies(index, Exists(path("StudyDescription"))) == ["1.2.91"]
    assert studies(index, Exists(path("StudyDescription"), present=False)) == ["1.2.92"]
    with pytest.raises(ServiceError, match="not among"):
        studies(index, Equals(path("PixelData"), ("x",)))
    with pytest.raises(ServiceError, match="pattern"):
        studies(index, Wildcard(path("StudyDescription"), "*a" * 30))


def test_locations_are_in_order(index: Index) -> None:
    index.apply(
        [
            arrival(10),
            arrival(11, {"InstanceNumber": "2"}),
            arrival(12, {"SeriesInstanceUID": "1.2.9.0", "SeriesNumber": "0"}),
        ]
    )
    assert [one.sop_instance for one in index.locations(studies=["1.2.9"])] == [
        "1.2.3.12",
        "1.2.3.11",
        "1.2.3.10",
    ]
    assert len(index.locations(series=["1.2.9.1"])) == 2
    assert [one.sop_instance for one in index.locations(instances=["1.2.3.10", "9"])] == ["1.2.3.10"]
    assert len(index.locations(patient=index.find(Query(Level.PATIENT))[0].patient)) == 3
    assert index.locations() == []


def test_locations_that_were_asked_for_before_are_those_of_now(open_at: Callable[[], Index]) -> None:
    index, other = open_at(), open_at()
    asked = ["1.2.9"]
    assert index.locations(studies=asked) == []
    index.apply([arrival(10)])
    assert [one.sop_instance for one in index.locations(studies=asked)] == ["1.2.3.10"]
    other.apply([arrival(11, {"InstanceNumber": "2"})])
    for _ in range(2):
        found = index.locations(studies=asked)
        assert [one.sop_instance for one in found] == ["1.2.3.11", "1.2.3.10"]
        found.clear()  # the list is the caller's
    assert len(index.locations(studies=asked, limit=1)) == 1
    index.close()
    other.close()


def test_a_loop_is_answered_as_a_thread_is(open_at: Callable[[], Index], database: str) -> None:
    asked = Query(Level.STUDY, (Equals((0x0020000D,), ("1.2.9",)),), limit=10)

    async def work(index: Index) -> None:
        found = index.find_soon(asked)
        for _ in range(2000):
            if found is not None:
                break
            await asyncio.sleep(0.005)
            found = index.find_soon(asked)
        assert found is not None
        assert await found == index.find(asked)
        places = index.locations_soon(studies=["1.2.9"], limit=100)
        assert places is not None
        assert await places == index.locations(studies=["1.2.9"])
        assert len(await places_of(index, 2)) == 2
        before = await places_of(index, 500, version=7)
        index.apply([arrival(200)])
        assert await places_of(index, 500, version=7) == before  # the caller says that nothing came
        assert len(await places_of(index, 500, version=8)) == len(before) + 1
        assert len(await places_of(index, 500)) == len(before) + 1

    async def places_of(index: Index, limit: int, version: int | None = None) -> list[Location]:
        found = index.locations_soon(studies=["1.2.9"], limit=limit, version=version)
        assert found is not None
        return await found

    index = open_at()
    index.apply([arrival(number) for number in range(10, 110)])
    if database.startswith("sqlite"):
        assert index.find_soon(asked) is None
        assert index.locations_soon(studies=["1.2.9"], limit=1) is None
    else:

        async def run() -> None:
            try:
                await work(index)
            finally:
                index.close()

        asyncio.run(run())
    index.close()


def test_several_writers_lose_nothing(open_at: Callable[[], Index]) -> None:
    opened = [open_at() for _ in range(3)]
    failures: list[BaseException] = []

    def write(at: int) -> None:
        try:
            for start in range(0, 20, 5):
                batch = [arrival(at * 100 + start + n + 1, chain=f"chain{at}") for n in range(5)]
                opened[at].apply(batch)
        except BaseException as error:  # noqa: BLE001, RUF100
            failures.append(error)

    threads = [threading.Thread(target=write, args=(at,)) for at in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert opened[0].statistics()["instances"] == 60
    assert members(opened[0].find(Query(Level.STUDY))[0])["00201208"] == [60]
    assert members(opened[0].find(Query(Level.PATIENT))[0])["00201204"] == [60]


def test_it_is_there_when_opened_again(open_at: Callable[[], Index]) -> None:
    open_at().apply([arrival(1)])
    assert open_at().statistics()["instances"] == 1


def test_no_other_database() -> None:
    with pytest.raises(UsageError):
        open_index("mysql://host/name")
