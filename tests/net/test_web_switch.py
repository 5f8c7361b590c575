"""Operations found by path and method."""

from __future__ import annotations

from chiasm.net.web_request import Answer, Request
from chiasm.net.web_switch import Operation, Switch


async def act(request: Request) -> Answer:
    return Answer()


def test_paths() -> None:
    paths = ("/", "/studies", "/studies/{study}", "/studies/{study}/series", "/bulk/{value:path}")
    switch = Switch([Operation("GET", path, act, "") for path in paths])
    for path, found, arguments in (
        ("", "/", {}), ("/studies/", "/studies", {}), ("/studies/1", "/studies/{study}", {"study": "1"}),
        ("/studies/1/series", "/studies/{study}/series", {"study": "1"}),
        ("/bulk/a/0/b", "/bulk/{value:path}", {"value": "a/0/b"}),
    ):  # fmt: skip
        filled: dict[str, str] = {}
        assert switch.find(path, filled)["GET"].path == found
        assert filled == arguments
    assert switch.find("/other", {}) == {}
    assert switch.find("/studies/1/other", {}) == {}
