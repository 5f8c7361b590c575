"""The capabilities of the DICOMweb service, as a client that has never heard of it reads them."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from tests.net.web_node import WebNode

NS = {"w": "http://wadl.dev.java.net/2009/02"}


def paths(resource: ET.Element, above: str = "") -> dict[str, set[str | None]]:
    found = {}
    for one in resource.findall("w:resource", NS):
        path = f"{above}/{one.get('path')}"
        methods = {method.get("name") for method in one.findall("w:method", NS)}
        found |= {path: methods} if methods else {}
        found |= paths(one, path)
    return found


def test_the_root_tells_of_every_resource(web: WebNode) -> None:
    reply = web.ask("OPTIONS", "/dicom-web/", Accept="application/vnd.sun.wadl+xml")
    assert (reply.status, reply.headers["content-type"]) == (200, "application/vnd.sun.wadl+xml")
    top = ET.fromstring(reply.body)
    assert top.tag == "{http://wadl.dev.java.net/2009/02}application"
    resources = top.find("w:resources", NS)
    assert resources is not None
    assert resources.get("base") == web.url
    found = paths(resources)
    # PS3.18 Table 10.1.1-1: Studies Service Resources
    study = "/studies/{StudyInstanceUID}"
    series = study + "/series/{SeriesInstanceUID}"
    instance = series + "/instances/{SOPInstanceUID}"
    assert found["/studies"] >= {"GET", "POST"}
    assert found[study] >= {"GET", "POST"}
    for path in (f"{study}/series", f"{study}/instances", series, instance, f"{instance}/frames/{{frames}}"):
        assert "GET" in found[path]
    for path in (study, series, instance):
        assert "GET" in found[f"{path}/metadata"]
        assert "GET" in found[f"{path}/rendered"]


def test_what_a_query_takes_is_told(web: WebNode) -> None:
    top = ET.fromstring(web.ask("OPTIONS", "/dicom-web/", Accept="*/*").body)
    [studies] = [one for one in top.iter(f"{{{NS['w']}}}resource") if one.get("path") == "studies"]
    [get] = [one for one in studies.findall("w:method", NS) if one.get("name") == "GET"]
    names = {one.get("name") for one in get.findall("w:request/w:param", NS)}
    assert {"limit", "offset", "includefield", "fuzzymatching"} <= names


@pytest.mark.parametrize(("accept", "status"), [("application/xml", 200), ("image/png", 406), ("", 200)])
def test_the_form_is_chosen_by_accept(web: WebNode, accept: str, status: int) -> None:
    assert web.ask("OPTIONS", "/dicom-web/", **({"Accept": accept} if accept else {})).status == status
