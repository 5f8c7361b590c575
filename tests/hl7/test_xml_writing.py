"""ER7 to XML: elements named as HL7 v2.xml §2 names them."""

import pytest
from lxml import etree

from chiasm import hl7
from chiasm.errors import EncodeError

V2 = "{urn:hl7-org:v2xml}"


def written(text, charset=None):
    header = "MSH|^~\\&|A^1.2^ISO|||||| ORU^R01^ORU_R01".replace(" ", "") + "|1|P|2.5.1"
    header += f"||||||{charset}" if charset else ""
    return hl7.parse((header + "\r" + text + "\r").encode()).to_xml().decode()


def body(text, name, charset=None):
    """The XML of one segment."""
    found = written(text, charset)
    start = found.index(f"<{name}>")
    return found[start : found.index(f"</{name}>") + len(name) + 3]


def test_golden():
    assert written("PID|1||7^^^H&1.2||Doe^J\rOBR|1|||a\rOBX|1|CE|k||c^t^L").split("\n", 1)[1] == (
        '<ORU_R01 xmlns="urn:hl7-org:v2xml">'
        "<MSH><MSH.1>|</MSH.1><MSH.2>^~\\&amp;</MSH.2>"
        "<MSH.3><HD.1>A</HD.1><HD.2>1.2</HD.2><HD.3>ISO</HD.3></MSH.3>"
        "<MSH.9><MSG.1>ORU</MSG.1><MSG.2>R01</MSG.2><MSG.3>ORU_R01</MSG.3></MSH.9>"
        "<MSH.10>1</MSH.10><MSH.11><PT.1>P</PT.1></MSH.11><MSH.12><VID.1>2.5.1</VID.1></MSH.12></MSH>"
        "<ORU_R01.PATIENT_RESULT><ORU_R01.PATIENT>"
        "<PID><PID.1>1</PID.1><PID.3><CX.1>7</CX.1><CX.4><HD.1>H</HD.1><HD.2>1.2</HD.2></CX.4></PID.3>"
        "<PID.5><XPN.1><FN.1>Doe</FN.1></XPN.1><XPN.2>J</XPN.2></PID.5></PID></ORU_R01.PATIENT>"
        "<ORU_R01.ORDER_OBSERVATION><OBR><OBR.1>1</OBR.1><OBR.4><CE.1>a</CE.1></OBR.4></OBR>"
        "<ORU_R01.OBSERVATION><OBX><OBX.1>1</OBX.1><OBX.2>CE</OBX.2><OBX.3><CE.1>k</CE.1></OBX.3>"
        "<OBX.5><CE.1>c</CE.1><CE.2>t</CE.2><CE.3>L</CE.3></OBX.5></OBX>"
        "</ORU_R01.OBSERVATION></ORU_R01.ORDER_OBSERVATION></ORU_R01.PATIENT_RESULT></ORU_R01>\n"
    )


@pytest.mark.parametrize(
    ("text", "xml"),
    [
        ("ZDS|1^a&b", "<ZDS><ZDS.1><ZDS.1.1>1</ZDS.1.1><ZDS.1.2><ZDS.1.2.1>a</ZDS.1.2.1>"
                      "<ZDS.1.2.2>b</ZDS.1.2.2></ZDS.1.2></ZDS.1></ZDS>"),
        ("NTE|1||a~b~~", "<NTE><NTE.1>1</NTE.1><NTE.3>a</NTE.3><NTE.3>b</NTE.3><NTE.3/><NTE.3/></NTE>"),
        ("NTE|||", "<NTE><NTE.3/></NTE>"),
        ("NTE", "<NTE></NTE>"),
        ('PV1|""||""^x', '<PV1><PV1.1>""</PV1.1><PV1.3><PL.1>""</PL.1><PL.2>x</PL.2></PV1.3></PV1>'),
        ("NTE|||\\H\\a\\N\\\\.br\\\\T\\\\X0D\\<&".replace("&", ""),
         '<NTE><NTE.3><escape V="H"/>a<escape V="N"/><escape V=".br"/>&amp;<escape V="X0D"/>&lt;</NTE.3></NTE>'),
        ("NTE|||C:\\temp", "<NTE><NTE.3>C:\\temp</NTE.3></NTE>"),
        ("PV1|a^b", "<PV1><PV1.1><PV1.1.1>a</PV1.1.1><PV1.1.2>b</PV1.1.2></PV1.1></PV1>"),
    ],
)  # fmt: skip
def test_parts(text, xml):
    assert body(text, text[:3]) == xml


def test_what_xml_cannot_hold_becomes_an_escape_of_its_bytes():
    assert '<NTE.3>a<escape V="X01"/><escape V="X1B"/>b</NTE.3>' in body("NTE|||a\x01\x1bb", "NTE")
    assert '<escape V="XEFBFBE"/>' in body("NTE|||\ufffe", "NTE", "UNICODE UTF-8")
    latin = hl7.parse(b"MSH|^~\\&|||||||ORU^R01|1|P|2.5.1\rNTE|||\xe9\r").to_xml()
    assert b'<escape V="XE9"/>' in latin


def test_unplaced_segments_stand_where_they_stood_and_unknown_structures_have_a_root():
    root = etree.fromstring(written("PID|1\rOBR|1\rZXX|1\rOBX|1\rQRD|1\rOBX|2").encode())
    order = [tag for tag in (element.tag.removeprefix(V2) for element in root.iter()) if "." not in tag]
    assert order == ["ORU_R01", "MSH", "PID", "OBR", "ZXX", "OBX", "QRD", "OBX"]
    odd = hl7.parse(b"MSH|^~\\&|||||||XXX^Y9|1|P|2.5.1\rZXX|1\r").to_xml()
    assert b"<XXX_Y9 xmlns=" in odd
    assert b"<MESSAGE xmlns=" in hl7.parse(b"MSH|^~\\&|||||||<&>|1|P|2.5.1\r").to_xml()


def test_an_id_that_is_no_name_is_refused():
    with pytest.raises(EncodeError, match="no name in XML"):
        written("A-B|1")
