"""Looks at a tracking domain again and again until it is verified, and shows what is seen as it is seen."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from domains.errors import ChangedMeanwhile
from domains.evidence import Evidence
from domains.model import State, TrackingDomain
from domains.names import display
from domains.sighting import Line, lines, verdict

BETWEEN_SECONDS: Final = 5.0  # the servers of the zone are asked, which remember no "no" as a recursor does

Look = Callable[[Callable[[Evidence], None]], TrackingDomain]


class Display(Protocol):
    """Where the lines go: `admin.live_display`."""

    def show(self, shown: list[Line], footer: str = "") -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """`look` checks the domain once, as `TrackingDomains.verify` does."""

    name: str
    look: Look
    display: Display
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def until_verified(self, seconds: float) -> TrackingDomain:
        """Return the domain as the last look left it, after `seconds` at the latest and at least one look.

        Raises what `look` raises, but for `ChangedMeanwhile`: a scheduled check may have been quicker.
        """
        ends = self.monotonic() + seconds
        while True:
            domain = self._look_once()
            left = ends - self.monotonic()
            if domain is not None and (domain.state is State.VERIFIED or left <= 0):
                return domain
            self.sleep(max(0.0, min(BETWEEN_SECONDS, left)))

    def _look_once(self) -> TrackingDomain | None:
        seen: list[Line] = []

        def show(evidence: Evidence) -> None:
            seen[:] = lines(evidence)
            self.display.show(self._shown(seen, Line("verdict", "")), "Looking …")

        try:
            domain = self.look(show)
        except ChangedMeanwhile as changed:
            self.display.show(self._shown(seen, Line("verdict", str(changed))))
            return None
        again = "" if domain.state is State.VERIFIED else f"Looking again every {BETWEEN_SECONDS:g} seconds."
        self.display.show(self._shown(seen, verdict(domain)), again)
        return domain

    def _shown(self, seen: list[Line], last: Line) -> list[Line]:
        return [Line("domain", display(self.name)), *seen, last]
