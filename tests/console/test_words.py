"""Every text of the templates has its Chinese, with the same places to fill."""

from __future__ import annotations

import re
from pathlib import Path

from chiasm.console import words

TEMPLATES = Path(words.__file__).parent / "templates"


def test_every_text_of_the_templates_is_translated() -> None:
    texts = {
        text
        for path in TEMPLATES.glob("*.html")
        for text in re.findall(r"\bt\('([^']+)'", path.read_text(encoding="utf-8"))
    }
    assert len(texts) > 50
    assert {text for text in texts if words.said(text, "zh") == text} == {"VR"}


def test_places_to_fill_are_the_same_in_both() -> None:
    for text, chinese in words._CHINESE.items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", chinese)), text
    assert words.said("Studies", "en") == "Studies"
