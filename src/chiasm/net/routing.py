"""The way to a destination: DIMSE where it has an AE title, STOW-RS where it has an address of the web."""

from __future__ import annotations

import ssl
from collections.abc import Callable

from ..services.archive import Archive
from ..services.delivery import Deliverer
from ..services.routing_rules import Destination
from .dimse_commitment import Reports
from .routing_dimse import DimseDeliverer
from .routing_stow import StowDeliverer


def deliverers(
    archive: Archive, ae_title: str, reports: Reports, tls: ssl.SSLContext | None = None
) -> Callable[[Destination], Deliverer]:
    """Makes the deliverer of a destination; `tls` is for those of DIMSE that ask for it."""

    def deliverer(destination: Destination) -> Deliverer:
        if destination.url:
            return StowDeliverer(archive, destination)
        return DimseDeliverer(archive, destination, ae_title, reports, tls)

    return deliverer
