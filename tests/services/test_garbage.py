"""Garbage collection rests while a process starts, and goes on after that, whatever comes."""

import subprocess
import sys

_PROGRAM = """
import gc
from chiasm.services.garbage import undisturbed_start

class Cycle:
    def __init__(self):
        self.own = self

before = gc.get_freeze_count()
try:
    with undisturbed_start():
        assert not gc.isenabled()
        kept = [Cycle() for _ in range(5)]
        if FAILS:
            raise KeyError
except KeyError:
    assert FAILS
assert gc.isenabled()
assert gc.get_freeze_count() >= before + 5
assert gc.get_threshold()[0] == 10_000
del kept
for _ in range(20_000):
    Cycle()
assert sum(isinstance(one, Cycle) for one in gc.get_objects()) < 15_000
"""


def test_it_rests_during_the_start_and_goes_on_afterwards():
    for fails in ("False", "True"):
        program = f"FAILS = {fails}\n{_PROGRAM}"
        subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
