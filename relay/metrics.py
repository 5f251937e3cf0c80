"""What the relay counts for Prometheus. docs/monitoring.md lists it for operators.

Labels are from closed lists and bound once: counting costs about a microsecond. Where several processes
relay, prometheus_client keeps the numbers in files that the one with the monitoring port adds up, so nothing
here is computed when it is asked for.
"""

from enum import StrEnum
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from events.model import Verdict
from relay.pipeline import Prepared
from relay.plan import Untracked
from relay.upstream.health import Health

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600)
OCTETS: Final = tuple(1024 * 4**power for power in range(8))  # 1 KiB to 16 MiB


_Label = TypeVar("_Label", bound=StrEnum)


class Phase(StrEnum):
    """What was answered."""

    MAIL = "mail"
    RCPT = "rcpt"
    MESSAGE = "message"  # DATA, and what comes behind its final dot


class Fault(StrEnum):
    """What of ours failed. Each is in the log too."""

    TRACKING = "tracking"  # the original went out
    RECORD = "record"  # what an event means, or how relaying ended, is lost
    SESSION = "session"  # a client was told 451 because of us


class SignIn(StrEnum):
    """How an attempt to sign in ended."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # unknown username, or wrong password
    LOCKED = "locked"  # not looked at, after too many that were refused


class RelayMetrics:
    """Of all relaying in one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        replies = Counter("waypost_replies", "Replies to clients", ["phase", "code"], registry=registry)
        self._replies = {
            (phase, hundreds): replies.labels(phase.value, f"{hundreds}xx")
            for phase in Phase
            for hundreds in (2, 4, 5)
        }
        self._messages = _counters(
            "waypost_messages", "Messages by how they ended", "verdict", Verdict, registry
        )
        self._untracked = _counters(
            "waypost_untracked_messages", "Messages that went out as they came", "reason", Untracked, registry
        )
        self._faults = _counters("waypost_faults", "Faults of Waypost's own", "of", Fault, registry)
        self._sign_ins = _counters("waypost_sign_ins", "Attempts to sign in", "result", SignIn, registry)
        self._links = Counter("waypost_links_tracked", "Links that were rewritten", registry=registry)
        self._pixels = Counter("waypost_pixels_inserted", "Open pixels that were put in", registry=registry)
        self._problems = Counter(
            "waypost_control_problems", "Control headers that were not understood", registry=registry
        )
        self._duplicates = Counter(
            "waypost_possible_duplicates", "Messages that a client may have sent before", registry=registry
        )
        self._sent_away = Counter(
            "waypost_clients_sent_away", "Clients whose session ended with a 421", registry=registry
        )
        self._size = Histogram(
            "waypost_message_bytes", "Size of messages as they came", registry=registry, buckets=OCTETS
        )
        self._prepare = Histogram(
            "waypost_prepare_seconds", "Rewriting and recording", registry=registry, buckets=SECONDS
        )
        self._send = Histogram(
            "waypost_upstream_seconds", "From DATA to the reply", registry=registry, buckets=SECONDS
        )
        self._replays = Counter(
            "waypost_replays", "Envelopes said again to an upstream that gave up", registry=registry
        )
        self._upstream_up = Gauge(
            "waypost_upstream_up",
            "Whether the server can be used; 0 where one process cannot",
            ["upstream"],
            registry=registry,
            multiprocess_mode="livemin",
        )
        self.connections = _gauge("waypost_connections", "Clients that are connected", registry)
        self.in_flight = _gauge("waypost_in_flight_bytes", "Memory set aside for messages", registry)
        self.deliveries = _gauge("waypost_deliveries", "Messages past their final dot", registry)

    def replied(self, phase: Phase, code: int) -> None:
        """Count a reply to a client; other codes than 2xx, 4xx and 5xx end nothing."""
        counter = self._replies.get((phase, code // 100))
        if counter is not None:
            counter.inc()

    def sent_away(self) -> None:
        """Count a client that was told 421 for what it did."""
        self._sent_away.inc()

    def prepared(self, prepared: Prepared, *, size: int, seconds: float) -> None:
        """Count what was done to a message. `size` in octets, as it came."""
        self._size.observe(size)
        self._prepare.observe(seconds)
        self._problems.inc(len(prepared.asked.problems))
        if prepared.plan.untracked:
            self._untracked[prepared.plan.untracked].inc()
        elif prepared.key:
            self._links.inc(len(prepared.links))
            self._pixels.inc(prepared.pixel)

    def ended(self, verdict: Verdict, *, seconds: float, replayed: bool = False) -> None:
        """Count a message, and how long the upstream took."""
        self._messages[verdict].inc()
        self._send.observe(seconds)
        self._replays.inc(replayed)

    def watch_upstream(self, health: Health) -> None:
        """Know how a server is. Names come from the settings."""
        self._upstream_up.labels(health.name).set(health.up)

    def signed_in(self, result: SignIn) -> None:
        """Count an attempt to sign in."""
        self._sign_ins[result].inc()

    def failed(self, fault: Fault) -> None:
        """Count a fault of ours."""
        self._faults[fault].inc()

    def repeated(self) -> None:
        """Count a message that may have been sent before."""
        self._duplicates.inc()


def _counters(
    name: str, help: str, label: str, values: type[_Label], registry: CollectorRegistry
) -> dict[_Label, Counter]:
    """Return a counter for each value of its label."""
    counter = Counter(name, help, [label], registry=registry)
    return {value: counter.labels(value.value) for value in values}


def _gauge(name: str, help: str, registry: CollectorRegistry) -> Gauge:
    """Return a gauge that is the sum over the processes that live."""
    return Gauge(name, help, registry=registry, multiprocess_mode="livesum")
