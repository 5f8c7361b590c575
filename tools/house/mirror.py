"""The test mirror: each module has its own test file, and each test file in a room its module.

`src/chiasm/hl7/parse.py` ↔ `tests/hl7/test_parse.py`; `_path.py` ↔ `test_path.py`. A package's
`__init__.py`, `__main__.py` and the versions of a schema in `migrations` are exempt. Tests across modules
live in the folders of `ACROSS`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from .tree import MIGRATIONS, PACKAGE, Problem, Tree

ACROSS = frozenset({"golden", "property", "interop", "fuzz", "faults", "docs", "bench", "tables", "house"})
_EXEMPT = frozenset({"__init__", "__main__"})
_HOUSE = "tools/house"


def check(tree: Tree) -> Iterator[Problem]:
    """Modules without their test file and test files without their module."""
    modules = {
        expected_test(source.path): source.path for source in tree.sources if _is_mirrored(source.path)
    }
    tests = {source.path for source in tree.tests if PurePosixPath(source.path).name.startswith("test_")}
    for test, module in modules.items():
        if test not in tests:
            yield Problem(module, 0, "no-test", f"its test file {test} is missing")
    for test in sorted(tests - modules.keys()):
        folders = PurePosixPath(test).parts[1:-1]
        if len(folders) != 1 or folders[0] not in ACROSS:
            where = ", ".join(sorted(ACROSS))
            yield Problem(test, 0, "no-module", f"no module of that name; tests across modules go to {where}")


def expected_test(module: str) -> str:
    """The path of the test file that belongs to a module."""
    path = PurePosixPath(module)
    name = f"test_{path.stem.strip('_')}.py"
    if module.startswith(_HOUSE + "/"):
        return f"tests/house/{name}"
    return (PurePosixPath("tests") / path.parent.relative_to(PACKAGE) / name).as_posix()


def _is_mirrored(path: str) -> bool:
    place = PurePosixPath(path)
    if place.stem in _EXEMPT or place.parent.name == MIGRATIONS:
        return False
    return path.startswith((PACKAGE + "/", _HOUSE + "/"))
