"""How pages are made: templates, languages, static files, and the headers that keep a browser safe."""

from __future__ import annotations

import hashlib
import importlib.resources
import mimetypes
from functools import cache
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..net.web_request import Answer, Request, not_modified, unchanged
from .words import LANGUAGES, said

if TYPE_CHECKING:
    from jinja2 import Environment

_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'"
)
"""No page asks anyone but this node for anything."""

_COOKIE = "chiasm-language"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("chiasm.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["static"] = _address
    return environment


def language(request: Request) -> str:
    """The language of a page: asked for in the address, chosen before, or wished for by the browser."""
    asked = request.parameter("lang")
    if asked in LANGUAGES:
        return asked
    for part in request.header(b"cookie").split(";"):
        name, _, value = part.strip().partition("=")
        if name == _COOKIE and value in LANGUAGES:
            return value
    for wish in request.header(b"accept-language").split(","):
        code = wish.split(";")[0].strip().lower()
        if code[:2] == "zh":
            return "zh"
        if code[:2] == "en":
            return "en"
    return "en"


def page(request: Request, template: str, *, status: int = 200, **content: Any) -> Answer:
    """A page in the reader's language; `content` is what its template shows."""
    chosen = language(request)

    def words(text: str, **parts: object) -> str:
        return said(text, chosen).format(**parts) if parts else said(text, chosen)

    shown = _environment().get_template(template)
    text = shown.render(t=words, lang=chosen, languages=LANGUAGES, path=request.path, **content)
    answer = Answer(status, "text/html; charset=utf-8", text.encode())
    answer.add("content-security-policy", _POLICY)
    answer.add("x-content-type-options", "nosniff")
    answer.add("referrer-policy", "same-origin")
    answer.add("cache-control", "no-store")
    answer.add("content-language", chosen)
    if request.parameter("lang") == chosen:
        answer.add("set-cookie", f"{_COOKIE}={chosen}; Path=/; Max-Age=31536000; SameSite=Lax")
    return answer


@cache
def _static() -> dict[str, tuple[bytes, str]]:
    """The static files by name, with their tags."""
    folder = importlib.resources.files("chiasm.console") / "static"
    found = {}
    for file in folder.iterdir():
        data = file.read_bytes()
        found[file.name] = (data, hashlib.sha256(data).hexdigest()[:16])
    return found


def _address(name: str) -> str:
    return f"/static/{name}?{_static()[name][1]}"


async def static(request: Request) -> Answer:
    """One of the console's own files. ServiceError where there is none of that name."""
    found = _static().get(request.arguments["name"])
    if found is None:
        raise ServiceError("no-such-object", "there is no such file")
    data, tag = found
    if not_modified(request, f'"{tag}"'):
        return unchanged(f'"{tag}"')
    kind = mimetypes.guess_type(request.arguments["name"])[0] or "application/octet-stream"
    answer = Answer(200, f"{kind}; charset=utf-8" if kind.startswith("text/") else kind, data)
    answer.add("etag", f'"{tag}"')
    answer.add("cache-control", "public, max-age=86400")
    answer.add("x-content-type-options", "nosniff")
    return answer
