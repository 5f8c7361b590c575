"""How much a code outside its table matters: closed, user-defined, open and external tables."""

from __future__ import annotations

import pytest

from chiasm.errors import Severity
from chiasm.hl7.codes import Codes
from chiasm.standards import hl7tables


@pytest.fixture(scope="module")
def codes():
    return Codes(hl7tables.version("2.5.1"))


@pytest.mark.parametrize(
    ("table", "code", "datatype", "severity"),
    [
        ("0085", "F", "ID", None),  # observation result status
        ("0085", "QQ", "ID", Severity.ERROR),
        ("0085", "QQ", "CWE", Severity.WARNING),  # coded with exceptions
        ("0085", "QQ", "CNE", Severity.ERROR),  # coded with no exceptions
        ("0001", "QQ", "IS", Severity.NOTE),  # administrative sex, user-defined
        ("0003", "Z12", "ID", None),  # local trigger event
        ("0003", "Q", "ID", Severity.ERROR),
        ("0396", "99LOCAL", "ID", None),  # local coding system
        ("0125", "ED", "ID", None),
        ("0125", "QQ", "ID", Severity.ERROR),
        ("0399", "QQQ", "ID", None),  # country codes are kept by ISO 3166
        ("9999", "QQ", "ID", None),  # no such table
    ],
)
def test_judgment(codes, table, code, datatype, severity):
    answer = codes.judge(table, code, datatype)
    assert (answer[0] if answer else None) is severity


def test_coded_types(codes):
    assert codes.coded("CWE")
    assert not codes.coded("ST")
