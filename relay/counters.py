"""What happened since the start, as plain numbers."""

from dataclasses import dataclass

from events.model import Verdict


@dataclass(slots=True)
class Counters:
    """Messages by how they ended, and faults of our own, each of which is in the log too."""

    relayed: int = 0
    refused: int = 0  # after the final dot: the upstream said no, or the connection failed before it had all
    unknown: int = 0  # the upstream may have taken it
    tracking_faults: int = 0  # the original went out
    record_faults: int = 0  # what an event means, or how relaying ended, is lost
    session_faults: int = 0  # a client was told 451 because of us

    def count(self, verdict: Verdict) -> None:
        """Count a message."""
        match verdict:
            case Verdict.RELAYED:
                self.relayed += 1
            case Verdict.REFUSED:
                self.refused += 1
            case Verdict.UNKNOWN:
                self.unknown += 1
