"""Studies that come over the network: each object in a file, and all that is wrong told."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from pydicom import dcmread

from chiasm.errors import ServiceError
from chiasm.limits import Limits
from chiasm.net.web_client import Service, WebClient
from chiasm.net.web_fetch import WebStudies
from chiasm.services.media import Report
from tests.net.web_fake import EDGE, Script, parts, web_fake
from tests.net.web_node import WebNode


def fetched(
    url: str, *studies: str, limits: Limits | None = None
) -> tuple[int | None, dict[str, bytes], Report]:
    """The number that is told beforehand, the bytes by SOP instance, the report."""
    report = Report()

    async def run() -> tuple[int | None, dict[str, bytes]]:
        async with WebClient(Service(url)) as client:
            web = WebStudies(client, studies, report, limits or Limits())
            count = await web.look()
            found, last = {}, None
            async for location in web.locations():
                last = Path(location.key)
                found[location.sop_instance] = last.read_bytes()
                assert len(found[location.sop_instance]) == location.size
            assert last is None or not last.parent.exists()
            return count, found

    return (*asyncio.run(run()), report)


def study_of(fake: Script, path: Path, *contents: bytes, cut: int = 0, more: tuple[str, ...] = ()) -> str:
    """The study of a file as a service that lists that file, and more, and gives these contents."""
    data = dcmread(path)
    uids = (data.SOPInstanceUID, *more)
    listing = [{"00080018": {"vr": "UI", "Value": [uid]}} for uid in uids]
    place = f"/studies/{data.StudyInstanceUID}"
    fake.say(f"{place}/instances", 200, "application/dicom+json", json.dumps(listing).encode())
    fake.say(place, 200, EDGE, parts(*contents), cut)
    return str(data.StudyInstanceUID)


@pytest.fixture
def ct(pydicom_data: Path) -> Path:
    return pydicom_data / "test_files" / "CT_small.dcm"


def test_studies_of_a_node(web: WebNode, pydicom_data: Path) -> None:
    files = {
        str(dcmread(path).SOPInstanceUID): path
        for path in (pydicom_data / "test_files" / name for name in ("CT_small.dcm", "MR_small_RLE.dcm"))
    }
    studies = [str(dcmread(path).StudyInstanceUID) for path in files.values()]
    count, found, report = fetched(web.url, *studies)
    assert (count, report.refused, report.findings) == (2, [], [])
    assert {uid: data[132:] for uid, data in found.items()} == {
        uid: path.read_bytes()[132:] for uid, path in files.items()
    }


def test_what_is_wrong_with_parts_is_told(ct: Path, pydicom_data: Path) -> None:
    """The good one comes; what is no DICOM, of another study or there twice does not, nor what is only listed."""
    data, other = ct.read_bytes(), (pydicom_data / "test_files" / "MR_small.dcm").read_bytes()
    with web_fake() as fake:
        study = study_of(fake, ct, b"not DICOM at all", other, data, data, more=("1.9",))
        count, found, report = fetched(fake.url, study)
    assert count == 2
    assert list(found.values()) == [data]
    told = [(name.removeprefix(study), reason) for name, reason in report.refused]
    assert [name for name, _ in told] == [", part 1", ", part 2", ", part 4", "1.9"]
    assert "of the study" in told[1][1]
    assert "again" in told[2][1]
    assert "did not come" in told[3][1]


def test_a_connection_that_is_lost_in_the_middle(ct: Path) -> None:
    data = ct.read_bytes()
    with web_fake() as fake:
        study = study_of(fake, ct, data, data, cut=20_000, more=("1.9",))
        _, found, report = fetched(fake.url, study, "1.2.3")
    assert list(found.values()) == [data]
    assert [name for name, _ in report.refused] == [study, "1.9", "1.2.3"]
    assert "connection was lost" in report.refused[0][1]
    assert "no such study" in report.refused[2][1]


def test_an_answer_with_nothing_in_it(ct: Path) -> None:
    with web_fake() as fake:
        study = study_of(fake, ct)
        fake.say(f"/studies/{study}", 200, EDGE, b"\r\n--edge--\r\n")
        _, found, report = fetched(fake.url, study)
    assert (found, report.refused) == ({}, [(study, "the service gives no object of it")])


def test_a_service_that_lists_nothing(ct: Path) -> None:
    with web_fake() as fake:
        study = study_of(fake, ct, ct.read_bytes())
        fake.say(f"/studies/{study}/instances", 400)
        count, found, report = fetched(fake.url, study)
    assert (count, len(found), report.refused) == (None, 1, [])
    assert [one.rule for one in report.findings] == ["not-listed"]


def test_a_part_beyond_the_budget(ct: Path) -> None:
    with web_fake() as fake:
        study = study_of(fake, ct, ct.read_bytes())
        _, found, report = fetched(fake.url, study, limits=Limits(archive_bytes=1_000))
    assert found == {}
    assert "too large" in report.refused[0][1]


def test_a_service_that_is_away() -> None:
    with pytest.raises(ServiceError, match="does not answer"):
        fetched("http://127.0.0.1:1", "1.2")
