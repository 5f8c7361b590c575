"""The OpenAPI document of a service, made of the very records that make its routes. OpenAPI 3.1.0."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from .web_switch import Operation, Parameter

PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "what failed"},
        "place": {"type": "string", "description": "the parameter, header or part that it concerns"},
        "rule": {"type": "string", "description": "the section of the standard"},
        "hint": {"type": "string", "description": "what to do next"},
    },
}


def document(operations: Iterable[Operation], root: str, version: str) -> dict[str, Any]:
    """The document of the operations below a root."""
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        path = root + re.sub(r":path}", "}", one.path)
        paths.setdefault(path or "/", {})[one.method.lower()] = _operation(one, path)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Chiasm: administration",
            "version": version,
            "description": "What the node holds and does. DICOMweb itself is described by PS3.18.",
        },
        "paths": paths,
        "components": {"schemas": {"Problem": PROBLEM}},
    }


def _operation(one: Operation, path: str) -> dict[str, Any]:
    named = re.findall(r"{([^}]+)}", path)
    parameters = [_parameter(parameter) for parameter in one.parameters]
    told = {parameter.name for parameter in one.parameters if parameter.place == "path"}
    parameters += [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in named
        if name not in told
    ]
    failure = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    good: dict[str, Any] = {"description": one.summary}
    good["content"] = {one.answer: {"schema": one.schema} if one.schema is not None else {}}
    words = re.sub(r"[^a-z0-9]+", " ", path.lower()).split()
    return {
        "operationId": "_".join([one.method.lower(), *words]),
        "summary": one.summary,
        "parameters": parameters,
        "responses": {"200": good, "default": {"description": "it failed", "content": failure}},
    }


def _parameter(one: Parameter) -> dict[str, Any]:
    return {
        "name": one.name,
        "in": one.place,
        "required": one.place == "path",
        "description": one.description,
        "schema": dict(one.schema),
    }
