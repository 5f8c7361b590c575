"""Readers note what they read, and nothing else."""

from chiasm.dicom import DataSet
from chiasm.errors import ValueFormatError
from chiasm.mapping.reading import DicomReader, FieldReader


def test_a_leaf_that_is_read_is_noted_once_with_its_facet(reader):
    one = reader(PatientID="1", PatientName="Doe")
    assert one.text(0x00100020, "facet") == "1"
    assert one.text(0x00100040) == ""
    assert one.leaves == [("", 0x00100020, "facet")]


def test_items_note_their_leaves_with_the_path(data_set):
    inner = data_set(CodeValue="1")
    one = DicomReader(("", data_set(ProcedureCodeSequence=[data_set(CodeValue="0"), inner])))
    assert [item.text(0x00080100) for item in one.items(0x00081032)] == ["0", "1"]
    assert one.leaves == [("00081032/0/", 0x00080100, ""), ("00081032/1/", 0x00080100, "")]


def test_an_item_hides_what_is_around_it():
    outer, inner = (
        DataSet({"AccessionNumber": "outer", "PatientID": "P"}),
        DataSet({"AccessionNumber": "inner"}),
    )
    one = DicomReader(("00400275/0/", inner), ("", outer))
    assert (one.text(0x00080050), one.text(0x00100020)) == ("inner", "P")
    assert one.leaves == [("00400275/0/", 0x00080050, ""), ("", 0x00100020, "")]


def test_several_values_are_one_text_or_several(reader):
    one = reader(ImageType=("ORIGINAL", "PRIMARY"))
    assert one.text(0x00080008) == "ORIGINAL\\PRIMARY"
    assert one.texts(0x00080008) == ("ORIGINAL", "PRIMARY")


def test_a_refusal_is_a_reason_and_no_value(reader):
    def refuse(one: DicomReader, tags: tuple[int, ...]) -> object:
        raise ValueFormatError("not that")

    assert reader().attempt(refuse, ()) == (None, "not that")


def test_leaves_of_a_field_have_their_whole_path(field):
    one = field("a&b^c~d")
    first, second = one.repetitions()
    assert (first.text(1, 2), first.text(2), second.text(1), second.text(9)) == ("b", "c", "d", "")
    assert one.leaves == ["PID[1]-3[1].1.2", "PID[1]-3[1].2.1", "PID[1]-3[2].1.1"]


def test_components_count_from_the_place_of_the_row(field):
    one = field("a^b^c", 2)
    assert (one.first.text(1), one.first.all_text()) == ("b", ["b", "c"])


def test_an_explicit_null_is_told_and_reads_as_nothing(field):
    assert field('""').is_null
    assert not field('""^x').is_null
    assert field('""').first.text(1) == ""


def test_an_absent_field_has_an_empty_first_repetition():
    one = FieldReader("PID[1]-3", [])
    assert not one.first
    assert one.first.text(1) == ""
