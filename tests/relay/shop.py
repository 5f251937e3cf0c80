"""A shop that is set up: its sending domain, its tracking domain, and a message of it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from domains.directory import Directory
from domains.model import Scheme, SendingDomain, State, TrackingDomain
from relay.envelope import Client, Recipient, Sender, Submission
from relay.settings import TrackingSettings
from tests.relay.harness import NOW, TRACKED_MESSAGE

WHEN = datetime(2026, 11, 18, tzinfo=UTC)
TRACK = TrackingDomain(
    id=1,
    project=1,
    name="track.shop.example",
    target="t.relay.example",
    state=State.VERIFIED,
    is_default=False,
    diagnosis="",
    created_at=WHEN,
)
SHOP = SendingDomain(
    id=1, project=1, name="shop.example", tracking_domain="track.shop.example", created_at=WHEN
)
DIRECTORY = Directory.build(
    [TRACK], [SHOP], system_default="http://localhost:8080", before_https=Scheme.HTTPS
)
SETTINGS = TrackingSettings()
SENDER = Sender(mailbox="bounce@esp.example")


def directory(**sender: Any) -> Directory:
    """Return the directory where the sending domain has other fields."""
    return Directory.build(
        [TRACK],
        [replace(SHOP, **sender)],
        system_default="http://localhost:8080",
        before_https=Scheme.HTTPS,
    )


def submission(content: bytes = TRACKED_MESSAGE, **client: Any) -> Submission:
    """Return a message as a client of the shop hands it over."""
    known: dict[str, Any] = {"address": "127.0.0.1", "helo": "x", "extended": True}
    return Submission(
        id="a" * 24,
        at=NOW,
        client=Client(**known | client),
        sender=SENDER,
        recipients=(Recipient(mailbox="b@there.example"),),
        content=content,
    )
