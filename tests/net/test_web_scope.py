"""Transfer syntaxes that are taken: PS3.18 §8.7.3.5."""

from __future__ import annotations

from chiasm.net.web_scope import syntaxes
from chiasm.protocols.accept import parse_accept


def test_syntaxes_in_their_order() -> None:
    text = "application/dicom;transfer-syntax=1.2.840.10008.1.2.4.80;q=0.5, application/dicom;transfer-syntax=*, a/b;q=0"
    assert syntaxes(parse_accept(text)) == ["*", "1.2.840.10008.1.2.4.80"]
    assert syntaxes(parse_accept("application/dicom")) == ["1.2.840.10008.1.2.1"]
