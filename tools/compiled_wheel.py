"""The build hook of the compiled wheel: `CHIASM_COMPILED=1 pip install .`, where there is a C compiler.

mypyc turns the modules that pyproject.toml lists into extension modules. The same sources lie beside them in
the wheel, and without the variable they are all that is in it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SWITCH = "CHIASM_COMPILED"


class CompiledModules(BuildHookInterface[Any]):
    """Compiles `modules` of the hook's table into the wheel; an editable install stays as it is."""

    def dependencies(self) -> list[str]:
        """What the build needs besides hatchling; SQLAlchemy for its types."""
        return ["mypy>=2.4", "setuptools>=80", "sqlalchemy>=2.1"] if os.environ.get(SWITCH) else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile before the wheel is put together."""
        if version == "editable" or not os.environ.get(SWITCH):
            return
        self._folder = tempfile.TemporaryDirectory()
        built = Path(self._folder.name)
        compile_modules(Path(self.root), self.config["modules"], built)
        for library in (built / "lib").rglob("*.so"):
            build_data["force_include"][str(library)] = str(library.relative_to(built / "lib"))
        build_data["pure_python"], build_data["infer_tag"] = False, True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was built."""
        if hasattr(self, "_folder"):
            self._folder.cleanup()


def compile_modules(root: Path, modules: list[str], built: Path) -> None:
    """Extension modules of `src/chiasm/MODULE.py` below `built/lib`; SystemExit where that fails."""
    from mypyc.build import mypycify
    from setuptools import Distribution

    os.environ["MYPYPATH"] = str(root / "src")
    options = ["--config-file", "", "--cache-dir", str(built / "cache"), "--ignore-missing-imports"]
    options += ["--explicit-package-bases", "--namespace-packages"]
    sources = [str(root / "src" / "chiasm" / f"{module}.py") for module in modules]
    extensions = mypycify([*options, *sources], group_name="chiasm", target_dir=str(built / "c"))
    command = Distribution({"name": "chiasm", "ext_modules": extensions}).get_command_obj("build_ext")
    command.build_lib, command.build_temp = str(built / "lib"), str(built / "objects")
    command.ensure_finalized()
    command.run()
