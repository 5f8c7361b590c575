"""Codestreams decoded in processes of their own, so that one that crashes its decoder harms nobody else.

PS3.5 §8.2; the processes run `codec`.
"""

from __future__ import annotations

import atexit
import contextlib
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..limits import DEFAULT, Limits
from . import codec

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PROCESSES = 2
_turn = threading.BoundedSemaphore(_PROCESSES)
_idle: list[subprocess.Popen[bytes]] = []


def decode_apart(
    uid: str, data: bytes, options: dict[str, Any], limits: Limits = DEFAULT
) -> tuple[NDArray[Any], str]:
    """As `codec.decode`, in another process; also ServiceError `not-understood` for what crashes a decoder
    or takes longer than `codec_seconds`, and `too-large` for what takes more than `codec_memory`.
    """
    import numpy as np

    with _turn:
        told, samples = _asked({"uid": uid, "options": options}, data, limits)
    if "failure" in told:
        raise ServiceError(told["failure"], told["message"], hint=told.get("hint", ""))
    values = np.frombuffer(samples, told["kind"]).reshape(told["shape"])
    return values.astype(values.dtype.newbyteorder("="), copy=False), told["photometric"]


def _asked(request: dict[str, Any], data: bytes, limits: Limits) -> tuple[dict[str, Any], bytes]:
    while True:
        process = _process()
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Timer(limits.codec_seconds, process.kill)
        late.daemon = True
        late.start()
        told = None
        try:
            codec.send(process.stdin, request, data)
            told = codec.receive(process.stdout)
        except OSError:
            pass  # it has ended: how, is seen below
        finally:
            late.cancel()
            if told is None:
                end(process)
        if told is not None:
            _idle.append(process)
            return told
        if process.returncode != 0:
            text = "the pixels crash their decoder, or take it too long"
            raise ServiceError("not-understood", text, rule="limits.codec_seconds")


def _process() -> subprocess.Popen[bytes]:
    """One that waits, else a new one; those that ended by themselves meanwhile are put away."""
    while _idle:
        process = _idle.pop()
        if process.poll() is None:
            return process
        end(process)
    return subprocess.Popen(
        [sys.executable, "-P", "-m", codec.__name__],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and close its pipes; one that ended by itself keeps its return code."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@atexit.register
def close() -> None:
    """End the processes that wait."""
    while _idle:
        end(_idle.pop())
