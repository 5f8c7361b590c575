"""Cycles are found however the import is written."""

import pytest

from tools.house import cycles

A = "src/chiasm/a/one.py"
B = "src/chiasm/a/two.py"


def rules(tree):
    return [problem.rule for problem in cycles.check(tree)]


@pytest.mark.parametrize(
    "back",
    [
        "from .one import x\n",
        "from . import one\n",
        "from chiasm.a import one\n",
        "import chiasm.a.one\n",
        "def f():\n    from .one import x\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .one import x\n",
    ],
)
def test_a_cycle_is_found(plant, back):
    tree = plant({"src/chiasm/a/__init__.py": "", A: "from ..a.two import y\n", B: back})
    found = list(cycles.check(tree))
    assert [problem.rule for problem in found] == ["import-cycle"]
    assert "chiasm.a.one" in found[0].message
    assert "chiasm.a.two" in found[0].message


def test_each_of_two_cycles_is_reported(plant):
    tree = plant(
        {
            A: "from . import two\nfrom . import three\n",
            B: "from . import one\n",
            "src/chiasm/a/three.py": "from . import one\n",
        }
    )
    assert rules(tree) == ["import-cycle", "import-cycle"]


def test_a_name_taken_from_the_package_that_imports_the_module_is_a_cycle(plant):
    assert rules(plant({"src/chiasm/a/__init__.py": "from .one import x\n", A: "from . import y\n"})) == [
        "import-cycle"
    ]


def test_imports_one_way_are_no_cycle(plant):
    files = {"src/chiasm/a/__init__.py": "from .one import x\n", A: "from . import two\nimport json\n", B: ""}
    assert rules(plant(files)) == []


def test_an_import_by_computed_name_is_the_business_of_init_alone(plant):
    text = "import importlib\nroom = importlib.import_module('chiasm.hl7')\n"
    assert rules(plant({A: text})) == ["hidden-import"]
    assert rules(plant({A: "", "src/chiasm/a/__init__.py": text})) == []


def test_module_names():
    assert cycles.module_name("src/chiasm/hl7/parse.py") == "chiasm.hl7.parse"
    assert cycles.module_name("src/chiasm/hl7/__init__.py") == "chiasm.hl7"
