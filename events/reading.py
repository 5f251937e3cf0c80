"""What is asked of events, over their store: the same by command and over the API."""

import sys
from dataclasses import replace
from typing import Final

from events.counting import Dimension, Statistics, merged, ranked
from events.ports import EventFilter, EventStore

DAY: Final = 86_400_000  # milliseconds
DAYS: Final = 30
"""How many whole days before today numbers are of, where nothing is said."""


def since_default(wanted: EventFilter, now: int) -> EventFilter:
    """Return the filter with a beginning: that of the day 30 days before `now`, in milliseconds.

    Whole days, since those have sums, and the part of one would be read from its hits.
    """
    return wanted if wanted.after is not None else replace(wanted, after=(now // DAY - DAYS) * DAY)


def statistics(store: EventStore, by: Dimension | None, wanted: EventFilter) -> list[Statistics]:
    """Count clicks and opens as `EventStore.statistics`; programs by their families."""
    if by is not Dimension.AGENT:
        return store.statistics(by, wanted)
    from events.agent_family import family  # imports ua-parser, which takes a tenth of a second

    agents = store.statistics(by, replace(wanted, limit=sys.maxsize))
    return ranked(merged(agents, lambda agent: [family(agent)]))[: wanted.limit]
