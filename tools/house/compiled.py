"""What mypyc compiles without a word and otherwise than Python runs it: absent from the compiled modules.

A bound of a slice is evaluated twice, a cached property is worked out each time, and what `type: ignore`
hides is refused when it runs. An attribute `_thread` becomes a word of C, minutes later. mypy 2.4.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator

from .tree import PACKAGE, Problem, Source, Tree

_HARMLESS = frozenset({"len", "min", "max"})


def check(tree: Tree) -> Iterator[Problem]:
    """One problem per place in a compiled module, and per compiled module that does not exist."""
    path = tree.root / "pyproject.toml"
    if not path.exists():
        return
    sources = {source.path: source for source in tree.package}
    for module in compiled_modules(path.read_text("utf-8")):
        source = sources.get(f"{PACKAGE}/{module}.py")
        if source is None:
            yield Problem("pyproject.toml", 0, "compiled", f"there is no module {module}")
        else:
            yield from _otherwise(source)


def compiled_modules(text: str) -> list[str]:
    """The modules that the text of a pyproject.toml has compiled."""
    table = tomllib.loads(text)
    for key in ("tool", "hatch", "build", "targets", "wheel", "hooks", "custom"):
        table = table.get(key, {})
    return list(table.get("modules", []))


def _otherwise(source: Source) -> Iterator[Problem]:
    for number, line in enumerate(source.lines, 1):
        if "# type: ignore[" in line and "[arg-type]" not in line:
            yield Problem(source.path, number, "compiled", "a type that is not so is refused when it runs")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Slice) and any(map(_works, (node.lower, node.upper, node.step))):
            yield Problem(source.path, node.lineno, "compiled", "the bound of a slice is evaluated twice")
        if isinstance(node, ast.Attribute) and node.attr == "_thread":
            yield Problem(source.path, node.lineno, "compiled", "the name _thread means something else in C")
        if isinstance(node, ast.FunctionDef) and any(map(_is_cached, node.decorator_list)):
            yield Problem(source.path, node.lineno, "compiled", "a cached property is worked out each time")


def _works(bound: ast.expr | None) -> bool:
    calls = [one for one in ast.walk(bound) if isinstance(one, ast.Call)] if bound else []
    return any(not (isinstance(one.func, ast.Name) and one.func.id in _HARMLESS) for one in calls)


def _is_cached(decorator: ast.expr) -> bool:
    return "cached_property" in ast.unparse(decorator)
