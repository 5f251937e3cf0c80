"""`WorkLeases` without a database, on a clock that stands still until a test moves it."""

from events.ports import StoreUnavailable, Work


class MemoryLeases:
    """`owners` says who holds which work; `takes` counts the questions; `away` makes it unavailable."""

    def __init__(self) -> None:
        self.away = False
        self.now = 0.0
        self.takes = 0
        self._leases: dict[Work, tuple[str, float]] = {}

    @property
    def owners(self) -> dict[Work, str]:
        """Whose leases have not ended."""
        return {work: owner for work, (owner, until) in self._leases.items() if until > self.now}

    def take(self, work: Work, owner: str, *, seconds: float) -> bool:
        self._ask()
        if self.owners.get(work, owner) != owner:
            return False
        self._leases[work] = owner, self.now + seconds
        return True

    def release(self, work: Work, owner: str) -> None:
        self._ask()
        if self.owners.get(work) == owner:
            del self._leases[work]

    def _ask(self) -> None:
        self.takes += 1
        if self.away:
            raise StoreUnavailable("The database is away.")
