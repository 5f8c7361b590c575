"""OHIF beside the console: its built pages on a port of their own, configured for this node.

The pages come from the npm package @ohif/app, built for `/` as their public path, which is why they have a
port of their own; DICOMweb is served on it too, so that they ask no other origin.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ServiceError
from ..net.web_request import Answer, Request
from ..net.web_switch import Operation, Switch

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

FIRST_PAGE, CONFIGURATION = "index.html", "app-config.js"
_PIECE = 1 << 20

_SOURCE = {
    "namespace": "@ohif/extension-default.dataSourcesModule.dicomweb",
    "sourceName": "chiasm",
    "configuration": {
        "friendlyName": "Chiasm",
        "name": "chiasm",
        "qidoRoot": "/dicom-web",
        "wadoRoot": "/dicom-web",
        "wadoUriRoot": "/dicom-web/wado",
        "qidoSupportsIncludeField": True,
        "supportsFuzzyMatching": True,
        "supportsWildcard": True,
        "supportsReject": False,
        "imageRendering": "wadors",
        "thumbnailRendering": "wadors",
        "enableStudyLazyLoad": True,
        "singlepart": "bulkdata,pdf,video",
        "bulkDataURI": {"enabled": True},
        "omitQuotationForMultipartRequest": True,
    },
}


def configuration() -> str:
    """What OHIF reads first: one source of data, this node, and nothing of anyone else's."""
    told = {
        "routerBasename": "/",
        "extensions": [],
        "modes": [],
        "showStudyList": True,
        "showWarningMessageForCrossOrigin": False,
        "showCPUFallbackMessage": False,
        "investigationalUseDialog": {"option": "never"},
        "maxNumberOfWebWorkers": 3,
        "defaultDataSourceName": "chiasm",
        "dataSources": [_SOURCE],
    }
    return f"window.config = {json.dumps(told, indent=2)};\n"


def is_installed(folder: Path) -> bool:
    """Whether the pages are there."""
    return (folder / FIRST_PAGE).is_file()


class Ohif:
    """The pages of one folder; only files that were there at the start are served."""

    def __init__(self, folder: Path) -> None:
        files = (path for path in folder.rglob("*") if path.is_file())
        self._files = {path.relative_to(folder).as_posix(): path for path in files}

    def routes(self) -> list[BaseRoute]:
        """The routes, from `/` on; they come after those of DICOMweb."""
        from starlette.routing import Mount

        operations = [
            Operation("GET", "/", self.file, "OHIF's first page"),
            Operation("GET", "/{name:path}", self.file, "OHIF's files; its places are all its first page"),
        ]
        return [Mount("/", Switch(operations))]

    async def file(self, request: Request) -> Answer:
        """One file; a path that is no file is a place within OHIF. ServiceError for one that is not there."""
        name = request.arguments.get("name") or FIRST_PAGE
        if name == CONFIGURATION:
            answer = Answer(200, "text/javascript; charset=utf-8", configuration().encode())
            answer.add("cache-control", "no-cache")
            return answer
        path = self._files.get(name)
        if path is None:
            if "." in name.rpartition("/")[2]:
                raise ServiceError("no-such-object", "OHIF has no such file")
            path = self._files[FIRST_PAGE]
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        answer = Answer(200, kind, _pieces(path), length=path.stat().st_size)
        # OHIF's images are decoded in threads that share memory, which browsers allow to such pages alone.
        answer.add("cross-origin-opener-policy", "same-origin")
        answer.add("cross-origin-embedder-policy", "require-corp")
        answer.add("cache-control", "no-cache" if path.name == FIRST_PAGE else "public, max-age=86400")
        return answer


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
