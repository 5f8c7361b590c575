"""Made-up messages of any shape: bytes in are bytes out, what is written is read, XML loses nothing."""

from hypothesis import given
from hypothesis import strategies as st

from chiasm import hl7
from chiasm.errors import EncodeError

MARKS = st.sampled_from(["^~\\&", "^~\\&#", "^~", "^~\\", "#*@%", "$@!%;"])
SETS = st.sampled_from(
    ["UNICODE UTF-8", "8859/1", "8859/5", "ISO IR87", "GB 18030-2000", "KS X 1001", "BIG-5"]
)
TEXT = st.text(
    st.one_of(
        st.sampled_from('abcXE09 .^~\\&|#*@%$!;"\t'),
        st.characters(blacklist_categories=["Cs"], blacklist_characters="\x1b"),
    ),
    max_size=8,
)
LEAF = st.one_of(TEXT, st.none(), st.just(hl7.NULL))
ER7 = st.text(st.sampled_from('ab^~\\&X41F.br"é日 '), max_size=16)
COMPONENT = st.one_of(LEAF, st.tuples(LEAF, LEAF))
REPETITION = st.one_of(LEAF, st.lists(COMPONENT, min_size=1, max_size=4).map(tuple))
FIELD = st.one_of(REPETITION, st.lists(REPETITION, min_size=1, max_size=3))
FIELDS = st.dictionaries(st.integers(1, 12), FIELD, max_size=5)
NAMES = st.sampled_from(["PID", "OBX", "ZDS", "NTE", "PV1", "OBR", "XXX"])
HEADER = {3: "A", 9: ("ORU", "R01", "ORU_R01"), 10: "1", 11: "P", 12: "2.5.1"}


@given(st.lists(st.tuples(NAMES, FIELDS), max_size=5), st.sampled_from(["^~\\&", "^~\\&#", "#*@%"]), TEXT)
def test_what_is_composed_is_read_back(segments, marks, text):
    segments = [("MSH", HEADER), *segments, ("NTE", {3: text})]
    made = hl7.compose(segments, encoding_characters=marks)
    read = hl7.parse(made.encode())
    assert read.encode() == made.encode()
    assert str(read) == str(made)
    assert list(read.walk()) == list(made.walk())
    assert (read.segments[-1].get(3, 1, 1, 1) or "") == text


@given(SETS, TEXT)
def test_a_set_holds_a_text_exactly_or_refuses(charset, text):
    try:
        made = hl7.compose([("MSH", HEADER), ("NTE", {3: text})], charset=charset)
    except EncodeError:
        assert not text.isascii()
        return
    read = hl7.parse(made.encode())
    assert (read["NTE-3.1.1"] or "") == text
    assert read.encode() == made.encode()
    # bytes of another set that are well-formed UTF-8 as well, are pointed out
    doubtful = charset != "UNICODE UTF-8" and not text.isascii() and _is_utf8(made.encode())
    assert {one.rule for one in read.findings} <= ({"charset-mismatch"} if doubtful else set())


def _is_utf8(data):
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@given(
    st.lists(st.lists(ER7, max_size=6), max_size=5), MARKS, st.sampled_from(["\r", "\n", "\r\n", "\r\r\n"])
)
def test_any_text_between_separators_keeps_its_bytes_and_its_paths(rows, marks, end):
    lines = [f"MSH|{marks}|A|||||ORU^R01|1|P|2.5.1||||||UNICODE UTF-8"]
    lines += ["|".join(["PID", *row]) for row in rows]
    data = (end.join(lines) + end).encode()
    message = hl7.parse(data)
    assert message.encode() == data
    for path, leaf in message.walk():
        if not path.startswith("MSH[1]-2["):
            assert message[path] == leaf
    # every leaf written back as it was read: the meaning stays
    before = list(message.walk())
    assert [(s.id, f, r, c, n) for s in message.segments for f, r, c, n, _ in s.walk()]
    assert list(hl7.parse(message.encode()).walk()) == before


@given(st.lists(st.tuples(NAMES, FIELDS), max_size=5), st.integers(1, 9), TEXT)
def test_an_edit_changes_one_field_alone(segments, number, text):
    message = hl7.compose([("MSH", HEADER), *segments, ("PID", {20: "end"})], charset="UNICODE UTF-8")
    message = hl7.parse(message.encode())
    before = [str(segment) for segment in message.segments]
    last = len(message.segments_named("PID"))
    message[f"PID[{last}]-{number}"] = text
    after = hl7.parse(message.encode())
    assert (after[f"PID[{last}]-{number}.1.1"] or "") == text
    assert [str(s) for s in after.segments][:-1] == before[:-1]
    old, new = before[-1].split("|"), str(after.segments[-1]).split("|")
    assert old[:number] + old[number + 1 :] == new[:number] + new[number + 1 :]


@given(st.lists(st.tuples(NAMES, FIELDS), max_size=5), st.sampled_from(["^~\\&", "^~\\&#", "#*@%"]))
def test_er7_to_xml_and_back_is_equal(segments, marks):
    made = hl7.compose([("MSH", HEADER), *segments], encoding_characters=marks)
    back = hl7.from_xml(made.to_xml())
    assert list(back.walk()) == list(made.walk())
    assert back.encode() == made.encode()


@given(st.lists(st.lists(ER7, max_size=6), max_size=4))
def test_er7_with_any_escapes_to_xml_and_back_means_the_same(rows):
    lines = ["MSH|^~\\&|A|||||ORU^R01^ORU_R01|1|P|2.5.1||||||UNICODE UTF-8"]
    lines += ["|".join(["OBX", *row]) for row in rows]
    message = hl7.parse("\r".join(lines) + "\r")
    back = hl7.from_xml(message.to_xml())
    assert list(back.walk()) == list(message.walk())
    assert [s.count for s in back.segments] == [s.count for s in message.segments]
