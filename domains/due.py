"""How many checks wait for their turn."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Tracking domains whose check is due and that nobody has begun to check."""

    waiting: int = 0
    oldest_seconds: float = 0.0  # since the check that has waited longest was due
