"""What a conversion returns: its output, and the ledger that accounts for every leaf of its source."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ..model import Entry, Ledger

if TYPE_CHECKING:
    from ..errors import Finding


class Result:
    """The output of one conversion, as bytes, with its ledger, drawn up when it is first asked for.

    `kind` is the route's target as `oru`; `findings` are what was tolerated in the source; `more` are
    further outputs, where a source becomes several.
    """

    def __init__(
        self,
        output: bytes,
        kind: str,
        account: Callable[[], Iterable[Entry]],
        findings: tuple[Finding, ...] = (),
        more: tuple[bytes, ...] = (),
    ) -> None:
        self.output = output
        self.kind = kind
        self.findings = findings
        self.more = more
        self._account = account

    @property
    def outputs(self) -> tuple[bytes, ...]:
        """All outputs, the first one first."""
        return (self.output, *self.more)

    @functools.cached_property
    def ledger(self) -> Ledger:
        """Each leaf of the source, once."""
        return Ledger(self._account())
