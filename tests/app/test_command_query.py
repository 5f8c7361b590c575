"""Questions become identifiers: keys, levels, places within sequences."""

from __future__ import annotations

import pytest

from chiasm.app.command_query import Asked, identifier_of
from chiasm.errors import UsageError


def test_keys_match_or_are_told() -> None:
    found, columns = identifier_of(
        Asked(("PatientName=王*", "StudyID", "ProcedureCodeSequence.CodeValue=X"), "study")
    )
    assert found.get("QueryRetrieveLevel") == "STUDY"
    assert str(found.get("PatientName")) == "王*"
    assert found.get("00081032/0/00080100") == "X"
    assert "StudyID" in found
    assert columns[-2:] == ["StudyInstanceUID", "StudyID"]


@pytest.mark.parametrize(
    "asked", [Asked(level="frame"), Asked(root="x"), Asked(("Nothing",)), Asked(level="patient")]
)
def test_what_is_no_question(asked: Asked) -> None:
    with pytest.raises(UsageError):
        identifier_of(asked)
