"""What the node counts, as text for Prometheus. Exposition format 0.0.4."""

from __future__ import annotations

import os
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
Labels = tuple[tuple[str, str], ...]

_HELP = {
    "chiasm_http_requests_total": "Requests of HTTP by route, method and status",
    "chiasm_objects_received_total": "Objects that were offered, by what became of them and on which wire",
    "chiasm_bytes_received_total": "Bytes of objects that were offered",
    "chiasm_associations_total": "Associations of DIMSE by what became of them",
}


class Metrics:
    """Counters of one process; cheap to feed, and read only when they are asked for."""

    def __init__(self) -> None:
        self.started = time.time()
        self._counters: dict[str, dict[Labels, float]] = defaultdict(lambda: defaultdict(float))
        self._buckets: dict[str, list[int]] = {}
        self._sums: dict[str, float] = defaultdict(float)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Note a request of HTTP and how long it took."""
        labels = (("route", route), ("method", method), ("status", str(status)))
        self._counters["chiasm_http_requests_total"][labels] += 1
        buckets = self._buckets.get(route)
        if buckets is None:
            buckets = self._buckets[route] = [0] * (len(_BUCKETS) + 1)
        buckets[bisect_left(_BUCKETS, seconds)] += 1
        self._sums[route] += seconds

    def received(self, result: str, wire: str, size: int = 0) -> None:
        """Note an object that was offered: its verdict, `dimse` or `web`, its bytes."""
        self._counters["chiasm_objects_received_total"][("result", result), ("wire", wire)] += 1
        if size:
            self._counters["chiasm_bytes_received_total"][(("wire", wire),)] += size

    def association(self, result: str) -> None:
        """Note an association that was accepted, rejected, released or aborted."""
        self._counters["chiasm_associations_total"][(("result", result),)] += 1

    def text(self, gauges: Mapping[str, tuple[str, Iterable[tuple[Labels, float]]]]) -> str:
        """All of it, with values that are read now: by name, what they mean and their values by labels."""
        lines: list[str] = []
        for name, values in self._counters.items():
            lines += [f"# HELP {name} {_HELP[name]}", f"# TYPE {name} counter"]
            lines += [f"{name}{_labels(labels)} {_number(value)}" for labels, value in values.items()]
        lines += self._histogram()
        own = {
            "process_resident_memory_bytes": ("Memory that the process holds", [((), _resident())]),
            "process_start_time_seconds": ("When the process began", [((), self.started)]),
        }
        for name, (meaning, found) in {**gauges, **own}.items():
            lines += [f"# HELP {name} {meaning}", f"# TYPE {name} gauge"]
            lines += [f"{name}{_labels(labels)} {_number(value)}" for labels, value in found]
        return "\n".join(lines) + "\n"

    def _histogram(self) -> list[str]:
        name = "chiasm_http_request_seconds"
        lines = [f"# HELP {name} Seconds from request to the end of its answer", f"# TYPE {name} histogram"]
        for route, buckets in self._buckets.items():
            total = 0
            for bound, count in zip((*map(str, _BUCKETS), "+Inf"), buckets, strict=True):
                total += count
                lines.append(f"{name}_bucket{_labels((('route', route), ('le', bound)))} {total}")
            lines.append(f"{name}_sum{_labels((('route', route),))} {_number(self._sums[route])}")
            lines.append(f"{name}_count{_labels((('route', route),))} {total}")
        return lines


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _resident() -> float:
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return float(pages * os.sysconf("SC_PAGE_SIZE"))
