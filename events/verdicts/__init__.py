"""Whether a person stood behind a click or an open. Pure: no I/O, no clock.

`judging.judge` looks at one hit, `stream.judged` at hits in the order of time, with what surrounds each.
docs/events.md tells operators what each verdict and each reason means.
"""

from events.verdicts.judging import Relayed, judge
from events.verdicts.model import RULES, HitVerdict, Judgement, Reason
from events.verdicts.stream import judged
from events.verdicts.surroundings import Surroundings
from events.verdicts.thresholds import Thresholds

__all__ = [
    "RULES",
    "HitVerdict",
    "Judgement",
    "Reason",
    "Relayed",
    "Surroundings",
    "Thresholds",
    "judge",
    "judged",
]
