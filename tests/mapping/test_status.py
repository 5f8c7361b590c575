"""The one table of report status: PS3.3 §C.17.2; HL7 v2.5.1 tables 0123 and 0085; FHIR R4 §10.3.3."""

from __future__ import annotations

import pytest

from chiasm.errors import MappingError
from chiasm.mapping import status
from chiasm.standards import hl7tables


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        (("COMPLETE", "VERIFIED", "", ""), "F"),
        (("COMPLETE", "VERIFIED", "FINAL", ""), "F"),
        (("COMPLETE", "VERIFIED", "", "Corrected"), "C"),
        (("COMPLETE", "VERIFIED", "PRELIMINARY", ""), "P"),
        (("COMPLETE", "UNVERIFIED", "", ""), "R"),
        (("PARTIAL", "UNVERIFIED", "PRELIMINARY", ""), "P"),
        (("PARTIAL", "UNVERIFIED", "", ""), "A"),
        (("", "", "", ""), ""),
    ],
)
def test_flags_become_a_code_of_table_0123(flags: tuple[str, str, str, str], code: str) -> None:
    assert status.from_flags(*flags) == code


@pytest.mark.parametrize("code", ["F", "C", "P", "R", "A"])
def test_a_code_with_results_comes_back_through_the_flags(code: str) -> None:
    one = status.to_flags(code)
    explanation = status.CORRECTED if code == "C" else ""
    assert status.from_flags(one.completion, one.verification, one.preliminary, explanation) == code


@pytest.mark.parametrize("code", ["X", "I", "O", "S", "Z"])
def test_a_code_without_results_makes_no_report(code: str) -> None:
    with pytest.raises(MappingError, match="no results"):
        status.to_flags(code)


def test_a_message_without_a_status_is_complete_and_not_verified() -> None:
    assert status.to_flags("").order == "R"


def test_every_code_is_of_its_table() -> None:
    version = hl7tables.version("2.5.1")
    orders, results = version.table("0123"), version.table("0085")
    assert orders is not None
    assert results is not None
    assert {one.order for one in status.STATUSES} <= set(orders.codes)
    assert {one.result for one in status.STATUSES} <= set(results.codes)


# The concept map of table 0123 of the v2-to-FHIR implementation guide.
@pytest.mark.parametrize(
    ("code", "report"),
    [
        ("F", "final"),
        ("C", "corrected"),
        ("P", "preliminary"),
        ("R", "partial"),
        ("X", "cancelled"),
        ("O", "registered"),
    ],
)
def test_fhir_words_are_those_of_the_concept_map(code: str, report: str) -> None:
    assert status.of(code).report == report


def test_fhir_words_lead_back() -> None:
    assert [status.from_fhir(word) for word in ("final", "amended", "preliminary", "nonsense")] == [
        "F",
        "C",
        "P",
        "",
    ]


def test_an_unknown_code_has_empty_flags() -> None:
    assert status.of("?").completion == ""
