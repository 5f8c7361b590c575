"""QIDO-RS: levels, paths, includefield, paging, warnings, forms. PS3.18 §10.6."""

from __future__ import annotations

import pytest

from chiasm.model.holdings import Found
from chiasm.model.query import Level
from chiasm.net.web_query import with_url
from tests.net.web_node import WebNode


def values(reply: list[dict[str, dict[str, list[object]]]], tag: str) -> list[object]:
    return [one[tag]["Value"][0] for one in reply]


def test_all_paths_answer_at_their_level(web: WebNode) -> None:
    (study,) = web.get("/studies?PatientID=1CT1").json()
    uid = study["0020000D"]["Value"][0]
    assert study["00081190"]["Value"] == [f"{web.url}/studies/{uid}"]
    assert study["00080061"]["Value"] == ["CT"]
    assert list(study) == sorted(study)
    (series,) = web.get(f"/studies/{uid}/series").json()
    number = series["0020000E"]["Value"][0]
    assert series["00080060"]["Value"] == ["CT"]
    for path in (f"/studies/{uid}/series/{number}/instances", f"/studies/{uid}/instances"):
        (instance,) = web.get(path).json()
        name = instance["00080018"]["Value"][0]
        url = f"{web.url}/studies/{uid}/series/{number}/instances/{name}"
        assert instance["00081190"]["Value"] == [url]
    assert len(web.get("/instances").json()) == 5
    assert len(web.get("/series").json()) == len(web.get("/series?limit=100").json())


@pytest.mark.parametrize(
    "condition",
    ["PatientID=1CT1", "00100020=1CT1", "PatientName=compressedsamples^ct*", "StudyDate=20040119",
     "StudyDate=20040101-20040131&PatientID=1CT1", "OtherPatientIDsSequence.PatientID=ABCD1234",
     "00101002.00100020=ABCD1234", "ModalitiesInStudy=CT&PatientID=1CT1"],
)  # fmt: skip
def test_conditions(web: WebNode, condition: str) -> None:
    reply = web.get(f"/studies?{condition}")
    assert reply.status == 200, reply.body
    assert "1CT1" in values(reply.json(), "00100020")


def test_nothing_found_is_no_content(web: WebNode) -> None:
    reply = web.get("/studies?PatientID=nobody")
    assert (reply.status, reply.body) == (204, b"")


def test_lists_of_uids_by_comma_and_backslash(web: WebNode) -> None:
    uids = values(web.get("/studies?limit=2").json(), "0020000D")
    for joint in (",", "%5C"):
        found = web.get(f"/studies?StudyInstanceUID={joint.join(map(str, uids))}").json()
        assert sorted(map(str, values(found, "0020000D"))) == sorted(map(str, uids))


def test_includefield_brings_what_the_index_does_not_keep(web: WebNode) -> None:
    plain = web.get("/instances?PatientID=1CT1").json()[0]
    assert "00180050" not in plain
    for asked in ("SliceThickness,KVP", "00180050&includefield=KVP", "all,SliceThickness,KVP"):
        (found,) = web.get(f"/instances?PatientID=1CT1&includefield={asked}").json()
        assert found["00180050"]["Value"][0] in {5, "5.000000"}
        assert found["00180060"]["Value"]
        assert list(found) == sorted(found)


def test_paging_by_links(web: WebNode) -> None:
    seen: list[object] = []
    path = "/instances?limit=2"
    while path:
        reply = web.get(path)
        seen += values(reply.json(), "00080018")
        link = reply.headers.get("link", "")
        path = link.partition("/dicom-web")[2].partition(">")[0]
    assert len(seen) == len(set(seen)) == 5


def test_what_is_not_matched_is_warned_of(web: WebNode) -> None:
    reply = web.get("/instances?SliceThickness=5")
    assert "SliceThickness" in reply.headers["warning"]
    assert reply.headers["warning"].startswith("299 ")


def test_xml_and_other_character_sets(web: WebNode) -> None:
    parts = web.get("/studies", 'multipart/related; type="application/dicom+xml"').parts()
    assert all(kind == "application/dicom+xml" and b"<NativeDicomModel" in body for kind, body in parts)
    assert len(parts) == len(web.get("/studies").json())
    reply = web.get("/studies", Accept_Charset="gb18030")
    assert reply.headers["content-type"] == "application/dicom+json; charset=gb18030"


def test_the_retrieve_url_stands_in_its_place() -> None:
    members = '"00080020":{"vr":"DA"},\n"00081110":{"vr":"SQ"},\n"00100020":{"vr":"LO","Value":["0020000D"]}'
    text = with_url(Found(Level.STUDY, 1, "1.2", "", "", members), "http://h")
    assert [line[1:9] for line in text.replace("},", "}\n").split("\n") if line] == [
        "00080020", "00081110", "00081190", "00100020",
    ]  # fmt: skip
