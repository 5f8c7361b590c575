"""What a service can do, as WADL: made of the very records that make its routes. PS3.18 §8.9."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from ..protocols.accept import admits
from .web_request import Answer, Request, problem
from .web_switch import Operation, Parameter

WADL = "application/vnd.sun.wadl+xml"
_NAMESPACE = "http://wadl.dev.java.net/2009/02"
_FORMS = (WADL, "application/xml", "text/xml")
_STYLES = {"query": "query", "header": "header", "path": "template"}


def operation(others: Sequence[Operation]) -> Operation:
    """OPTIONS on the root of a service, which tells of the others. PS3.18 §8.9.1."""

    async def act(request: Request) -> Answer:
        wanted = [one.kind for one in request.accepted if one.quality > 0]
        form = next((form for kind in wanted for form in _FORMS if admits(kind, form)), None)
        if form is None and wanted:
            return problem(406, "the capabilities are told as WADL", place="Accept", rule="PS3.18 §8.9.2")
        answer = Answer(200, form or WADL, document(others, request.base))
        answer.add("allow", "OPTIONS")
        return answer

    return Operation("OPTIONS", "/", act, "what this service can do", answer=WADL)


def document(operations: Sequence[Operation], base: str) -> bytes:
    """The WADL document of the operations below a root, each resource within the one above it."""
    ET.register_namespace("", _NAMESPACE)
    top = ET.Element(_tag("application"))
    root = ET.SubElement(top, _tag("resources"), base=base)
    known: dict[str, ET.Element] = {"": root}
    for one in operations:
        path = re.sub(r":path}", "}", one.path).strip("/")
        _method(_resource(path, known), one)
    ET.indent(top)
    told: bytes = ET.tostring(top, "utf-8", xml_declaration=True)
    return told


def _tag(name: str) -> str:
    return f"{{{_NAMESPACE}}}{name}"


def _resource(path: str, known: dict[str, ET.Element]) -> ET.Element:
    """The element of a path, made with those above it where they were not told of yet."""
    if path not in known:
        above, _, segment = path.rpartition("/")
        made = ET.SubElement(_resource(above, known), _tag("resource"), path=segment)
        name = segment.strip("{}")
        if name != segment:
            ET.SubElement(made, _tag("param"), name=name, style="template", required="true")
        known[path] = made
    return known[path]


def _method(resource: ET.Element, one: Operation) -> None:
    method = ET.SubElement(resource, _tag("method"), name=one.method)
    ET.SubElement(method, _tag("doc"), title=one.summary)
    given = [parameter for parameter in one.parameters if parameter.place != "path"]
    if given:
        request = ET.SubElement(method, _tag("request"))
        for parameter in given:
            _parameter(request, parameter)
    response = ET.SubElement(method, _tag("response"))
    for media in one.answer.split(","):
        ET.SubElement(response, _tag("representation"), mediaType=media.strip())


def _parameter(request: ET.Element, parameter: Parameter) -> None:
    found = ET.SubElement(
        request, _tag("param"), name=parameter.name, style=_STYLES.get(parameter.place, "query")
    )
    ET.SubElement(found, _tag("doc"), title=parameter.description)
