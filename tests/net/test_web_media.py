"""The form of frames by what is stored and what is taken: PS3.18 §8.7.3.3."""

from __future__ import annotations

import pytest

from chiasm.net.web_media import frame_form, media_of
from chiasm.protocols.accept import parse_accept

PLAIN, JPEG, JLS, J2K, BIG = (
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.2",
)
OCTETS = "application/octet-stream"


@pytest.mark.parametrize(
    ("accept", "stored", "told"),
    [
        ("", PLAIN, (False, OCTETS, PLAIN, True)),
        ("", JPEG, (False, "image/jpeg", JPEG, True)),
        (f'multipart/related; type="{OCTETS}"', JPEG, (True, OCTETS, PLAIN, True)),
        (f'multipart/related; type="{OCTETS}"; transfer-syntax=*', J2K, (False, "image/jp2", J2K, True)),
        (OCTETS, BIG, (True, OCTETS, PLAIN, False)),
        ("image/jp2", J2K, (False, "image/jp2", J2K, False)),
        ("image/jpeg", J2K, None),
        ("image/jp2;q=0, */*", J2K, (True, OCTETS, PLAIN, True)),
        (f"image/jp2;q=0, {OCTETS}; transfer-syntax=*", J2K, (True, OCTETS, PLAIN, False)),
        ('multipart/related; type="image/jls"', PLAIN, (True, "image/jls", JLS, True)),
        ('multipart/related; type="image/jls"', J2K, (True, "image/jls", JLS, True)),
        (f"image/jls; transfer-syntax={JLS}1", PLAIN, None),
        (f"{OCTETS}; transfer-syntax={J2K}", JPEG, (True, "image/jp2", J2K, False)),
        (f"image/dicom-rle, {OCTETS}; q=0.1", BIG, (True, "image/dicom-rle", "1.2.840.10008.1.2.5", False)),
        ("image/jxl", PLAIN, None),
    ],
)  # fmt: skip
def test_forms(accept: str, stored: str, told: tuple[bool, str, str, bool] | None) -> None:
    form = frame_form(parse_accept(accept), stored)
    assert (form and (form.decoded, form.media, form.syntax, form.is_multipart)) == told


def test_media_types() -> None:
    assert media_of("1.2.840.10008.1.2.5") == "image/dicom-rle"
    assert media_of("1.2.3") == OCTETS
