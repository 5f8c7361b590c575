"""A DICOMweb service as the command line names it: its address, who asks, and whom to trust."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..errors import UsageError

if TYPE_CHECKING:
    import ssl

    from ..net.web_client import Service


@dataclass(frozen=True, slots=True)
class Remote:
    """What was said of a service: `headers` as `Name: value`, files in PEM for TLS, silence in seconds."""

    url: str = ""
    token: str = ""
    headers: Sequence[str] = ()
    authorities: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    timeout: float = 60.0

    def service(self) -> Service:
        """It, to be asked. UsageError for what is no address, header or certificate."""
        if find_spec("httpx") is None:
            raise UsageError("the node is not installed", hint="pip install 'chiasm[server]'")
        from ..net.web_client import Service

        url = self.url.rstrip("/")
        try:
            parts = urlsplit(url)
            good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        except ValueError:
            good = False
        if not good or parts.query or parts.fragment:
            hint = "as http://host:8042/dicom-web"
            raise UsageError("it is not the address of a DICOMweb service", source=self.url, hint=hint)
        named = dict(_header(one) for one in self.headers)
        if self.token:
            named["authorization"] = f"Bearer {self.token}"
        return Service(url, named, self._tls() if parts.scheme == "https" else None, self.timeout)

    def _tls(self) -> ssl.SSLContext:
        import ssl

        try:
            context = ssl.create_default_context(cafile=self.authorities)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            if self.certificate is not None:
                context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            place = str(self.certificate or self.authorities)
            raise UsageError(f"the certificate cannot be used: {error}", source=place) from None
        return context


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip() or not text.isprintable() or not text.isascii():
        raise UsageError(f"'{name[:40]}' is no header", hint="as 'X-Name: value'")
    return name.strip().lower(), value.strip()
