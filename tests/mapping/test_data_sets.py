"""Records become elements; what an element cannot hold is refused and told."""

from chiasm.dicom import DataSet
from chiasm.mapping.crosswalk import default
from chiasm.mapping.data_sets import DataSetWriter
from chiasm.model import Order


def test_what_fits_is_written_and_what_does_not_is_refused():
    writer, data = DataSetWriter(default()), DataSet()
    writer.fill("order", Order(accession_number="A" * 17, procedure_id="R1"), data)
    assert data.get("RequestedProcedureID") == "R1"
    assert "AccessionNumber" not in data
    assert writer.written["order.procedure_id", 0].target == "00401001"
    assert "16" in writer.refused["order.accession_number", 0]


def test_targets_in_items_have_their_path():
    from chiasm.model import ScheduledStep

    writer = DataSetWriter(default())
    writer.fill("step", ScheduledStep("S1"), DataSet(), 3, "00400100/0/")
    assert writer.written["step.identifier", 3].target == "00400100/0/00400009"
