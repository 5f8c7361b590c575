"""Administration as monitoring sees it: OpenAPI, readiness, and counters that Prometheus' own parser reads."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from tests.net.web_node import WebNode


def test_counters_are_read_by_prometheus(web: WebNode) -> None:
    web.get("/studies")
    reply = web.ask("GET", "/metrics")
    families = {one.name: one for one in text_string_to_metric_families(reply.body.decode())}
    requests = families["chiasm_http_requests"].samples
    assert any(
        one.labels == {"route": "/dicom-web/studies", "method": "GET", "status": "200"} for one in requests
    )
    assert families["chiasm_http_request_seconds"].type == "histogram"
    held = {one.labels["kind"]: one.value for one in families["chiasm_held"].samples}
    assert held["instances"] >= 5
    assert families["chiasm_journal_sequence"].samples[0].value >= 5
    assert families["process_resident_memory_bytes"].samples[0].value > 1e6


def test_every_path_of_the_description_answers(web: WebNode) -> None:
    document = web.ask("GET", "/api/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for path, methods in document["paths"].items():
        if "get" in methods and "{" not in path:
            assert web.ask("GET", path).status == 200, path


def test_alive_ready_and_the_journal(web: WebNode) -> None:
    assert web.ask("GET", "/health").json()["status"] == "alive"
    assert web.ask("GET", "/ready").json()["status"] == "ready"
    records = web.ask("GET", "/api/journal?limit=3").json()
    assert len(records) == 3
    assert [one["sequence"] for one in records] == sorted(one["sequence"] for one in records)
    assert web.ask("POST", "/api/conflicts/99/resolve").status == 404
    assert web.ask("GET", "/api/journal?limit=x").status == 400
