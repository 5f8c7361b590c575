"""Person names as they are sought: folded groups, prefixes of them, and keys by sound.

Two spellings that a reader takes for the same have one folded form: width (NFKC), case, diacritics of Latin,
Greek and Cyrillic letters, runs of spaces and empty components at the end do not count. PS3.4 §C.2.2.2.1
leaves that to the archive; the groups are those of PS3.5 §6.2.1.1.
"""

from __future__ import annotations

import functools
import re
import unicodedata

PREFIX_LENGTHS = (1, 2, 3, 4, 6, 7, 8, 11)
"""How long the prefixes are that studies are listed by, newest first."""

_MARKS = re.compile("[\u0300-\u036f]")
_LETTERS = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ı": "i"})
_SPACES = re.compile(r"\s+")
_BETWEEN = re.compile(r" ?\^ ?")
_WORDS = re.compile(r"[\^\s,.\-']+")
_SOUNDS = {
    letter: digit
    for digit, letters in enumerate(("bfpv", "cgjkqsxz", "dt", "l", "mn", "r"), 1)
    for letter in letters
}


@functools.lru_cache(maxsize=4096)
def folded(group: str) -> str:
    """The folded form of one group of a name, or of a pattern of one; wildcards stay as they are."""
    if group.isascii():
        text = group.lower()
    else:
        text = unicodedata.normalize("NFKC", group).casefold().translate(_LETTERS)
        text = unicodedata.normalize("NFKC", _MARKS.sub("", unicodedata.normalize("NFKD", text)))
    if " " in text or not text.isprintable():
        text = _BETWEEN.sub("^", _SPACES.sub(" ", text)).strip(" ")
    return text.rstrip("^ ")


def groups(name: str) -> list[str]:
    """The folded groups of a name that are not empty, without repetition."""
    return list(dict.fromkeys(one for one in map(folded, name.split("=")) if one))


def prefixes(keys: list[str]) -> list[str]:
    """The beginnings of folded groups by which studies are listed, without repetition."""
    found = {key[:length]: None for key in keys for length in PREFIX_LENGTHS if len(key) >= length}
    return list(found)


def sounds(group: str) -> list[str]:
    """The keys by sound of the words of a folded group, for fuzzy matching.

    American Soundex for words of Latin letters: first letter, then three digits of consonant classes; other
    scripts are kept word by word.
    """
    sounding = [_soundex(word) if word.isascii() and word.isalpha() else word for word in words(group)]
    return list(dict.fromkeys("~" + one for one in sounding))


def words(group: str) -> list[str]:
    """The words of a folded group, whatever is between them."""
    return [word for word in _WORDS.split(group) if word]


def _soundex(word: str) -> str:
    digits = [word[0]]
    last = _SOUNDS.get(word[0], 0)
    for letter in word[1:]:
        digit = _SOUNDS.get(letter, 0)
        if digit and digit != last:
            digits.append(str(digit))
        if letter not in "hw":
            last = digit
        if len(digits) == 4:
            break
    return "".join(digits).ljust(4, "0")
