"""Documents and reports are empty until something is said."""

from chiasm.model import Document, Report


def test_a_document_has_its_bytes_and_its_type():
    document = Document("application/pdf", b"%PDF-1.4")
    assert document.data == b"%PDF-1.4"
    assert document.title == ""


def test_a_report_without_content_is_unverified():
    assert not Report().verified
