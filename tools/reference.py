"""Writes the library reference: one Markdown page a room, from the docstrings, nothing imported."""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "chiasm"

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def main() -> int:
    """Write a page for each room, and an index, below --out."""
    parser = argparse.ArgumentParser(description="Writes the library reference.")
    parser.add_argument("--out", type=Path, required=True)
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    index = ["# Library reference\n"]
    for room in sorted(path.parent for path in PACKAGE.glob("*/__init__.py")):
        modules = [
            path for path in sorted(room.glob("*.py")) if path.stem == "__init__" or path.stem[0] != "_"
        ]
        text = "\n".join(line for path in modules for line in page(path))
        (out / f"{room.name}.md").write_text(f"# chiasm.{room.name}\n\n{text}", encoding="utf-8")
        summary = documentation(ast.parse((room / "__init__.py").read_text(encoding="utf-8"))).partition(
            "\n"
        )[0]
        index.append(f"- [chiasm.{room.name}]({room.name}.md): {summary}")
    (out / "index.md").write_text("\n".join(index) + "\n", encoding="utf-8")
    print(f"written: {out}/index.md and {len(index) - 1} rooms")
    return 0


def page(path: Path) -> Iterator[str]:
    """The lines of one module: its docstring, then each public class and function."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if path.stem != "__init__":
        yield f"## {path.stem}\n"
    yield documentation(tree) + "\n"
    yield from members(tree, "")


def members(parent: ast.Module | ast.ClassDef, prefix: str) -> Iterator[str]:
    """The public classes and functions of a module or class, in the order of the source."""
    for node in parent.body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield f"### `{signature(node, prefix)}`\n"
            yield documentation(node) + "\n"
            if isinstance(node, ast.ClassDef):
                yield from members(node, f"{prefix}{node.name}.")


def signature(node: Definition, prefix: str) -> str:
    """A definition as its user writes it, with the types."""
    if isinstance(node, ast.ClassDef):
        return f"class {prefix}{node.name}"
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{prefix}{node.name}({ast.unparse(node.args)}){result}"


def documentation(node: ast.Module | Definition) -> str:
    """The docstring, or nothing."""
    return ast.get_docstring(node) or ""


if __name__ == "__main__":
    sys.exit(main())
