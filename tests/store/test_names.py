"""Names that people take for the same have one folded form."""

from __future__ import annotations

import pytest

from chiasm.store import names


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Wang^XiaoDong", "wang^xiaodong"), ("ＷＡＮＧ^XiaoDong", "wang^xiaodong"), ("Müller ^ Jürgen^^", "muller^jurgen"),
        ("Straße^Åse", "strasse^ase"), ("Łukasz^Ørsted", "lukasz^orsted"), ("ﾔﾏﾀﾞ^ﾀﾛｳ", "ヤマダ^タロウ"), ("김^희중", "김^희중"),
        ("  a   b ^c", "a b^c"), ("^", ""), ("Ｗａｎｇ＾＊", "wang^*"),
    ],
)  # fmt: skip
def test_folding(text: str, folded: str) -> None:
    assert names.folded(text) == folded


def test_groups_and_prefixes() -> None:
    assert names.groups("Wang^XiaoDong=王^小东=") == ["wang^xiaodong", "王^小东"]
    assert names.prefixes(["wang", "王"]) == ["w", "wa", "wan", "wang", "王"]


# The examples of the United States National Archives for Soundex.
@pytest.mark.parametrize(
    ("word", "code"), [("Washington", "w252"), ("Lee", "l000"), ("Gutierrez", "g362"), ("Pfister", "p236"), ("Jackson", "j250"), ("Tymczak", "t522"), ("Ashcraft", "a261")]
)  # fmt: skip
def test_sounds(word: str, code: str) -> None:
    assert names.sounds(names.folded(word)) == ["~" + code]
