"""The DICOMweb service as a whole: search, retrieval, storage, under one root. PS3.18 §10."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..services.archive import Archive
from ..services.metadata import Metadata
from . import (
    web_bulk,
    web_capabilities,
    web_frames,
    web_query,
    web_rendered,
    web_retrieve,
    web_store,
    web_uri,
)
from .web_switch import Switch, Watcher

if TYPE_CHECKING:
    from starlette.routing import Mount

ROOT = "/dicom-web"


def routes(
    archive: Archive,
    *,
    base_url: str = "",
    origins: tuple[str, ...] = (),
    watcher: Watcher | None = None,
    limits: web_store.StoreLimits = web_store.DEFAULT,
) -> list[Mount]:
    """The routes of DICOMweb over an archive.

    `base_url` is what clients see before `/dicom-web`, as `https://pacs.example`; empty takes it from each
    request. `origins` are the sites whose pages may call.
    """
    from starlette.routing import Mount

    metadata = Metadata(archive)
    operations = [
        *web_query.operations(archive, metadata),
        *web_retrieve.operations(archive, metadata),
        *web_frames.operations(archive),
        *web_bulk.operations(archive),
        *web_rendered.operations(archive),
        *web_store.operations(archive, limits),
        *web_uri.operations(archive),
    ]
    operations.append(web_capabilities.operation(tuple(operations)))
    return [Mount(ROOT, Switch(operations, origins=origins, base_url=base_url, watcher=watcher))]
