"""`chiasm echo`: whether a DICOM peer answers. PS3.4 §A."""

from __future__ import annotations

import asyncio
import json
import sys
import time

from ..errors import ServiceError, UsageError
from .terminal import printable

_VERIFICATION = "1.2.840.10008.1.1"


def peer_of(text: str) -> tuple[str, str, int]:
    """AE title, host and port of `AE@HOST:PORT`. Raises UsageError."""
    title, at, address = text.partition("@")
    host, colon, port = address.rpartition(":")
    if not (title and at and colon and host) or len(title) > 16 or not port.isdecimal() or int(port) > 65535:
        raise UsageError(f"{text!r} is no peer", hint="write AE@HOST:PORT, as ARCHIVE@10.0.0.7:104")
    return title, host.strip("[]"), int(port)


def echo_command(peer: str, calling: str, *, as_json: bool) -> int:
    """Ask a peer for a C-ECHO and tell what it says; 0 where it answers success, else 2."""
    title, host, port = peer_of(peer)
    started = time.perf_counter()
    status, error = -1, ""
    try:
        status = asyncio.run(_echo(title, host, port, calling))
    except ServiceError as told:
        error = str(told)
    taken = time.perf_counter() - started
    if as_json:
        record = {"peer": peer, "status": status if status >= 0 else None, "seconds": taken, "error": error}
        sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
    elif error:
        sys.stderr.write(f"chiasm: {printable(error)}\n")
    else:
        sys.stdout.write(f"{printable(peer)} answers with status {status:04X} in {taken * 1000:.0f} ms\n")
    return 0 if status == 0 else 2


async def _echo(title: str, host: str, port: int, calling: str) -> int:
    from ..net.dimse_client import Proposal, connect

    contexts = [Proposal(_VERIFICATION, ("1.2.840.10008.1.2",))]
    async with await connect(host, port, calling=calling, called=title, contexts=contexts) as client:
        return await client.echo()
