"""Bounds the memory of the messages that are under way at one time."""

from collections.abc import Callable

COST = 4  # octets of memory for each of a message: as it came, decoded, rewritten, on its way out


class MessageBudget:
    """So many octets, and one message beyond them.

    The first that would pass the bound may, until it is through: where all were refused that grow while they
    are read, clients that come back together would keep each other out for ever.
    """

    def __init__(self, octets: int, changed: Callable[[int], object] = lambda by: None) -> None:
        """`changed` is told by how much it goes up or down."""
        self._octets = octets
        self._changed = changed
        self.used = 0
        self._beyond: Claim | None = None  # the one that may pass the bound

    def _use(self, more: int) -> None:
        self.used += more
        self._changed(more)

    def has_room(self, size: int) -> bool:
        """Tell whether a message of so many octets would be let in now."""
        return not self.used or self.used + COST * size <= self._octets

    def claim(self) -> "Claim":
        """Return the share of one message, nothing yet."""
        return Claim(self)


class Claim:
    """The share of one message. Nobody waits for another's share, so nothing can lock."""

    __slots__ = ("_budget", "_held")

    def __init__(self, budget: MessageBudget) -> None:
        self._budget = budget
        self._held = 0

    def cover(self, size: int) -> bool:
        """Make it large enough for `size` octets of message; return False where that cannot be."""
        more = COST * size - self._held
        if more <= 0:
            return True
        budget = self._budget
        if budget.used + more > budget._octets:
            if budget._beyond not in (None, self):
                return False
            budget._beyond = self
        self._held += more
        budget._use(more)
        return True

    def split(self, count: int) -> "list[Claim]":
        """Return `count` claims that hold together what this one held, and grow no more."""
        held, self._held = self._held, 0
        self._end()
        shares = [Claim(self._budget) for _ in range(count)]
        for number, share in enumerate(shares):
            share._held = held // count + (number < held % count)
        return shares

    def release(self) -> None:
        """Give it back; a second time changes nothing."""
        self._end()
        self._budget._use(-self._held)
        self._held = 0

    def _end(self) -> None:
        """Let another pass the bound."""
        if self._budget._beyond is self:
            self._budget._beyond = None
