"""The table is whole, and a site's rows are checked when they are loaded."""

import pytest

from chiasm import dicom, hl7, mapping
from chiasm.errors import UsageError
from chiasm.mapping import crosswalk
from chiasm.mapping.routes import Options

HEAD = "concept,kind,dicom,v2,fhir,lossless,cite\n"


def test_every_row_has_a_place_and_a_citation():
    for row in crosswalk.default().rows:
        assert row.tags, row.concept
        assert "§" in row.cite, row.concept


def test_every_concept_stands_once():
    concepts = [row.concept for row in crosswalk.default().rows]
    assert len(concepts) == len(set(concepts)) > 80


def test_every_place_is_a_field_of_the_version():
    from chiasm.standards import hl7tables

    version = hl7tables.version("2.5.1")
    for row in crosswalk.default().rows:
        for place in row.places:
            segment = version.segment(place.segment)
            assert place.segment == "ZDS" or place.field <= len(segment.fields), (row.concept, place.path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("patient.nonsense,text,PatientID,PID-3,,yes,x", "not a concept"),
        ("patient.sex,gender,PatientSex,PID-8,,yes,x", "not a kind of value"),
        ("patient.sex,sex,PatientGender,PID-8,,yes,x", "not a keyword"),
        ("patient.sex,sex,PatientSex,PID:8,,yes,x", "not a place"),
        ("patient.sex,sex,PatientSex,abc:PID-8,,yes,x", "not a kind of message"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_its_line(line, message, tmp_path):
    path = tmp_path / "site.csv"
    path.write_text(HEAD + line + "\n")
    with pytest.raises(UsageError, match=message) as caught:
        crosswalk.load(path)
    assert caught.value.place == "line 2"
    assert caught.value.source == str(path)


def test_a_table_without_its_columns_is_refused(tmp_path):
    path = tmp_path / "site.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(UsageError, match="columns"):
        crosswalk.load(path)


def test_a_missing_table_is_refused(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        crosswalk.load(tmp_path / "none.csv")


def test_a_row_of_ones_own_drives_both_directions(tmp_path):
    path = tmp_path / "site.csv"
    path.write_text(HEAD + "order.comments,text,RequestedProcedureComments,omi:OBR-39.2,,yes,site\n")
    rows = crosswalk.load(path)
    data = dicom.DataSet(
        {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "SOPInstanceUID": "1.2", "StudyInstanceUID": "1.3",
         "PatientID": "1", "RequestedProcedureComments": "twice"}
    )  # fmt: skip
    out = mapping.convert(dicom.create(data), "omi", Options(rows)).output
    message = hl7.parse(out)
    assert message["OBR-39.2"] == "twice"
    back = dicom.parse(mapping.convert(message, "worklist", Options(rows)).output)
    assert back["RequestedProcedureComments"] == "twice"
