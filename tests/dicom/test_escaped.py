r"""The shown form of bytes that do not fit: `\xHH`, and back."""

from __future__ import annotations

import pytest

from chiasm.dicom import escaped


@pytest.mark.parametrize(
    ("text", "shown"),
    [("plain", "plain"), ("a\udc93b", "a\\x93b"), ("C:\\x93", "C:\\x5cx93"), ("C:\\temp", "C:\\temp")],
)
def test_show_and_take_back(text: str, shown: str) -> None:
    assert escaped.show(text) == shown
    assert escaped.take_back(shown) == text


def test_count_and_kept() -> None:
    assert escaped.kept(b"\x93A") == "\udc93\udc41"
    assert escaped.count("x\udc93\udc41") == 2
    assert escaped.count("plain") == 0
