"""What may stand around a message, and that all of it comes back."""

import pytest

from chiasm import hl7
from chiasm.hl7.envelope import Envelope, byte_order, is_wide, unwrap

BODY = b"MSH|^~\\&|A\rPID|1\r"


@pytest.mark.parametrize(
    ("lead", "tail"),
    [
        (b"", b""),
        (b"\x0b", b"\x1c\r"),  # HL7 v2.5.1 §C.4.3: <VT> message <FS><CR>
        (b"\x0b", b"\x1c"),
        (b"\x0b", b"\x1c\r\n\r\n"),
        (b"\r\n  \x0b\r\n", b"\x1c\r"),
        (b"\xef\xbb\xbf", b""),
        (b"\x0b\xef\xbb\xbf", b"\x1c\r"),
        (b"\xef\xbb\xbf\x0b", b"\x1c\r"),
        (b" \t", b""),
    ],
)
def test_pitfall_4_framing_marks_and_blanks_are_kept(lead, tail):
    data = lead + BODY + tail
    envelope, body, _ = unwrap(data)
    assert (envelope, body) == (Envelope(lead, tail), BODY)
    message = hl7.parse(data)
    assert message.encode() == data
    message["PID-1"] = "2"
    assert message.encode() == lead + BODY.replace(b"|1", b"|2") + tail


def test_a_block_end_within_text_is_text():
    data = BODY + b"\x1cNTE|1\r"
    assert unwrap(data)[1] == data


@pytest.mark.parametrize("codec", ["utf_16_le", "utf_16_be", "utf_32_le", "utf_32_be"])
def test_wide_letters_are_known_without_a_mark(codec):
    assert byte_order("MSH|".encode(codec)) == (0, codec)
    assert is_wide(codec)
    assert byte_order("\ufeffMSH".encode(codec)) == (4 if "32" in codec else 2, codec)


def test_plain_bytes_have_no_byte_order():
    assert byte_order(BODY) == (0, "")
    assert byte_order(b"") == (0, "")
    assert not is_wide("utf_8")
