"""What was set and deleted in one data set since it was parsed.

Most data sets are never edited and there may be a million of them, so they share one empty record.
"""

from __future__ import annotations

from .reading import Buffer


class Edits:
    """The new value fields by tag, the groups that were touched, and the tags of encapsulated values."""

    __slots__ = ("encapsulated", "fresh", "groups")

    def __init__(self, other: Edits | None = None) -> None:
        self.fresh: dict[int, Buffer] = dict(other.fresh) if other is not None else {}
        self.groups: set[int] = set(other.groups) if other is not None else set()
        self.encapsulated: set[int] = set(other.encapsulated) if other is not None else set()


NONE = Edits()
"""The record of a data set without edits; never changed."""
