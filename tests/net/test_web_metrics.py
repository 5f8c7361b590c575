"""Counters in the exposition format, read by Prometheus' own parser."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from chiasm.net.web_metrics import Metrics


def test_what_is_counted_is_read_back() -> None:
    metrics = Metrics()
    for seconds in (0.0005, 0.02, 0.02, 60.0):
        metrics.request('/a"b\\', "GET", 200, seconds)
    metrics.received("stored", "dimse", 1000)
    metrics.received("refused", "web")
    metrics.association("accepted")
    text = metrics.text({"chiasm_index_backlog": ("behind", [((), 3)])})
    found = {one.name: one for one in text_string_to_metric_families(text)}
    assert found["chiasm_http_requests"].samples[0].labels["route"] == '/a"b\\'
    assert found["chiasm_http_requests"].samples[0].value == 4
    buckets = {
        s.labels["le"]: s.value for s in found["chiasm_http_request_seconds"].samples if "le" in s.labels
    }
    assert (buckets["0.001"], buckets["0.025"], buckets["10.0"], buckets["+Inf"]) == (1, 3, 3, 4)
    assert found["chiasm_bytes_received"].samples[0].value == 1000
    assert found["chiasm_index_backlog"].samples[0].value == 3
