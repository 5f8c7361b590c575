"""`chiasm echo` as people use it."""

from __future__ import annotations

import json
import socket

import pytest

from chiasm.app.command_echo import echo_command, peer_of
from chiasm.errors import UsageError


@pytest.mark.parametrize("text", ["", "A", "A@h", "A@h:x", "@h:1", "A@:1", "A" * 17 + "@h:1", "A@h:70000"])
def test_what_is_no_peer_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        peer_of(text)


def test_a_peer_is_title_host_and_port() -> None:
    assert peer_of("ARCHIVE@[::1]:104") == ("ARCHIVE", "::1", 104)


def test_a_peer_that_is_down_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    assert echo_command(f"A@127.0.0.1:{port}", "CHIASM", as_json=True) == 2
    assert "cannot connect" in json.loads(capsys.readouterr().out)["error"]
