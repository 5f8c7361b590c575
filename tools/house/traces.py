"""Traces of one machine: paths and package registries that mean nothing to the next person.

Lock files must work behind any mirror, and a path on the author's disk helps nobody. The folder
of shared samples beside the project may be read by tests alone, which skip where it is absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .tree import Problem, Tree

# Split so that this file does not find itself.
_PATTERNS = {
    "machine-path": re.compile(
        rb"(?<![\w.-])/(?:wor" rb"k|roo" rb"t|home/\w+|Users/\w+)/[\w.]|\b[A-Z]:\\Users"
    ),
    "registry-host": re.compile(
        rb"--(?:extra-)?index"
        rb"-url|registry\.npm"
        rb"js\.org|files\.pythonhosted"
        rb"\.org"
        rb"|\"resolv"
        rb"ed\":\s*\"https?:|https?://[^\s\"'<>]*/simple\b|\bartifact"
        rb"ory\b"
    ),
}
_SHARED = re.compile(rb"\.\./shar" rb"ed\b|\bshar" rb"ed/(?:data|reference)\b")
_TEXT_BYTES = 8192


def check(tree: Tree) -> Iterator[Problem]:
    """Each line of a kept text file that holds a machine's path or a registry's host."""
    for path in tree.kept:
        data = (tree.root / path).read_bytes()
        if b"\0" in data[:_TEXT_BYTES]:
            continue
        patterns = _PATTERNS if path.startswith("tests/") else {**_PATTERNS, "shared-path": _SHARED}
        for rule, pattern in patterns.items():
            for match in pattern.finditer(data):
                line = data.count(b"\n", 0, match.start()) + 1
                yield Problem(path, line, rule, f"{match[0].decode(errors='replace')!r} has no place here")
