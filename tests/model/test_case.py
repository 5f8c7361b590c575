"""The whole of a conversion is empty until something is said."""

from chiasm.model import Case, Order, Patient, Sender, Study


def test_an_empty_case_says_nothing():
    case = Case()
    assert case.patient == Patient()
    assert (case.orders, case.reports, case.documents) == ((), (), ())
    assert case.study == Study()
    assert case.sender == Sender()


def test_cases_are_equal_by_what_they_say():
    assert Case(orders=(Order(accession_number="1"),)) == Case(orders=(Order(accession_number="1"),))
    assert Case(orders=(Order(accession_number="1"),)) != Case()
