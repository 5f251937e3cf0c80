"""What a snapshot may hold, for tests."""

from datetime import UTC, datetime
from ipaddress import ip_network

from accounts.directory import AccountEntries
from accounts.model import Credential, Project, Route, SendingLimits
from accounts.privacy import ProjectPrivacy
from accounts.secret_hash import SecretHash
from domains.directory_entries import DomainEntries, SendingEntry, TrackingEntry
from domains.model import State
from links import KeyRing
from links.recipients import RecipientTracking
from rewriter.policy import Mode, Overrides, VisibleUrl

NOW = 1_790_000_000_000
RING = KeyRing.first(bytes(range(32)), now=0)
CREATED = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)

RULES = Overrides(clicks=False, excluded_hosts=("shop.example",), visible_url=VisibleUrl.TRACK)

DOMAINS = DomainEntries(
    [
        TrackingEntry("track.example.com", 1, State.VERIFIED, True),
        TrackingEntry("old.example.com", 1, State.RETIRED, False, was_verified=True),
    ],
    [
        SendingEntry(
            "example.com", 1, "track.example.com", Mode.OBSERVE, 5, 1, True, RULES, RecipientTracking.NONE
        ),
        SendingEntry("xn--bcher-kva.de", 2),
    ],
)
ACCOUNTS = AccountEntries(
    [
        Project(id=1, name="default", created_at=CREATED),
        Project(
            id=2,
            name="shop",
            networks=(ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")),
            tracking=Mode.OFF,
            unknown_senders=True,
            upstream="bulk",
            privacy=ProjectPrivacy(recipients=RecipientTracking.IDENTIFIED, event_days=0),
            created_at=CREATED,
        ),
    ],
    [
        Credential(
            id=3,
            project=2,
            username="shop-1",
            label="the café’s",
            secret_hash=SecretHash.of("secret", bytes(16)),
            route="quiet",
            limits=SendingLimits(messages_per_minute=5, recipients_per_day=None),
            created_at=CREATED,
        )
    ],
    [Route(id=4, project=2, name="quiet", clicks=False, opens=None, text=True, created_at=CREATED)],
)
