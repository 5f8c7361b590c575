"""Rules as text: what they mean, and errors that name the line."""

from __future__ import annotations

import tomllib

import pytest

from chiasm.errors import UsageError
from chiasm.services.routing_rules import Destination, Priors, Rules, parse

GOOD = """
[[destination]]
name = "reading-room"
ae = "READER"
host = "10.0.0.7"
port = 104
hours = "20:00-06:00"

[[destination]]
name = "cloud"
url = "https://pacs.example/dicom-web/"
headers = { Authorization = "Bearer abc" }
attempts = 3

[[route]]
name = "CT by night"
from = ["CT*"]
called = "CHIASM"
when = { Modality = ["CT", "PT"], StudyDate = "20260101-", RequestAttributesSequence.RequestedProcedureID = "A?" }
unless = { "ProcedureCodeSequence.CodeValue" = "QA" }
hours = "19:00-07:00"
days = "mon-fri, sun"
to = ["reading-room", "cloud"]
priors = { count = 2, months = 24, same_modality = true }

[[route]]
to = "cloud"
"""


def read(text: str) -> Rules:
    document = tomllib.loads(text)
    tables = document.get("route", []), document.get("destination", [])
    return parse(*tables, text=text, source="chiasm.toml")


def test_all_that_a_rule_can_say() -> None:
    rules = read(GOOD)
    first, second = rules.routes
    assert (first.name, first.to, first.sources, first.called) == (
        "CT by night", ("reading-room", "cloud"), ("CT*",), ("CHIASM",),
    )  # fmt: skip
    assert [(one.path, one.vr, one.texts) for one in first.when] == [
        ((0x00080060,), "CS", ("CT", "PT")),
        ((0x00080020,), "DA", ("20260101-",)),
        ((0x00400275, 0x00401001), "SH", ("A?",)),
    ]
    assert [one.path for one in first.unless] == [(0x00081032, 0x00080100)]
    assert first.window is not None
    assert (first.window.start, first.window.stop, first.window.days) == (
        1140,
        420,
        frozenset({0, 1, 2, 3, 4, 6}),
    )
    assert first.priors == Priors(2, 24, same_modality=True)
    assert (second.name, second.to, second.when) == ("route 2", ("cloud",), ())
    assert rules.destinations["cloud"] == Destination(
        "cloud", url="https://pacs.example/dicom-web", headers=(("Authorization", "Bearer abc"),), attempts=3
    )
    room = rules.destinations["reading-room"]
    assert (room.ae, room.host, room.port, room.commitment) == ("READER", "10.0.0.7", 104, "auto")
    assert room.window is not None


def test_no_tables_are_no_rules() -> None:
    assert parse([], []) == Rules()


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('to = "cloud"', 'to = "clod"', 27, "no destination 'clod'"),
        ('to = "cloud"', "", 26, "at least one destination"),
        ("Modality", "Modalitie", 19, "no attribute's keyword"),
        ("CodeValue", "CodeValu", 20, "no attribute's keyword"),
        ('"ProcedureCodeSequence.CodeValue"', '"Modality.CodeValue"', 20, "is no sequence"),
        ('StudyDate = "20260101-"', 'StudyDate = "yesterday"', 19, "is no date"),
        ('hours = "19:00-07:00"', 'hours = "7pm"', 21, "no span of hours"),
        ('days = "mon-fri, sun"', 'days = "mondays, foo"', 22, "'foo' is no day"),
        ("count = 2", "count = 0", 24, "at least 1"),
        ("same_modality = true", "modality = true", 24, "no such key"),
        ('from = ["CT*"]', "from = [1]", 17, "list of texts"),
        ('from = ["CT*"]', 'fron = ["CT*"]', 17, "no such key"),
        ("port = 104", "port = 70000", 6, "at most 65535"),
        ('ae = "READER"', 'ae = "A TITLE TOO LONG BY FAR"', 4, "no application entity title"),
        ('host = "10.0.0.7"', "", 2, "must have a host"),
        ('url = "https://pacs.example/dicom-web/"', 'url = "ftp://pacs"', 11, "no address of a web service"),
        ('"Bearer abc"', '"a\\r\\nHost: b"', 12, "no header field"),
        ('name = "cloud"', 'name = "reading-room"', 10, "two destinations"),
    ],
)
def test_an_error_names_the_line(old: str, new: str, line: int, words: str) -> None:
    assert old in GOOD
    with pytest.raises(UsageError) as caught:
        read(GOOD.replace(old, new))
    assert f"chiasm.toml at line {line}," in str(caught.value)
    assert words in str(caught.value)


def test_without_the_text_an_error_names_the_table() -> None:
    with pytest.raises(UsageError, match="route 1, to: "):
        parse([{"to": ["nowhere"]}], [])
