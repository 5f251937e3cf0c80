"""When to try again. Pure; `random` is a number from 0 to 1, so that what failed together spreads out."""

from datetime import datetime, timedelta
from typing import Final

STEPS: Final = (5.0, 30.0, 120.0, 600.0, 1_800.0, 3_600.0, 7_200.0)
"""Seconds after the first failed attempt, the second, … and after all later ones."""

RESTS: Final = STEPS[:4]
"""The same for the endpoint as a whole: so long it is left alone after failures in a row."""

LONGEST_WISH: Final = 6 * 3_600.0
"""Of a Retry-After. Whoever asks for days gets a few attempts in the day that a batch has."""

PATIENCE: Final = timedelta(hours=24)
"""How long a batch is tried, and how long an endpoint may fail before it is paused."""

FEWEST: Final = 10
"""Failures in a row before an endpoint is paused: while nobody sent, it cannot have failed."""

_JITTER: Final = 0.2


def until_next(attempts: int, random: float, wish: float | None = None) -> float:
    """Return the seconds until the next attempt after so many; not before what the endpoint asked for."""
    return max(_step(STEPS, attempts, random), min(wish or 0.0, LONGEST_WISH))


def rest(failures: int, random: float, wish: float | None = None) -> float:
    """Return the seconds that an endpoint is left alone after so many failures in a row."""
    return max(_step(RESTS, failures, random), min(wish or 0.0, LONGEST_WISH))


def is_hopeless(failures: int, since: datetime | None, now: datetime) -> bool:
    """Tell whether an endpoint has failed for so long that it is to be paused."""
    return failures >= FEWEST and since is not None and now - since >= PATIENCE


def _step(steps: tuple[float, ...], count: int, random: float) -> float:
    return steps[min(max(count, 1), len(steps)) - 1] * (1 + _JITTER * (2 * random - 1))
