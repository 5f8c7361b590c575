"""`chiasm inspect`: a readable tree of any standard."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from ..errors import ChiasmError
from ..services.outline import Node
from .sources import gather
from .terminal import printable
from .tree import nodes

if TYPE_CHECKING:
    from .sources import Source


def inspect_command(names: list[str], *, as_json: bool, width: int) -> int:
    """Print the tree of each file; the exit status."""
    bad = 0
    sources = list(gather(names))
    for source in sources:
        try:
            if as_json:
                _print_json(source)
            else:
                if len(sources) > 1:
                    sys.stdout.write(f"{printable(source.name)}\n")
                _print(source, width)
        except ChiasmError as error:
            text = str(error) if error.source else f"{source.name}: {error}"
            sys.stderr.write(f"chiasm: {printable(text)}\n")
            bad += 1
    return 0 if not bad else 1 if len(sources) > 1 else 2


def _print_json(source: Source) -> None:
    for node in nodes(source):
        sys.stdout.write(json.dumps({"file": source.name, **asdict(node)}, ensure_ascii=False) + "\n")


def _print(source: Source, width: int) -> None:
    color = sys.stdout.isatty()
    for node in nodes(source):
        sys.stdout.write(_line(node, width, color))


def _line(node: Node, width: int, color: bool) -> str:
    value = printable(node.value)
    if width and len(value) > width:
        value = value[: width - 1] + "…"
    path = printable(node.path.rpartition("/")[2])
    indent = "  " * node.depth
    note = f"  = {node.note}" if node.note else ""
    if color:
        path = f"\x1b[36m{path}\x1b[0m"
        note = f"\x1b[2m{note}\x1b[0m"
    return f"{indent}{path} {node.kind:<2} {printable(node.name)}  {value}{note}\n"
