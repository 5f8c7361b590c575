"""Docstrings: every module, and every public class, function and method in src/chiasm, has one."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .ceilings import Function
from .tree import PACKAGE, Problem, Source, Tree

_EXEMPT_DECORATORS = ("overload", "override", ".setter", ".deleter")


def check(tree: Tree) -> Iterator[Problem]:
    """Public things without a docstring; outside src/chiasm only modules need one."""
    for source in tree.sources:
        if source.text.strip() and not ast.get_docstring(source.tree):
            yield Problem(source.path, 1, "no-docstring", "the module does not say what it is for")
        stem = source.path.rpartition("/")[2]
        if source.path.startswith(PACKAGE + "/") and (stem == "__init__.py" or not stem.startswith("_")):
            yield from _body(source, source.tree, "")


def _body(source: Source, parent: ast.Module | ast.ClassDef, prefix: str) -> Iterator[Problem]:
    for node in ast.iter_child_nodes(parent):
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_") or _is_exempt(node):
            continue
        if not ast.get_docstring(node):
            yield Problem(source.path, node.lineno, "no-docstring", f"{prefix}{node.name} has none")
        if isinstance(node, ast.ClassDef):
            yield from _body(source, node, f"{prefix}{node.name}.")


def _is_exempt(node: Function | ast.ClassDef) -> bool:
    return any(ast.unparse(decorator).endswith(_EXEMPT_DECORATORS) for decorator in node.decorator_list)
