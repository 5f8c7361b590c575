"""The node put together: archive, DIMSE, HTTP, routing, from one record of settings."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Self

from ..errors import UsageError
from .settings import Address, NodeSettings, Tls


def event_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The factory of the loop: uvloop where it is installed. UsageError without the `[server]` extra."""
    try:
        import starlette  # noqa: F401
    except ImportError:
        raise UsageError("the node is not installed", hint="pip install 'chiasm[server]'") from None
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def tls_context(tls: Tls | None) -> ssl.SSLContext | None:
    """What the ports speak: TLS 1.2 or later, PS3.15 §B.12; partners show a certificate where asked."""
    if tls is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(tls.certificate, tls.key)
        if tls.authorities is not None:
            context.load_verify_locations(tls.authorities)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"the certificate cannot be used: {error}", source=str(tls.certificate)) from None
    return context


class Node:
    """A running node; `dimse` and `http` are the addresses it listens on."""

    dimse: Address
    http: Address

    @classmethod
    async def start(cls, settings: NodeSettings, *, reuse_port: bool = False) -> Self:
        """Open the archive and begin to listen. UsageError for what the settings ask and cannot be."""
        raise NotImplementedError

    async def close(self) -> None:
        """Stop listening, finish what is being received, settle the index, close the archive."""
