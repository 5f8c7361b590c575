"""The node put together: archive, DIMSE, HTTP, routing, from one record of settings."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ..console import ohif
from ..console.pages import Console, Shown
from ..errors import UsageError
from ..net import dimse_commitment, dimse_query, dimse_retrieve, web_admin, web_dicom
from ..net.dimse_association import Handler
from ..net.dimse_retrieve import Destination
from ..net.dimse_server import DimseSettings, serve_dimse
from ..net.dimse_storage import VERIFICATION, Echo, Storage, storage_classes, transfer_syntaxes
from ..net.http_server import serve_http
from ..net.web_metrics import Metrics
from ..services.archive import Archive
from ..services.archive import Settings as ArchiveSettings
from .settings import Address, NodeSettings, Tls

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from ..services.routing import Router


def require_server() -> None:
    """UsageError without the `[server]` extra."""
    try:
        import starlette  # noqa: F401
    except ImportError:
        raise UsageError("the node is not installed", hint="pip install 'chiasm[server]'") from None


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


def outgoing_tls(tls: Tls | None) -> ssl.SSLContext:
    """What destinations are called with: their certificates are checked, ours is shown where there is one."""
    try:
        context = ssl.create_default_context(cafile=tls.authorities if tls else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if tls is not None:
            context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError) as error:
        place = str(tls.certificate) if tls else ""
        raise UsageError(f"the certificate cannot be used: {error}", source=place) from None
    return context


class Node:
    """A running node; `dimse` and `http` are the addresses it listens on."""

    def __init__(self, settings: NodeSettings, archive: Archive) -> None:
        self.settings, self.archive = settings, archive
        self.metrics = Metrics()
        self.dimse, self.http = settings.dimse, settings.http
        self.viewer: Address | None = None
        self._console = Console(archive, self._shown)
        self._reports = dimse_commitment.Reports()
        self._router: Router | None = None
        self._closing: list[Callable[[], Awaitable[None]]] = [archive.close]

    @classmethod
    async def start(cls, settings: NodeSettings, *, reuse_port: bool = False) -> Self:
        """Open the archive and begin to listen. UsageError for what the settings ask and cannot be."""
        archive = await Archive.open(archive_settings(settings))
        node = cls(settings, archive)
        try:
            await node._serve(reuse_port=reuse_port)
        except BaseException:
            await node.close()
            raise
        return node

    async def _serve(self, *, reuse_port: bool) -> None:
        settings, tls = self.settings, tls_context(self.settings.tls)
        self._router = self._routes()
        dimse = DimseSettings(
            (settings.ae_title, "ANY-SCP"), maximum_associations=settings.maximum_associations, tls=tls
        )
        try:
            server = await serve_dimse(
                settings.dimse.host,
                settings.dimse.port,
                self._handlers(),
                dimse,
                syntaxes=transfer_syntaxes(),
                reuse_port=reuse_port,
                watch=self.metrics.association,
            )
        except OSError as error:
            raise UsageError(f"cannot listen on {settings.dimse}: {error.strerror}") from None
        self._closing.append(server.close)
        self.dimse = replace(settings.dimse, port=server.port)
        web = await serve_http(
            self._application(), settings.http.host, settings.http.port, reuse_port=reuse_port, tls=tls
        )
        self._closing += [web.close, self._console.close]
        self.http = replace(settings.http, port=web.port)
        if self._router is not None:
            self._closing.append(self._router.close)
            await self._router.start()
        if ohif.is_installed(settings.data / "ohif"):
            await self._serve_viewer(tls, reuse_port=reuse_port)
        # What the first question needs is loaded while the node listens already.
        warming = asyncio.get_running_loop().run_in_executor(None, self.archive.index.warm)

        async def warmed() -> None:
            await asyncio.wait([warming])

        self._closing.append(warmed)

    def _routes(self) -> Router | None:
        """What sends on what arrives; nothing is loaded where there are no destinations."""
        settings = self.settings
        if not settings.destinations:
            return None
        from ..net.routing import deliverers
        from ..services.routing import Router
        from ..services.routing_rules import parse
        from ..store.queue import Queue

        text = Path(settings.source).read_text("utf-8") if Path(settings.source).is_file() else ""
        rules = parse(settings.routes, settings.destinations, text=text, source=settings.source)
        tls = outgoing_tls(settings.tls) if any(one.tls for one in rules.destinations.values()) else None
        ways = deliverers(self.archive, settings.ae_title, self._reports, tls)
        return Router(self.archive, Queue(self.archive.index.engine), rules, ways)

    async def _serve_viewer(self, tls: ssl.SSLContext | None, *, reuse_port: bool) -> None:
        from starlette.applications import Starlette

        pages = await asyncio.to_thread(ohif.Ohif, self.settings.data / "ohif")
        viewer = Starlette(routes=[*web_dicom.routes(self.archive, watcher=self.metrics), *pages.routes()])
        wanted = self.settings.viewer_address
        served = await serve_http(viewer, wanted.host, wanted.port, reuse_port=reuse_port, tls=tls)
        self._closing.append(served.close)
        self.viewer = replace(wanted, port=served.port)

    def _application(self) -> Starlette:
        from starlette.applications import Starlette

        settings = self.settings
        origins, metrics = settings.cors_origins, self.metrics
        return Starlette(
            routes=[
                *web_dicom.routes(self.archive, base_url=settings.base_url, origins=origins, watcher=metrics),
                *web_admin.routes(self.archive, metrics=metrics, router=self._router, origins=origins),
                *self._console.routes(),
            ]
        )

    def _shown(self) -> Shown:
        scheme = f"http{'s' if self.settings.tls else ''}://"
        base = self.settings.base_url or f"{scheme}{self.http}"
        viewer = f"{scheme}{self.viewer}/viewer" if self.viewer else ""
        return Shown(self.settings.ae_title, str(self.dimse), base, viewer)

    def _handlers(self) -> dict[str, Handler]:
        archive, title = self.archive, self.settings.ae_title
        destinations = known_destinations(self.settings)
        storage = Storage(archive, self.metrics.received)
        commitment = dimse_commitment.Commitment(archive, title, destinations, reports=self._reports)
        self._closing.append(commitment.close)
        stored = [*storage_classes(), *self.settings.storage_classes]
        return {
            VERIFICATION: Echo(),
            **dict.fromkeys(stored, storage),
            **dimse_query.handlers(archive, title),
            **dimse_retrieve.handlers(archive, title, destinations),
            dimse_commitment.COMMITMENT: commitment,
        }

    async def close(self) -> None:
        """Stop listening, finish what is being received, settle the index, close the archive."""
        for close in reversed(self._closing):
            await close()


def known_destinations(settings: NodeSettings) -> dict[str, Destination]:
    """Whom C-MOVE and commitment may send to, by AE title. UsageError for a table that is none."""
    found = {}
    for table in settings.destinations:
        if "ae" not in table:
            continue  # one of DICOMweb
        try:
            one = Destination(str(table["ae"]), str(table["host"]), int(table["port"]))
            one = replace(one, associations=int(table.get("associations", one.associations)))
        except (KeyError, TypeError, ValueError):
            place = f"destination {table.get('name', '')}"
            hint = "it has ae, host and port"
            raise UsageError("it is no destination", source=settings.source, place=place, hint=hint) from None
        found[one.ae] = one
    return found


def archive_settings(settings: NodeSettings) -> ArchiveSettings:
    """What of the settings concerns the archive."""
    return ArchiveSettings(
        settings.data,
        settings.database,
        settings.objects,
        settings.object_options,
        settings.duplicates,
        follows_apart=(os.cpu_count() or 1) > 1,
    )
