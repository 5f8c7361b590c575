"""One worker of `chiasm up --workers N`: settings come by standard input, whose end tells it to stop."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

from ..services.garbage import undisturbed_start
from . import quick_loop
from .node import Node, require_server
from .settings import Address, NodeSettings, Tls


def read(line: str) -> NodeSettings:
    """The settings that `workers.describe` wrote."""
    plain: dict[str, Any] = json.loads(line)
    plain["data"] = Path(plain["data"])
    for name in ("dimse", "http"):
        plain[name] = Address.parse(plain[name])
    if plain["viewer"]:
        plain["viewer"] = Address.parse(plain["viewer"])
    if plain["tls"]:
        certificate, key, authorities = plain["tls"]
        plain["tls"] = Tls(Path(certificate), Path(key), Path(authorities) if authorities else None)
    for name in ("storage_classes", "cors_origins", "destinations", "routes"):
        plain[name] = tuple(plain[name])
    plain["object_options"] = tuple((key, value) for key, value in plain["object_options"])
    return NodeSettings(**plain)


async def _serve(settings: NodeSettings) -> None:
    with undisturbed_start():
        node = await Node.start(settings, reuse_port=True)
    try:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    finally:
        await node.close()


def main() -> None:
    """Serve until standard input ends; signals of the terminal are left to the process above."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = read(sys.stdin.readline())
    require_server()
    quick_loop.run(_serve(settings))


if __name__ == "__main__":
    main()
