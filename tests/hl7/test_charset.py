"""MSH-18: every value of table 0211, repetitions, sets that lie; expected bytes from Python's own codecs."""

import pytest

from chiasm import hl7
from chiasm.errors import EncodeError, ParseError, UsageError
from chiasm.hl7.charset import (
    TABLE_0211,
    Charset,
    Coding,
    bytewise,
    canonical,
    declared,
    has_undecoded,
    read,
    visible,
)
from chiasm.standards import hl7tables

SAMPLES = {
    "ASCII": ("Muller", "ascii"),
    "8859/1": ("Müller", "iso8859_1"),
    "8859/2": ("Dvořák", "iso8859_2"),
    "8859/3": ("Ĥaĝ", "iso8859_3"),
    "8859/4": ("Ģēā", "iso8859_4"),
    "8859/5": ("Люк", "iso8859_5"),
    "8859/6": ("قباني", "iso8859_6"),
    "8859/7": ("Διονυσιος", "iso8859_7"),
    "8859/8": ("שרון", "iso8859_8"),
    "8859/9": ("Çavuşoğlu", "iso8859_9"),
    "8859/15": ("Œ€", "iso8859_15"),
    "ISO IR6": ("Muller", "ascii"),
    "ISO IR14": ("ﾔﾏﾀﾞ", "shift_jis"),
    "ISO IR87": ("山田太郎", "iso2022_jp"),
    "ISO IR159": ("丂", "iso2022_jp_1"),
    "JAS2020": ("山田", "iso2022_jp"),
    "JIS X 0202": ("山田", "iso2022_jp"),
    "GB 18030-2000": ("王小东𠀀", "gb18030"),
    "KS X 1001": ("김희중", "euc_kr"),
    "BIG-5": ("王小東", "big5"),
    "UNICODE": ("王ü", "utf_16_be"),
    "UNICODE UTF-8": ("王ü𠀀", "utf_8"),
    "UNICODE UTF-16": ("王ü𠀀", "utf_16_be"),
    "UNICODE UTF-32": ("王ü𠀀", "utf_32_be"),
}
HEADER = {3: "A", 9: ("ADT", "A01"), 10: "1", 11: "P", 12: "2.5.1"}


def raw(charset, text, codec="utf-8"):
    return f"MSH|^~\\&|A||||||ADT^A01|1|P|2.5.1||||||{charset}\rPID|1||||{text}^x\r".encode(codec)


def rules(message):
    return [finding.rule for finding in message.findings]


@pytest.mark.parametrize("name", list(SAMPLES))
def test_each_set_is_written_in_its_own_bytes_and_read_back(name):
    text, codec = SAMPLES[name]
    made = hl7.compose([("MSH", HEADER), ("PID", {5: (text, "x")})], charset=name)
    data = made.encode()
    assert text.encode(codec) in data
    read_back = hl7.parse(data)
    assert read_back["PID-5.1"] == text
    assert read_back["PID-5.2"] == "x"
    assert read_back.encode() == data
    assert rules(read_back) == []


@pytest.mark.parametrize(
    "name", [n for n in SAMPLES if n not in {"UNICODE", "UNICODE UTF-16", "UNICODE UTF-32"}]
)
def test_an_edit_in_each_set_changes_its_leaf_alone(name):
    text, codec = SAMPLES[name]
    message = hl7.compose([("MSH", HEADER), ("PID", {3: text, 5: (text, text)})], charset=name)
    message = hl7.parse(message.encode())
    before = message.encode()
    message["PID-5.2"] = text[:1]
    after = message.encode()
    assert hl7.parse(after)["PID-5.2"] == text[:1]
    assert after.split(b"|")[:-1] == before.split(b"|")[:-1] or codec.startswith("iso2022")
    assert hl7.parse(after)["PID-3"] == text


def test_every_value_of_table_0211_is_known():
    for version in hl7tables.VERSIONS:
        table = hl7tables.version(version).table("0211")
        for code in table.codes if table is not None else ():
            assert canonical(code) in TABLE_0211, (version, code)
    assert set(TABLE_0211) - set(SAMPLES) == {"CNS 11643-1992"}


def test_a_set_without_a_codec_is_told_and_its_bytes_are_kept():
    data = raw("CNS 11643-1992", "王", "big5")
    message = hl7.parse(data)
    assert rules(message) == ["unknown-charset", "undecodable-bytes"]
    assert message["PID-5.1"] == "\\XA4FD\\"
    assert message.encode() == data
    with pytest.raises(EncodeError):
        message["PID-5.2"] = "王"


@pytest.mark.parametrize("name", [n for n in SAMPLES if n not in {"ASCII", "ISO IR6"}])
def test_writing_refuses_rather_than_put_a_question_mark(name):
    if name.startswith(("UNICODE", "GB")):
        pytest.skip("it holds every character")
    with pytest.raises(EncodeError, match="cannot hold"):
        hl7.compose([("MSH", HEADER), ("PID", {5: "𝄞"})], charset=name)


@pytest.mark.parametrize(
    ("spelling", "value"),
    [("ISO_IR 100", "8859/1"), ("ISO-8859-1", "8859/1"), ("UTF-8", "UNICODE UTF-8"), ("ISO_IR 192", "UNICODE UTF-8"),
     ("unicode utf-8", "UNICODE UTF-8"), ("ISO IR 87", "ISO IR87"), ("GB18030", "GB 18030-2000"), ("latin", "")],
)  # fmt: skip
def test_spellings_of_the_field(spelling, value):
    assert canonical(spelling) == value


def test_pitfall_4_the_first_repetition_is_the_default_and_later_ones_are_reached_by_escapes():
    data = raw("8859/1~ISO IR87", "ü", "latin-1").replace(b"^x", b"^\x1b$B;3ED\x1b(B")
    message = hl7.parse(data)
    assert (message["PID-5.1"], message["PID-5.2"]) == ("ü", "山田")
    assert message.charset == ("8859/1", "ISO IR87")
    message["PID-5.3"] = "é山"
    assert message.encode().endswith(b"^\xe9\x1b$B;3\x1b(B\r")
    assert hl7.parse(message.encode())["PID-5.3"] == "é山"


def test_pitfall_4_two_byte_text_never_looks_like_a_separator():
    data = raw("ISO IR87", "\x1b$B3^3~3|3&^|\x1b(B", "ascii")
    message = hl7.parse(data)
    assert message["PID-5.1"] == b"\x1b$B3^3~3|3&^|".decode("iso2022_jp")
    assert message["PID-5.2"] == "x"
    message["PID-5.2"] = "y"
    assert message.encode() == data.replace(b"^x\r", b"^y\r")


@pytest.mark.parametrize("text", ["丂乗", "許功蓋"])
def test_trail_bytes_of_big5_and_gb_that_look_like_separators(text):
    for name, codec in (("BIG-5", "cp950"), ("GB 18030-2000", "gb18030")):
        try:
            data = raw(name, text, codec)
        except UnicodeEncodeError:
            continue
        message = hl7.parse(data)
        assert (message["PID-5.1"], message["PID-5.2"]) == (text, "x")
        message["PID-5.2"] = "y"
        assert message.encode() == data.replace(b"^x", b"^y")


@pytest.mark.parametrize("name", ["", "ASCII", "UNICODE", "UNICODE UTF-16", "ISO IR6"])
def test_pitfall_4_utf_8_under_another_declaration_is_read_as_what_it_is(name):
    data = raw(name, "Zoë 山")
    message = hl7.parse(data)
    assert message["PID-5.1"] == "Zoë 山"
    assert message.encode() == data


def test_pitfall_4_a_declared_set_that_lies_is_told():
    assert rules(hl7.parse(raw("ASCII", "é"))) == ["charset-mismatch"]
    latin = hl7.parse(raw("UNICODE UTF-8", "é", "latin-1"))
    assert rules(latin) == ["undecodable-bytes"]
    assert latin["PID-5.1"] == "\\XE9\\"
    assert latin.encode() == raw("UNICODE UTF-8", "é", "latin-1")
    assert rules(hl7.parse(raw("NONSENSE", "e"))) == ["unknown-charset"]


@pytest.mark.parametrize(
    "codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-8-sig"]
)
def test_wide_and_marked_text_with_and_without_a_mark(codec):
    text = raw("", "山ü").decode()
    data = text.encode(codec)
    message = hl7.parse(data)
    assert message["PID-5.1"] == "山ü"
    assert message.encode() == data
    message["PID-5.2"] = "é"
    assert message.encode() == text.replace("^x", "^é").encode(codec)
    framed = b"\x0b" + data + b"\x1c\r"
    assert hl7.parse(framed)["PID-5.1"] == "山ü"
    assert hl7.parse(framed).encode() == framed


def test_bytes_that_are_no_utf_16_though_marked_so():
    with pytest.raises(ParseError, match="utf_16"):
        hl7.parse(b"\xff\xfeM\0S\0H\0|\0\0\xd8a\0b")


def test_text_given_as_str_is_held_in_the_set_that_it_declares():
    text = raw("8859/1", "é").decode()
    assert hl7.parse(text).encode() == text.encode("latin-1")
    lies = raw("8859/1", "山").decode()
    assert str(hl7.parse(lies)) == lies
    assert hl7.parse(lies).encode() == lies.encode()


def test_declaring_another_set_is_refused_where_the_text_would_change():
    message = hl7.parse(raw("8859/1", "é", "latin-1"))
    before = message.encode()
    with pytest.raises(UsageError, match="another text"):
        message["MSH-18"] = "8859/5"
    assert message.encode() == before
    mended = hl7.parse(raw("ASCII", "é"))
    mended["MSH-18"] = "UNICODE UTF-8"
    assert rules(mended) == []
    mended["PID-5.2"] = "山"
    assert mended.encode() == raw("UNICODE UTF-8", "é").replace(b"^x", "^山".encode())


def test_transcoding_keeps_the_text_and_refuses_what_it_cannot():
    message = hl7.parse(raw("8859/1", "é", "latin-1").replace(b"^x", b"^\\XFC\\\\X7C\\\\XFC7C\\"))
    leaves = [leaf for path, leaf in message.walk() if "-18" not in path]
    message.transcode("UNICODE UTF-8")
    assert message.charset == ("UNICODE UTF-8",)
    assert [leaf for path, leaf in message.walk() if "-18" not in path] == leaves
    assert hl7.parse(message.encode())["PID-5"] == "é^ü\\X7C\\ü\\F\\"
    message.transcode("8859/1")
    assert "é".encode("latin-1") in message.encode()
    message["PID-5.1"] = "ß"
    with pytest.raises(EncodeError):
        message.transcode("8859/5")
    assert message["PID-5.1"] == "ß"
    with pytest.raises(UsageError):
        message.transcode("NONSENSE")
    with pytest.raises(EncodeError, match="no form"):
        hl7.parse(raw("UNICODE UTF-8", "é", "latin-1")).transcode("8859/1")
    japanese = hl7.parse(raw("UNICODE UTF-8", "山"))
    japanese.transcode("ISO IR87")
    assert hl7.parse(japanese.encode())["PID-5.1"] == "山"
    assert "山".encode("iso2022_jp") in japanese.encode()


def test_the_parts():
    assert declared(()).name == "ASCII"
    assert declared(("", "8859/1")).name == "ASCII"
    assert declared(("8859/1",)).unknown == ()
    assert Charset(("X",)).unknown == ("X",)
    assert visible("a\udce9\udcff") == "a\\XE9FF\\"
    assert has_undecoded("\udce9")
    assert not has_undecoded("é")
    text, coding = read(b"\x81\x30\x81\x30|", declared(("GB 18030-2000",)))
    assert coding.to_bytes(text) == b"\x81\x30\x81\x30|"
    assert isinstance(coding, Coding)
    assert bytewise(b"a\xe9", declared(("8859/1",))) == "a\udce9"


@pytest.mark.parametrize(
    ("name", "char"), [("BIG-5", "¢"), ("ISO IR87", "¢"), ("ISO IR14", "\udcb1"), ("8859/1", "\udce9")]
)
def test_a_look_alike_is_never_written(name, char):
    try:
        made = hl7.compose([("MSH", HEADER), ("NTE", {3: char})], charset=name)
    except EncodeError:
        return
    assert hl7.parse(made.encode())["NTE-3"] == char
