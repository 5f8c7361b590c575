"""`chiasm up`: the node, in the foreground, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from ..errors import UsageError
from ..services.garbage import undisturbed_start
from . import quick_loop
from .settings import Address, NodeSettings, load

_TOLD = """Chiasm is up.
   console    http://{http}/
   DICOM      {ae}@{dimse}
   DICOMweb   http://{http}/dicom-web
   state      http://{http}/ready
   data       {data}
Stop it with Ctrl-C.
"""


def up_command(config: Path | None, options: dict[str, object], *, samples: bool) -> int:
    """Start the node and serve until it is stopped; the exit status.

    UsageError for settings that cannot be, a port that another program has, the `[server]` extra missing.
    """
    settings = load(config).with_options(**options)
    if settings.workers < 1:
        raise UsageError("a node has at least one worker")
    if samples:
        load_samples(settings)
    told = _TOLD.replace("{ae}", settings.ae_title).replace("{data}", str(settings.data))
    settings.data.mkdir(parents=True, exist_ok=True)
    number = settings.data / "node.pid"
    number.write_text(f"{os.getpid()}\n")
    try:
        if settings.workers > 1:
            from .workers import supervise

            return supervise(settings, told)
        return _alone(settings, told)
    finally:
        number.unlink(missing_ok=True)


def _alone(settings: NodeSettings, told: str) -> int:
    with undisturbed_start():
        from .node import Node, require_server

    async def serve() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        with undisturbed_start():
            node = await Node.start(settings)
        try:
            sys.stdout.write(told.format(http=node.http, dimse=node.dimse))
            if node.viewer is not None:
                sys.stdout.write(f"OHIF is at http://{node.viewer}/\n")
            sys.stdout.flush()
            await stop.wait()
        finally:
            await node.close()

    sys.setswitchinterval(0.0005)  # a request is answered before a batch of the index is done
    require_server()
    quick_loop.run(serve())
    return 0


def load_samples(settings: NodeSettings) -> None:
    """Import the real files of pydicom's wheel into the data folder, unless they are there already."""
    from .command_import import import_sources
    from .tour import samples

    done = settings.data / "samples-loaded"
    if done.exists():
        return
    sys.stdout.write("Loading the sample studies (once).\n")
    sys.stdout.flush()
    import_sources([str(samples())], settings)
    done.touch()


def addressed(text: str | None) -> Address | None:
    """The address of an option; None where it was not given."""
    return None if text is None else Address.parse(text)
