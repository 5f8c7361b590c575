"""Digests of data sets: BLAKE3 as its authors publish it, SHA-256 as archives once took it."""

from __future__ import annotations

import hashlib
import io

import pytest

from chiasm.services import digest

# BLAKE3's published test vectors: inputs of the bytes 0 to 250 by turns, 32 bytes of output.
VECTORS = {
    0: "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
    1: "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
    1024: "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
}


def content(size: int) -> bytes:
    return bytes(number % 251 for number in range(size))


@pytest.mark.parametrize(("size", "expected"), VECTORS.items())
def test_it_is_blake3_behind_the_code_that_multihash_gives_it(size, expected):
    hasher = digest.new_hasher()
    hasher.update(memoryview(content(size)))
    assert digest.digest_of(hasher).hex() == "1e20" + expected
    assert digest.recorded(digest.digest_of(hasher)) == {"blake3": expected}


@pytest.mark.parametrize("size", [0, 1, 5000, 3 << 20])
@pytest.mark.parametrize("code", ["1e20", "12"])
def test_a_digest_is_held_against_what_it_is_of_by_its_own_function(size, code):
    data = content(size)
    hasher = digest.new_hasher()
    hasher.update(data)
    taken = digest.digest_of(hasher) if code == "1e20" else b"\x12\x20" + hashlib.sha256(data).digest()
    assert digest.is_of(taken, data)
    assert digest.is_of_file(taken, io.BytesIO(data))
    assert not digest.is_of(taken, data + b"x")
    assert not digest.is_of_file(taken, io.BytesIO(data + b"x"))
    assert digest.read_digest(digest.recorded(taken)) == taken


def test_a_digest_of_no_known_function_is_that_of_nothing():
    assert not digest.is_of(hashlib.sha256(b"x").digest(), b"x")
    with pytest.raises(KeyError):
        digest.read_digest({})
