"""One compressed frame decoded by pydicom's decoders; run as a program, frames from standard input.

The decoders are native code that a hostile codestream may crash, so `apart` starts this as a process of
its own: `python -m chiasm.pixels.codec`. A request and its answer are two lengths, JSON, and bytes.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import threading
from typing import IO, TYPE_CHECKING, Any

from ..errors import ServiceError
from ..limits import DEFAULT

if TYPE_CHECKING:
    from numpy.typing import NDArray

LENGTHS = struct.Struct("<LL")
IDLE_SECONDS = 60
"""How long the process waits for a frame before it ends by itself."""
SAFE = {"1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"}
"""RLE and the JPEG that Pillow reads: hostile bytes do not crash the decoders named for them here."""
_PLUGINS = {
    "1.2.840.10008.1.2.5": ("pylibjpeg", "pydicom"),
    "1.2.840.10008.1.2.4.50": ("pillow",),
    "1.2.840.10008.1.2.4.51": ("pillow",),
    "1.2.840.10008.1.2.4.80": ("pyjpegls", ""),
    "1.2.840.10008.1.2.4.81": ("pyjpegls", ""),
    "1.2.840.10008.1.2.4.90": ("pylibjpeg", ""),
    "1.2.840.10008.1.2.4.91": ("pylibjpeg", ""),
}
"""pydicom's names of the decoders to take, the first that is installed; an empty name for any."""
_MODELS = {"YBR_FULL_422": "YBR_FULL"}


def decode(uid: str, data: bytes, options: dict[str, Any]) -> tuple[NDArray[Any], str]:
    """Samples of a codestream and their photometric interpretation; `options` as pydicom names them.

    ServiceError `unknown-syntax` where no decoder takes it, `not-understood` where it is damaged. PS3.5 §8.2.
    """
    try:
        from pydicom.pixels.decoders.base import get_decoder

        decoder = get_decoder(uid)
    except ImportError:
        raise ServiceError(
            "unknown-syntax", "pydicom is not installed", hint="pip install 'chiasm[pixels]'"
        ) from None
    except NotImplementedError:
        raise ServiceError("unknown-syntax", f"pixels in {uid} cannot be decoded") from None
    plugins = [name for name in _PLUGINS.get(uid, ("",)) if not name or name in decoder.available_plugins]
    if not decoder.is_available or not plugins:
        raise ServiceError("unknown-syntax", f"no decoder of {decoder.UID.name} is installed")
    data += b"\0" * (len(data) % 2)
    source = struct.pack("<HHLHHL", 0xFFFE, 0xE000, 0, 0xFFFE, 0xE000, len(data)) + data
    end = struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
    try:
        values, meta = decoder.as_array(
            source + end, index=0, raw=True, decoding_plugin=plugins[0], **options
        )
    except (KeyboardInterrupt, SystemExit):
        raise
    except MemoryError:
        raise ServiceError("too-large", "the pixels take more memory than there is") from None
    except BaseException as error:  # what codecs raise of foreign bytes is anything, panics of Rust too
        if "does not support" in str(error):
            raise ServiceError("unknown-syntax", f"no decoder takes these pixels: {error}"[:500]) from error
        raise ServiceError("not-understood", f"the pixels cannot be decoded: {error}"[:500]) from error
    model = str(meta["photometric_interpretation"])
    return values, _MODELS.get(model, model)


def answer(request: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    """What is told of one request: the shape and kind of the samples and their bytes, or a failure."""
    try:
        values, model = decode(request["uid"], data, request["options"])
    except ServiceError as error:
        return {"failure": error.failure.name, "message": error.message, "hint": error.hint}, b""
    except MemoryError:
        return {"failure": "too-large", "message": "the pixels take more memory than a codec is given"}, b""
    kind = values.dtype.newbyteorder("<")
    told = {"kind": kind.str, "shape": values.shape, "photometric": model}
    return told, values.astype(kind, copy=False).tobytes()


def send(stream: IO[bytes], said: dict[str, Any], data: bytes) -> None:
    """Write one request or answer."""
    head = json.dumps(said).encode()
    stream.write(LENGTHS.pack(len(head), len(data)) + head)
    stream.write(data)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    """Read one request or answer; None where the stream ends before it does."""
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    of_head, of_data = LENGTHS.unpack(lengths)
    head, data = stream.read(of_head), stream.read(of_data)
    if len(head) < of_head or len(data) < of_data:
        return None
    said: dict[str, Any] = json.loads(head)
    return said, data


def _bounded() -> None:
    """No core files, and no more memory than the budget."""
    try:
        import resource
    except ImportError:  # where the system has no such limits
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (DEFAULT.codec_memory, DEFAULT.codec_memory))


def main() -> None:
    """Answer requests until the input ends or none comes for `IDLE_SECONDS`."""
    _bounded()
    # What native code prints must not get between the answers.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while True:
        idle = threading.Timer(IDLE_SECONDS, os._exit, (0,))
        idle.daemon = True
        idle.start()
        request = receive(sys.stdin.buffer)
        idle.cancel()
        if request is None:
            return
        send(out, *answer(*request))


if __name__ == "__main__":
    main()
