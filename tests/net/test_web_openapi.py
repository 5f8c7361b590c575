"""The OpenAPI document is made of the records that make the routes."""

from __future__ import annotations

from chiasm.net.web_openapi import document
from chiasm.net.web_request import Answer, Request
from chiasm.net.web_switch import Operation, Parameter


async def act(request: Request) -> Answer:
    return Answer()


def test_parameters_of_path_and_query() -> None:
    record = Operation(
        "GET", "/things/{id}", act, "a thing", (Parameter("limit", "most"),), schema={"type": "object"}
    )
    found = document([record], "/api", "1.0")["paths"]["/api/things/{id}"]["get"]
    assert [(one["name"], one["in"], one["required"]) for one in found["parameters"]] == [
        ("limit", "query", False), ("id", "path", True),
    ]  # fmt: skip
    assert found["responses"]["200"]["content"]["application/json"]["schema"] == {"type": "object"}
