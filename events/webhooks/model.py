"""Webhooks, what waits for them, and batches on their way: frozen values. A project is its number."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final


class Kind(StrEnum):
    """What a webhook can be told."""

    RELAYED = "relayed"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    OPEN = "open"
    CLICK = "click"
    DOMAIN_VERIFIED = "domain.verified"
    DOMAIN_FAILED = "domain.failed"
    DOMAIN_RETIRED = "domain.retired"
    CERTIFICATE_ACTIVE = "certificate.active"
    CERTIFICATE_FAILED = "certificate.failed"
    CERTIFICATE_EXPIRING = "certificate.expiring"


class WebhookState(StrEnum):
    """How it goes."""

    ACTIVE = "active"
    FAILING = "failing"  # the last attempt failed
    PAUSED = "paused"  # events wait until somebody resumes it


OF_HITS: Final = frozenset((Kind.OPEN, Kind.CLICK))
OF_OUTCOMES: Final = frozenset((Kind.RELAYED, Kind.REFUSED, Kind.UNKNOWN))
OF_MESSAGES: Final = OF_HITS | OF_OUTCOMES
"""Told as `events list` shows them when they are sent; all others as they were noted."""

BY_HAND: Final = "by hand"
"""Why a webhook is paused that an operator paused; else it says what its endpoint answered in the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An endpoint and what it wants. `id` is random, and part of what its secrets are sealed with."""

    id: str  # 12 hex digits
    project: int | None  # None: of all projects
    url: str = field(repr=False)  # its path or query may be a secret
    kinds: tuple[Kind, ...]
    label: str = ""
    created_at: datetime
    secret: bytes = field(repr=False)  # sealed, as the former one
    former_secret: bytes | None = field(default=None, repr=False)
    former_until: datetime | None = None  # the former one signs too until then
    paused_at: datetime | None = None
    paused_why: str = ""
    failures: int = 0  # attempts in a row, of whichever batches
    failing_since: datetime | None = None
    failing_why: str = ""

    @property
    def paused(self) -> bool:
        """Whether events wait until somebody resumes it."""
        return self.paused_at is not None

    @property
    def state(self) -> WebhookState:
        """How it goes."""
        if self.paused:
            return WebhookState.PAUSED
        return WebhookState.FAILING if self.failures else WebhookState.ACTIVE

    @property
    def given_up(self) -> bool:
        """Whether it is paused since its endpoint failed for long, or said that it is gone."""
        return self.paused and self.paused_why != BY_HAND


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """An event that a webhook is to be told. `payload` is None where the event is read when it is sent."""

    event: str  # its id
    kind: Kind
    at: int  # milliseconds since 1970
    project: int | None
    payload: Mapping[str, Any] | None = None


class DeliveryState(StrEnum):
    """Where a batch stands."""

    WAITING = "waiting"  # for its first attempt, or the next
    DELIVERED = "delivered"
    FAILED = "failed"  # given up; `replay` begins anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A batch of events. `id` is the header webhook-id of all its attempts."""

    id: str  # msg_ and 24 hex digits
    webhook: str
    created_at: datetime
    begun_at: datetime  # when its time of retries began: when it was made, or replayed
    events: tuple[Noted, ...]
    state: DeliveryState = DeliveryState.WAITING
    attempts: int = 0
    next_attempt_at: datetime | None = None
    ended_at: datetime | None = None
    detail: str = ""  # what came of the last attempt, in plain words


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an endpoint answered. `detail` says it in plain words."""

    status: int
    detail: str
    retry_after: float | None = None  # seconds, as it asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How many webhooks fare how, and for how long that has waited which waits longest."""

    active: int = 0
    failing: int = 0
    paused: int = 0  # by hand
    given_up: int = 0
    oldest_seconds: float = 0.0

    @property
    def webhooks(self) -> int:
        """How many there are."""
        return self.active + self.failing + self.paused + self.given_up
