"""What the compiler would make otherwise is found in the modules that are compiled, and only there."""

import pytest

from tools.house import compiled

HEAD = "[tool.hatch.build.targets.wheel.hooks.custom]\nmodules = [{}]\n"
ONE = "src/chiasm/a/one.py"


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("def f(x):\n    return x[g() :]\n", 1),
        ("def f(x):\n    return x[: x.end(1), :]\n", 1),
        ("def f(x):\n    return x[len(x) - 1 : max(1, 2)], x[g()]\n", 0),
        ("class A:\n    @functools.cached_property\n    def a(self): ...\n", 1),
        ("x: int = ''  # type: ignore[assignment]  # so\n", 1),
        ("class A:\n    def f(self):\n        self._thread = 1\n", 1),
        ("f(**x)  # type: ignore[arg-type]  # so\n", 0),
    ],
)
def test_what_is_compiled_otherwise_is_found(plant, text, problems):
    tree = plant({"pyproject.toml": HEAD.format('"a/one"'), ONE: text})
    assert [one.rule for one in compiled.check(tree)] == ["compiled"] * problems
    assert not list(compiled.check(plant({"pyproject.toml": HEAD.format(""), ONE: text})))


def test_a_module_that_does_not_exist(plant):
    tree = plant({"pyproject.toml": HEAD.format('"a/none"'), ONE: ""})
    assert "there is no module a/none" in str(next(compiled.check(tree)))


def test_a_project_without_a_pyproject(plant):
    assert not list(compiled.check(plant({ONE: "x = y[f() :]\n"})))
