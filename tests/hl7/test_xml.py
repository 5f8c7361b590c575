"""XML to ER7, and both ways: what is read is what was written; hostile documents end in an error."""

import time

import pytest

from chiasm import hl7
from chiasm.errors import ChiasmError, LimitError, ParseError
from chiasm.limits import Limits

MSH = "<MSH><MSH.1>|</MSH.1><MSH.2>^~\\&amp;</MSH.2></MSH>"


def document(inner, head=""):
    return f'{head}<ORU_R01 xmlns="urn:hl7-org:v2xml">{MSH}{inner}</ORU_R01>'


def lines(inner):
    return str(hl7.from_xml(document(inner))).rstrip("\r").split("\r")[1:]


@pytest.mark.parametrize(
    ("xml", "er7"),
    [
        ("<PID><PID.3><CX.1>7</CX.1><CX.4><HD.2>1.2</HD.2></CX.4></PID.3></PID>", "PID|||7^^^&1.2"),
        ("<PID>\n  <PID.5>\n <XPN.2>J</XPN.2>\n <XPN.1><FN.1>D</FN.1></XPN.1></PID.5></PID>", "PID|||||D^J"),
        ("<NTE><NTE.3>b</NTE.3><NTE.1>1</NTE.1><NTE.3>c</NTE.3></NTE>", "NTE|1||b~c"),
        ("<NTE><NTE.3>a|b\\c<escape V='.br'/>d &amp; e</NTE.3></NTE>", "NTE|||a\\F\\b\\E\\c\\.br\\d \\T\\ e"),
        ('<NTE><NTE.3>""</NTE.3></NTE>', 'NTE|||""'),
        ('<NTE><NTE.3><escape V="X22"/>"</NTE.3></NTE>', 'NTE|||\\X22\\"'),
        ("<NTE><NTE.3>a<!-- c -->b<![CDATA[<&>]]></NTE.3></NTE>", "NTE|||ab<\\T\\>"),
        ("<NTE><NTE.3>a\nb</NTE.3></NTE>", "NTE|||a\\X0A\\b"),
        ("<G.A><G.B><NTE/></G.B><G.B><ZZZ><ZZZ.1>x</ZZZ.1></ZZZ></G.B></G.A>", "NTE\rZZZ|x"),
    ],
)
def test_reading(xml, er7):
    assert lines(xml) == er7.split("\r")


@pytest.mark.parametrize(
    "xml",
    [
        "<PID>text</PID><NTE><NTE.x/></NTE>",
        "<PID><PID.0/></PID>",
        "<PID><PID.3>a<CX.1>7</CX.1></PID.3></PID>",
        "<PID><PID.3><CX.1>7</CX.1><CX.1>8</CX.1></PID.3></PID>",
        "<PID><PID.3><CX.4><HD.1><X.1><Y.1>a</Y.1></X.1></HD.1></CX.4></PID.3></PID>",
        "<PID><PID.3><escape V='a|b'/></PID.3></PID>",
        "<PID><PID.3><escape/></PID.3></PID>",
        "<PID><PID.99999>x</PID.99999></PID>",
        "<PID><PID.1>&unknown;</PID.1></PID>",
        "&unknown;",
        "<PID",
        MSH,
    ],
)
def test_what_is_no_message(xml):
    with pytest.raises(ChiasmError):
        hl7.from_xml(document(xml))


@pytest.mark.parametrize(
    "data",
    [
        "",
        "text",
        "<a/>",
        '<ClinicalDocument xmlns="urn:hl7-org:v3"/>',
        f"<ORU_R01><PID/>{MSH}</ORU_R01>",
        "<?xml version='1.0' encoding='cp037'?><a/>",
        b"\x4c\x6f\xa7\x94\x93",
        b"\xff\xfe<\xd8\xd8\xd8",
        "<ORU_R01><MSH><MSH.1>ab</MSH.1></MSH></ORU_R01>",
        "<ORU_R01><MSH><MSH.2>^\n</MSH.2></MSH></ORU_R01>",
    ],
)
def test_what_is_no_document(data):
    with pytest.raises(ParseError):
        hl7.from_xml(data)


def test_pitfall_18_no_document_type_no_entity_no_network(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    bombs = [
        f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{secret}">]>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd">',
        "<!DOCTYPE a [<!ENTITY a '&#38;b;&#38;b;'><!ENTITY b 'lol'>]>",
        "<!-- <a> --><?pi <a?>\n<!DOCTYPE a>",
    ]
    for bomb in bombs:
        for text in (bomb, f"<?xml version='1.0'?>{bomb}"):
            for data in (text, text.encode("utf-16"), b"\xef\xbb\xbf" + text.encode()):
                whole = document("<NTE><NTE.3>&x;</NTE.3></NTE>", "")
                whole = text + whole if isinstance(data, str) else data + whole.encode("utf-16")[2:]
                with pytest.raises(ParseError):
                    hl7.from_xml(whole)


def test_pitfall_18_depth_size_and_padding_are_bounded():
    started = time.perf_counter()
    with pytest.raises(LimitError):
        hl7.from_xml(document("<G.A>" * 250 + "</G.A>" * 250))
    for depth in (3_000, 200_000):
        with pytest.raises(ParseError):
            hl7.from_xml(document("<G.A>" * depth + "</G.A>" * depth))
    with pytest.raises(LimitError, match="xml_bytes"):
        hl7.from_xml(document("<NTE/>"), limits=Limits(xml_bytes=50))
    with pytest.raises(LimitError, match="hl7_segments"):
        hl7.from_xml(document("<NTE/>" * 20), limits=Limits(hl7_segments=10))
    with pytest.raises(LimitError, match="hl7_message"):
        hl7.from_xml(document("<N><N.9000/></N>" * 3000), limits=Limits(hl7_message=1 << 20))
    assert time.perf_counter() - started < 5


def test_a_large_value_is_read():
    value = "QUJD" * 3_000_000
    assert hl7.from_xml(document(f"<OBX><OBX.5>{value}</OBX.5></OBX>"))["OBX-5"] == value


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "utf-8-sig", "iso-8859-1"])
def test_encodings_of_the_document(codec):
    head = f"<?xml version='1.0' encoding='{codec.removesuffix('-sig')}'?>"
    data = document("<NTE><NTE.3>é</NTE.3></NTE>", head).encode(codec)
    assert hl7.from_xml(data)["NTE-3"] == "é"


def test_the_declared_set_is_written():
    source = hl7.parse("MSH|^~\\&|A|||||||1|P|2.5.1||||||8859/1\rNTE|||é\r".encode("latin-1"))
    back = hl7.from_xml(source.to_xml())
    assert back.encode() == source.encode()
    assert hl7.from_xml(source.to_xml().decode()).encode() == source.encode()


@pytest.mark.parametrize("marks", ["^~\\&", "^~\\&#", "#*@%", "^~", ""])
def test_other_delimiters_come_back(marks):
    data = f"MSH|{marks}|A|||||ORU^R01|1|P|2.7\rNTE|1||abc#x'y\rOBX|1|ST|a\r".encode()
    message = hl7.parse(data)
    assert hl7.from_xml(message.to_xml()).encode() == data


def test_the_shared_samples_come_back_equal(shared_data):
    count = 0
    for path in sorted((shared_data / "hl7-imaging-samples").glob("*.hl7")):
        if "PDF" in path.name:  # its Base64 is broken over lines, each then a segment without a name
            continue
        for message in hl7.parse_batch(path.read_bytes()).messages:
            back = hl7.from_xml(message.to_xml())
            assert [str(s) for s in back.segments] == [str(s) for s in message.segments], path.name
            assert list(back.walk()) == list(message.walk())
            count += 1
    assert count >= 10
