"""Import cycles between modules, counting imports inside functions and under TYPE_CHECKING.

The order of the rooms is import-linter's; this finds the knots within a room, and closes the
way around both checks: importing by a computed name outside a package's own `__init__`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from .tree import Problem, Source, Tree


def check(tree: Tree) -> Iterator[Problem]:
    """One problem per knot of modules found, and one per import by a computed name."""
    for source in tree.package:
        yield from _dynamic(source)
    graph = import_graph(tree)
    paths = {module_name(source.path): source.path for source in tree.package}
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            knot: list[str] = error.args[1]
            yield Problem(paths[knot[0]], 0, "import-cycle", " <- ".join(knot))
            graph[knot[1]].discard(knot[0])
            continue
        return


def module_name(path: str) -> str:
    """`src/chiasm/hl7/parse.py` → `chiasm.hl7.parse`; a package is named by its folder."""
    return path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def import_graph(tree: Tree) -> dict[str, set[str]]:
    """Each module of the package → the modules of the package that it imports, anywhere in its text."""
    modules = {module_name(source.path): source for source in tree.package}
    return {name: set(_imported(name, source, modules)) - {name} for name, source in modules.items()}


def _imported(name: str, source: Source, modules: Mapping[str, Source]) -> Iterator[str]:
    package = name if source.path.endswith("__init__.py") else name.rpartition(".")[0]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            parent = package.rsplit(".", node.level - 1)[0] if node.level else ""
            base = ".".join(part for part in (parent, node.module) if part)
            for alias in node.names:
                target = f"{base}.{alias.name}"
                if target in modules:
                    yield target
                elif base in modules:
                    yield base


def _dynamic(source: Source) -> Iterator[Problem]:
    if source.path.endswith("__init__.py"):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in {"__import__", "import_module", "importlib.import_module"}:
                message = (
                    f"{called} hides an import from the layer checks; import inside the function instead"
                )
                yield Problem(source.path, node.lineno, "hidden-import", message)
