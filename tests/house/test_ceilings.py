"""Every ceiling is seen to hold: one line over it is caught, the ceiling itself is not."""

import ast

import pytest

from tools.house import ceilings


def rules(tree):
    return [(problem.path, problem.rule) for problem in ceilings.check(tree)]


def function(lines: int, docstring: int = 0) -> str:
    text = '    """' + "\n" * docstring + '"""\n' if docstring else ""
    return "def f():\n" + text + "    x = 1\n" * (lines - 1)


@pytest.mark.parametrize(("count", "caught"), [(500, False), (501, True)])
def test_file_lines(plant, count, caught):
    small = {f"src/chiasm/a/m{n}.py": "x = 1\n" for n in range(3)}
    tree = plant({**small, "src/chiasm/a/big.py": "x = 1\n" * count})
    assert (("src/chiasm/a/big.py", "file-lines") in rules(tree)) is caught


@pytest.mark.parametrize(("count", "caught"), [(60, False), (61, True)])
@pytest.mark.parametrize("docstring", [0, 30])
def test_function_lines_leave_the_docstring_out(plant, count, caught, docstring):
    tree = plant({"tools/house/a.py": function(count, docstring)})
    assert (("tools/house/a.py", "function-lines") in rules(tree)) is caught


def test_methods_and_nested_and_async_functions_count():
    text = "class A:\n    async def f(self):\n        def g():\n            return 1\n        return g\n"
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ceilings.Function)]
    assert sorted(ceilings.function_lines(node) for node in nodes) == [2, 4]


def test_the_median_of_the_package(plant):
    files = {f"src/chiasm/a/m{n}.py": "x = 1\n" * size for n, size in enumerate((100, 151, 160))}
    assert ("src/chiasm", "median-lines") in rules(plant(files))


def test_init_files_do_not_flatter_the_median(plant):
    files = {f"src/chiasm/r{n}/__init__.py": "" for n in range(9)}
    assert ("src/chiasm", "median-lines") in rules(plant({**files, "src/chiasm/r0/a.py": "x = 1\n" * 200}))


@pytest.mark.parametrize(
    "path",
    [
        "src/chiasm/utils.py",
        "src/chiasm/dicom/_helpers.py",
        "src/chiasm/common/a.py",
        "src/chiasm/hl7/misc.py",
        "tools/util.py",
    ],
)
def test_names_that_say_nothing(plant, path):
    assert (path, "empty-name") in rules(plant({path: ""}))


def test_class_names_that_say_nothing(plant):
    assert ("bench/a.py", "empty-name") in rules(plant({"bench/a.py": "class DateUtils: ..."}))
    assert rules(plant({"bench/a.py": "class CommonName: ..."})) == []


def test_code_lives_two_folders_deep_and_data_may_go_on(plant):
    tree = plant(
        {
            "src/chiasm/dicom/parse.py": "",
            "src/chiasm/standards/data/v2/tables.json": "{}",
            "src/chiasm/dicom/deep/parse.py": "",
        }
    )
    assert rules(tree) == [("src/chiasm/dicom/deep/parse.py", "folder-levels")]
