"""Sizes and names: how long a file or function may be, how deep a folder, what nothing is called."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator

from .tree import MIGRATIONS, PACKAGE, Problem, Source, Tree

FILE_LINES = 500
MEDIAN_LINES = 150
FUNCTION_LINES = 60
FOLDER_LEVELS = 2
_EMPTY_NAMES = frozenset({"util", "utils", "helper", "helpers", "common", "misc"})
_EMPTY_ENDINGS = ("Util", "Utils", "Helper", "Helpers", "Common", "Misc")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def check(tree: Tree) -> Iterator[Problem]:
    """Every file, function, folder and name over its ceiling, in src, tools and bench."""
    for source in tree.sources:
        yield from _file(source)
        yield from _functions(source)
        yield from _names(source)
    yield from _median(tree)
    yield from _levels(tree)


def function_lines(node: Function) -> int:
    """Lines of a function from `def` to its end, its docstring left out."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node, clean=False) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def _file(source: Source) -> Iterator[Problem]:
    count = len(source.lines)
    if count > FILE_LINES:
        yield Problem(source.path, 0, "file-lines", f"{count} lines, at most {FILE_LINES}; split it by noun")


def _functions(source: Source) -> Iterator[Problem]:
    for node in ast.walk(source.tree):
        if isinstance(node, Function) and (count := function_lines(node)) > FUNCTION_LINES:
            message = f"{node.name} has {count} lines without its docstring, at most {FUNCTION_LINES}"
            yield Problem(source.path, node.lineno, "function-lines", message)


def _names(source: Source) -> Iterator[Problem]:
    for part in source.path.removesuffix(".py").split("/"):
        if part.strip("_").lower() in _EMPTY_NAMES:
            yield Problem(source.path, 0, "empty-name", f"{part!r} says nothing; name it by its noun")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and node.name.endswith(_EMPTY_ENDINGS):
            yield Problem(
                source.path, node.lineno, "empty-name", f"class {node.name} says nothing by its name"
            )


def _median(tree: Tree) -> Iterator[Problem]:
    sizes = [len(source.lines) for source in tree.package if not source.path.endswith("__init__.py")]
    if sizes and (median := statistics.median(sizes)) > MEDIAN_LINES:
        yield Problem(PACKAGE, 0, "median-lines", f"median file has {median:g} lines, at most {MEDIAN_LINES}")


def _levels(tree: Tree) -> Iterator[Problem]:
    """chiasm/<room>/<module>.py and no deeper; data folders without code may go on."""
    for source in tree.package:
        folders = source.path.removeprefix("src/").split("/")[:-1]
        if len(folders) > FOLDER_LEVELS and folders[-1] != MIGRATIONS:
            yield Problem(source.path, 0, "folder-levels", f"code lives at most {FOLDER_LEVELS} folders deep")
