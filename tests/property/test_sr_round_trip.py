"""Any content tree goes to ORU and comes back equal: SR → ORU^R01 → SR. PS3.3 §C.17.3."""

from __future__ import annotations

import struct
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chiasm import dicom, hl7
from chiasm.mapping import crosswalk, report_back, report_forward
from chiasm.mapping.sr_build import write_items
from chiasm.mapping.sr_items import read_items
from chiasm.model import Attribute, Coded, Content, Instant, Reference, Sender

SENT = Sender("SENDER", "FACILITY", Instant("20240131120000"))
CROSSWALK = crosswalk.default()

# Spaces at either end are padding in DICOM, and a backslash separates values: neither is content.
_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=24)
word = _TEXT.map(lambda text: text.replace("\\", "/").strip(" \0")).filter(bool)
lines = st.lists(
    st.one_of(word, st.sampled_from(["\r\n", "\n", "\r", "a^b&c|d~e\\f", '""'])), min_size=1, max_size=6
).map("".join)
text = lines.map(lambda one: one.strip(" \0")).filter(bool)
uid = st.lists(st.integers(1, 9999), min_size=2, max_size=6).map(lambda parts: ".".join(map(str, parts)))
code = st.builds(
    Coded,
    st.from_regex(r"[A-Z0-9.-]{1,30}", fullmatch=True),
    st.sampled_from(["DCM", "SCT", "LN", "UCUM", "99X"]),
    word,
    st.sampled_from(["", "", "1.4"]),
)
instant = st.builds(
    Instant,
    st.just("20240131235959"),
    st.sampled_from(["", "1", "1234", "123456"]),
    st.sampled_from(["", "+0100"]),
)
decimal = st.one_of(
    st.from_regex(r"-?[0-9]{1,6}(\.[0-9]{1,6})?", fullmatch=True),
    st.sampled_from(["1E5", "-1.5e-7", "+3", ".5", "1E300"]),
)
single = st.floats(allow_nan=False, width=32).map(
    lambda one: format(struct.unpack("f", struct.pack("f", one))[0], ".9g")
)
reference = st.builds(
    Reference,
    st.sampled_from(["1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.66.4"]),
    uid,
    st.lists(st.integers(1, 500), max_size=3).map(tuple),
    st.lists(st.integers(1, 500), max_size=2).map(tuple),
)
person = st.builds(
    "=".join,
    st.lists(
        st.lists(st.sampled_from(["Yamada", "Tarou", "Müller", "山田"]), min_size=1, max_size=5).map(
            "^".join
        ),
        min_size=1,
        max_size=3,
    ),
)
VALUES: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "TEXT": st.fixed_dictionaries({"text": text}),
    "CODE": st.fixed_dictionaries({"code": code}),
    "NUM": st.fixed_dictionaries(
        {
            "numbers": st.lists(decimal, max_size=2).map(tuple),
            "unit": st.one_of(st.none(), code),
            "qualifier": st.one_of(st.none(), code),
        }
    ),
    "DATETIME": st.fixed_dictionaries(
        {
            "text": st.sampled_from(
                ["2024", "20240131", "20240131235959.123456+0100", "20240131235959.5", "202401312359"]
            )
        }
    ),
    "DATE": st.fixed_dictionaries({"text": st.sampled_from(["20240131", "2024.01.31"])}),
    "TIME": st.fixed_dictionaries({"text": st.sampled_from(["10", "1030", "103059.123456", "103059.12"])}),
    "UIDREF": st.fixed_dictionaries({"text": uid}),
    "PNAME": st.fixed_dictionaries({"text": person}),
    "COMPOSITE": st.fixed_dictionaries({"reference": reference}),
    "IMAGE": st.fixed_dictionaries({"reference": reference}),
    "WAVEFORM": st.fixed_dictionaries(
        {
            "reference": st.builds(
                Reference, st.just("1.2.840.10008.5.1.4.1.1.9.1.1"), uid, channels=st.just((1, 2, 1, 3))
            )
        }
    ),
    "SCOORD": st.fixed_dictionaries(
        {"graphic": st.just("POLYLINE"), "coordinates": st.lists(single, min_size=2, max_size=6).map(tuple)}
    ),
    "SCOORD3D": st.fixed_dictionaries(
        {"graphic": st.just("POINT"), "coordinates": st.tuples(single, single, single), "basis": uid}
    ),
    "TCOORD": st.one_of(
        st.fixed_dictionaries(
            {
                "graphic": st.just("SEGMENT"),
                "basis": st.just("samples"),
                "coordinates": st.just(("1", "4294967295")),
            }
        ),
        st.fixed_dictionaries(
            {"graphic": st.just("POINT"), "basis": st.just("seconds"), "coordinates": st.tuples(decimal)}
        ),
        st.fixed_dictionaries(
            {
                "graphic": st.just("POINT"),
                "basis": st.just("moments"),
                "coordinates": st.just(("20240131235959.123456",)),
            }
        ),
    ),
    "CONTAINER": st.fixed_dictionaries(
        {"text": st.sampled_from(["SEPARATE", "CONTINUOUS"]), "template": st.sampled_from(["", "1501"])}
    ),
    "TABLE": st.fixed_dictionaries({"text": st.just("2x3")}),
}
RELATIONSHIPS = [
    "CONTAINS",
    "HAS PROPERTIES",
    "HAS CONCEPT MOD",
    "HAS OBS CONTEXT",
    "INFERRED FROM",
    "SELECTED FROM",
]
attributes = st.sampled_from(
    [
        (),
        (Attribute("0008010C", "UI", "1.2.3"),),
        (
            Attribute("00091010", "LO", "private"),
            Attribute("00091011", "OB", "AAECAw=="),
            Attribute("0040A043/0/0008010C", "UI", "1.2.3"),
        ),
    ]
)


@st.composite
def trees(draw: st.DrawFn) -> tuple[Content, ...]:
    """A tree of up to a dozen items, some of them far down, some of them pointers to others."""
    root = Content(
        (1,), "", "CONTAINER", draw(code), text="SEPARATE", template=draw(st.sampled_from(["", "1500"]))
    )
    items = {(1,): root}
    counts: dict[tuple[int, ...], int] = {}
    for _ in range(draw(st.integers(0, 12))):
        parent = draw(st.sampled_from(sorted(items)))
        if items[parent].by_reference:
            continue
        counts[parent] = counts.get(parent, 0) + 1
        position = (*parent, counts[parent])
        relationship = draw(st.sampled_from(RELATIONSHIPS))
        if draw(st.integers(0, 7)) == 0:
            items[position] = Content(
                position, relationship, by_reference=draw(st.sampled_from(sorted(items)))
            )
            continue
        value_type = draw(st.sampled_from(sorted(VALUES)))
        items[position] = Content(
            position,
            relationship,
            value_type,
            draw(st.one_of(st.none(), code)),
            observed=draw(st.one_of(st.none(), instant)),
            identifier=draw(st.one_of(st.just(""), uid)),
            attributes=draw(attributes),
            **draw(VALUES[value_type]),
        )
    return tuple(items[position] for position in sorted(items))


def _package(items: tuple[Content, ...]) -> dicom.Package:
    data = dicom.DataSet(charset="ISO_IR 192")
    for keyword, value in {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.34",
        "SOPInstanceUID": "1.2.3.4",
        "StudyInstanceUID": "1.2.3",
        "SeriesInstanceUID": "1.2.3.1",
        "ContentDate": "20240131",
        "ContentTime": "120000",
        "CompletionFlag": "COMPLETE",
        "VerificationFlag": "UNVERIFIED",
    }.items():
        data[keyword] = value
    write_items(items, data)
    return dicom.parse(dicom.create(data, sop_class="1.2.840.10008.5.1.4.1.1.88.34").encode())


@given(trees())
def test_a_tree_comes_back_from_a_data_set_equal(items: tuple[Content, ...]) -> None:
    assert read_items(_package(items).data).items == items


@given(trees())
def test_a_tree_comes_back_from_a_message_equal(items: tuple[Content, ...]) -> None:
    package = _package(items)
    before = read_items(package.data).items
    message = report_forward.to_message([("", package)], "oru", CROSSWALK, SENT).output
    after = report_back.to_sr(hl7.parse(message), CROSSWALK).output
    assert read_items(dicom.parse(after).data).items == before


@given(trees())
def test_every_leaf_of_a_tree_is_mapped(items: tuple[Content, ...]) -> None:
    result = report_forward.to_message([("", _package(items))], "oru", CROSSWALK, SENT)
    lost = [
        entry.source
        for entry in result.ledger
        if "0040A730" in entry.source and entry.disposition != "mapped"
    ]
    assert lost == []
