"""How many tracking domains there are in each state, counted once for each change: there may be 100,000."""

from collections import Counter
from collections.abc import Callable

from domains.directory import Directory
from domains.model import State


class DomainCounts:
    """Of the directory as it is now."""

    def __init__(self, directory: Callable[[], Directory]) -> None:
        self._directory = directory
        self._counted: tuple[Directory, Counter[tuple[State, bool]]] | None = None

    def of(self, state: State) -> int:
        """Return how many are in it."""
        counts = self._counts()
        return counts[state, True] + counts[state, False]

    def fallen(self) -> int:
        """Return how many failed after they were verified: mail that is out leads there."""
        return self._counts()[State.FAILED, True]

    def _counts(self) -> Counter[tuple[State, bool]]:
        directory = self._directory()
        if self._counted is None or self._counted[0] is not directory:
            entries = directory.entries.tracking
            self._counted = directory, Counter((entry.state, entry.was_verified) for entry in entries)
        return self._counted[1]
