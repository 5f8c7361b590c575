"""What goes to a terminal is harmless, and a bar is drawn on a terminal alone."""

import os
import pty
import subprocess
import sys

import pytest

from chiasm.app.request import Outcome
from chiasm.app.terminal import printable, with_bar


@pytest.mark.parametrize(
    ("text", "shown"),
    [("Müller 山田", "Müller 山田"), ("\x1b[2J", "\\x1b[2J"), ("a\nb", "a\\x0ab"), ("\u202e", "\\x202e")],
)
def test_control_characters_are_shown_not_sent(text, shown):
    assert printable(text) == shown


def test_without_a_terminal_nothing_is_drawn(capfd):
    outcomes = [Outcome("a", "oru"), Outcome("b", "oru")]
    assert list(with_bar(outcomes, 2)) == outcomes
    assert capfd.readouterr() == ("", "")


def test_on_a_terminal_a_folder_has_a_bar(folder, tmp_path):
    outer, inner = pty.openpty()
    command = [sys.executable, "-m", "chiasm.app", "convert", str(folder), str(tmp_path / "out")]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=inner, check=False, env={**os.environ, "TERM": "xterm"}
    )
    os.close(inner)
    drawn = os.read(outer, 1 << 16)
    os.close(outer)
    assert done.returncode == 1
    assert b"/4" in drawn
    assert "━".encode() in drawn
    assert done.stdout == b"3 converted, 1 not\n"
