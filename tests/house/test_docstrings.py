"""Public things without a docstring are named."""

from tools.house import docstrings

TEXT = '''
"""A module."""
from typing import overload
def no(): ...
def _private(): ...
class C:
    def method(self): ...
    def __len__(self): ...
    @overload
    def either(self, x: int): ...
    def either(self, x):
        """One."""
        def nested(): ...
    @property
    def shape(self):
        """Rows, columns."""
    @shape.setter
    def shape(self, value): ...
async def late(): ...
'''


def messages(tree):
    return [problem.message.split()[0] for problem in docstrings.check(tree)]


def test_public_things_of_the_package(plant):
    assert messages(plant({"src/chiasm/hl7/a.py": TEXT})) == ["no", "C", "C.method", "late"]


def test_a_private_module_needs_its_own_docstring_alone(plant):
    assert messages(plant({"src/chiasm/hl7/_a.py": TEXT, "src/chiasm/hl7/_b.py": "x = 1\n"})) == ["the"]


def test_the_package_file_of_a_room_is_public(plant):
    assert messages(plant({"src/chiasm/hl7/__init__.py": TEXT}))[0] == "no"


def test_tools_need_a_module_docstring(plant):
    assert messages(plant({"tools/a.py": "def f(): ...\n", "bench/b.py": ""})) == ["the"]
