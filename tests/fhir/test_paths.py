"""Paths into a resource."""

from __future__ import annotations

from typing import Any

import pytest

from chiasm.errors import UsageError
from chiasm.fhir import Resource
from chiasm.fhir.paths import json_steps, steps


def test_steps_of_a_path() -> None:
    assert steps("Patient.name[0].given[1]", "Patient") == ["name", 0, "given", 1]
    assert steps("name[0].family", "Patient") == ["name", 0, "family"]


@pytest.mark.parametrize(
    "path", ["", "a..b", "a[-1]", "a[x]", "a b", "name.where(use='x')", "a[" + "9" * 30 + "]"]
)
def test_other_texts_are_refused(path: str) -> None:
    with pytest.raises(UsageError, match="is not a path"):
        steps(path, "Patient")


def test_extension_of_a_primitive_stands_beside_it(patient: dict[str, Any]) -> None:
    found = json_steps(patient, ["birthDate", "extension", 0, "url"])
    assert found == ["_birthDate", "extension", 0, "url"]


def test_walk_gives_every_leaf_at_a_path_that_leads_there(patient: dict[str, Any]) -> None:
    resource = Resource(patient)
    leaves = list(resource.walk())
    assert len(leaves) == 12
    assert ("Patient.birthDate.extension[0].valueDateTime", "1974-12-25T14:35:45-05:00") in leaves
    assert all(resource[path] == value for path, value in leaves)
