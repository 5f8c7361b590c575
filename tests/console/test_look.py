"""Languages, static files and the headers of pages."""

from __future__ import annotations

import asyncio

import pytest

from chiasm.console.look import language, page, static
from chiasm.errors import ServiceError
from chiasm.net.web_request import Answer, Request


def request(query: str = "", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"method": "GET", "path": "/", "query_string": query.encode(), "headers": raw}
    return Request(scope, None, "")  # type: ignore[arg-type]  # no body is read


@pytest.mark.parametrize(
    ("query", "headers", "wanted"),
    [
        ("", {}, "en"),
        ("lang=zh", {"accept_language": "en"}, "zh"),
        ("lang=xx", {"accept_language": "zh-CN,zh;q=0.9,en;q=0.8"}, "zh"),
        ("", {"cookie": "a=b; chiasm-language=zh", "accept_language": "en"}, "zh"),
        ("", {"accept_language": "fr, en;q=0.5"}, "en"),
    ],
)
def test_the_reader_chooses_the_language(query: str, headers: dict[str, str], wanted: str) -> None:
    assert language(request(query, **headers)) == wanted


def test_what_is_foreign_is_escaped_and_pages_ask_nobody_else() -> None:
    answer = page(request("lang=zh"), "failure.html", status=404, text="<script>alert(1)</script>")
    headers = dict(answer.headers)
    assert answer.status == 404
    assert b"<script>alert" not in answer.body  # type: ignore[operator]  # a page is bytes
    assert "default-src 'self'" in headers[b"content-security-policy"].decode()
    assert headers[b"set-cookie"].startswith(b"chiasm-language=zh")


def fetched(name: str, **headers: str) -> Answer:
    asked = request(**headers)
    asked.arguments["name"] = name
    return asyncio.run(static(asked))


def test_static_files_are_served_once() -> None:
    first = fetched("viewer.js")
    assert first.kind.startswith("text/javascript")
    tag = dict(first.headers)[b"etag"].decode()
    assert fetched("viewer.js", if_none_match=tag).status == 304
    for name in ("../look.py", "", "nothing.js"):
        with pytest.raises(ServiceError):
            fetched(name)
