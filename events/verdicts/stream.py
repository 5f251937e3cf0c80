"""Judging many hits with what surrounds each, in one pass and with the memory of one window."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from events.model import Hit
from events.verdicts.judging import Relayed, judge
from events.verdicts.model import Judgement
from events.verdicts.surroundings import Neighbourhood
from events.verdicts.thresholds import DEFAULT, Thresholds


def judged(
    hits: Iterable[Hit], relayed: Callable[[Hit], Relayed], thresholds: Thresholds = DEFAULT
) -> Iterator[tuple[Hit, Judgement]]:
    """Yield each hit with its judgement, in the order given, which must be that of `Hit.at`.

    The first and the last window of them are judged with half of what surrounds them: give more than you
    want judged. What arrives in which order makes no difference, since `at` is when it was asked for.
    """
    here = Neighbourhood()
    waiting: deque[Hit] = deque()  # entered, not judged yet
    passed: deque[Hit] = deque()  # judged, not left yet

    def settle() -> tuple[Hit, Judgement]:
        hit = waiting.popleft()
        while passed and passed[0].at < hit.at - thresholds.window:
            here.leave(passed.popleft())
        passed.append(hit)
        return hit, judge(hit, relayed(hit), here.around(hit), thresholds)

    for hit in hits:
        while waiting and waiting[0].at < hit.at - thresholds.window:
            yield settle()
        here.enter(hit)
        waiting.append(hit)
    while waiting:
        yield settle()
