"""Commits into the log that the kernel carries out while the event loop goes on.

An object that comes alone is written into the log while it comes: its place is lent to it, a block behind
the end of the log, and what is left to do when it is whole is the rest of it and the block with its record.
Where another wants to commit first, the place is taken back, and the object is written with its own commit.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from .direct_writes import DirectWrites
from .landing import BLOCK, Batch, Landing, Lent

_PATIENCE = 2.0
_SHY = 64
"""Seconds that a write under way is waited for at the end; commits until a place is lent again that was taken
back: who sends over several associations at once has little of it."""

Lay = Callable[["Lent | None"], Batch]
Ended = Callable[["OSError | None"], None]


class _Ahead:
    """An object's place in the log, while it is lent."""

    __slots__ = ("_commits", "lent", "under_way")

    def __init__(self, commits: DirectCommits, lent: Lent) -> None:
        self._commits, self.lent = commits, lent
        self.under_way = 0

    def write(self, content: memoryview) -> bool:
        """Begin to write the whole blocks of what is held so far; False where the place is lent no more."""
        return self._commits.write_ahead(self, content)

    def release(self) -> None:
        """Give the place back."""
        self._commits.take_back(self)


class _Commit:
    """One batch on its way: what it writes, and who is told when it has."""

    __slots__ = ("ahead", "batch", "ended", "error", "left")

    def __init__(self, batch: Batch, ahead: _Ahead | None, ended: Ended) -> None:
        self.batch, self.ahead, self.ended = batch, ahead, ended
        self.left = 0
        self.error: OSError | None = None


class DirectCommits:
    """What commits to a log so, one batch at a time. For the thread of one event loop, but `close`."""

    def __init__(self, landing: Landing, direct: DirectWrites) -> None:
        self._landing, self._direct = landing, direct
        self._loop: asyncio.AbstractEventLoop | None = None
        self._commit: _Commit | None = None
        self._ahead: _Ahead | None = None
        self._stale = 0
        self._next: tuple[Lay, _Ahead | None, Ended] | None = None
        self._shy = 0
        self._idle = threading.Event()

    # What goes ahead of its commit.

    def lend(self) -> _Ahead | None:
        """A place for an object that is coming; None while another has it, or something is under way."""
        if self._ahead is not None or self._commit is not None or self._shy or self._stale:
            return None
        lent = self._landing.lend()
        if lent is None:
            return None
        self._ahead = _Ahead(self, lent)
        return self._ahead

    def write_ahead(self, ahead: _Ahead, content: memoryview) -> bool:
        """Begin to write what has come of an object into the place that it has, if it still has it."""
        if ahead is not self._ahead:
            return False
        lent, upto = ahead.lent, min(len(content), ahead.lent.size) & -BLOCK
        if upto <= lent.written:
            return True
        try:
            self._watch()
            self._direct.write(lent.file, [content[lent.written : upto]], lent.position + lent.written, ahead)
        except OSError:
            self.take_back(ahead)
            return False
        ahead.under_way += 1
        lent.written = upto
        return True

    def take_back(self, ahead: _Ahead) -> None:
        """Nobody has the place any more; what is being written to it still is."""
        if ahead is self._ahead:
            self._ahead = None
            self._stale += ahead.under_way

    # Commits.

    def begin(self, lay: Lay, ahead: object, ended: Ended) -> None:
        """Begin to write the batch that `lay` gives; `ahead` is what its first object was given to, or None.

        `ended` is told once it is durable, or why it is not.
        """
        mine, self._ahead = self._ahead, None
        if mine is not None and mine is not ahead:
            self._shy = _SHY
            self._stale += mine.under_way
            mine = None
        if self._shy:
            self._shy -= 1
        self._idle.clear()
        self._next = (lay, mine, ended)
        self._go_on()

    def _go_on(self) -> None:
        """Write the batch that waits, unless something is under way that would end up in its middle."""
        if self._next is None or self._stale:
            return
        (lay, mine, ended), self._next = self._next, None
        try:
            batch = lay(None if mine is None else mine.lent)
        except OSError as error:
            self._stale += 0 if mine is None else mine.under_way
            self._end(ended, error)
            return
        if mine is not None and not batch.is_ahead:
            self._stale += mine.under_way
            self._next = (lay, None, ended)
            self._go_on()
            return
        self._start(_Commit(batch, mine, ended))

    def _start(self, commit: _Commit) -> None:
        self._watch()
        for position, parts in commit.batch.writes:
            try:
                self._direct.write(commit.batch.file, parts, position, commit)
            except OSError as error:
                commit.error = error
                break
            commit.left += 1
        self._commit = commit
        self._finish()

    def _finish(self) -> None:
        """Tell of the batch, once nothing of it is under way."""
        commit = self._commit
        if commit is None or commit.left or (commit.ahead is not None and commit.ahead.under_way):
            return
        self._commit = None
        if commit.error is None:
            self._landing.wrote(commit.batch)
        self._end(commit.ended, commit.error)

    def _end(self, ended: Ended, error: OSError | None) -> None:
        self._idle.set()
        ended(error)

    def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            loop.add_reader(self._direct.event, self._completed)
            self._loop = loop

    def _completed(self) -> None:
        """The kernel has written something that was begun, or could not."""
        for owner, error in self._direct.ended():
            if isinstance(owner, _Ahead):
                self._went_ahead(owner, error)
            elif isinstance(owner, _Commit):
                owner.left -= 1
                owner.error = owner.error or error
        self._finish()
        self._go_on()

    def _went_ahead(self, ahead: _Ahead, error: OSError | None) -> None:
        ahead.under_way -= 1
        commit = self._commit
        if commit is not None and commit.ahead is ahead:
            commit.error = commit.error or error
        elif ahead is not self._ahead:
            self._stale -= 1
        elif error is not None:
            self.take_back(ahead)

    def close(self) -> None:
        """Let what the kernel writes end, and watch for it no more. From another thread than the loop's."""
        direct, loop = self._direct, self._loop
        if loop is None or not loop.is_running():
            direct.finish()
            direct.close()
            return
        if self._commit is not None or self._next is not None:
            self._idle.wait(_PATIENCE)
        direct.finish()

        def forgotten() -> None:
            loop.remove_reader(direct.event)
            direct.close()

        loop.call_soon_threadsafe(forgotten)
