"""Projects, credentials and routes: frozen values."""

from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from accounts.privacy import NOTHING_SAID, ProjectPrivacy
from accounts.secret_hash import SecretHash
from rewriter.policy import Mode

Network = IPv4Network | IPv6Network

DEFAULT_PROJECT: Final = 1
"""The project of a single-tenant installation. It is always there; the settings' `relay.networks` are its."""

DEFAULT_PROJECT_NAME: Final = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A tenant. None stands for what the settings say.

    `name` is its short id (`sid`), a part of a host label, and never changes: links that were sent carry it.
    """

    id: int  # never used again
    name: str
    networks: tuple[
        Network, ...
    ] = ()  # clients that may relay for it without a login, in order of their text
    tracking: Mode | None = None
    unknown_senders: bool | None = None
    upstream: str | None = None  # its name
    privacy: ProjectPrivacy = NOTHING_SAID
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingLimits:
    """How much one credential may send; None for no limit. Each worker process counts for itself."""

    messages_per_minute: int | None = None
    recipients_per_day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A login for SMTP. The password is known to nobody but its user."""

    id: int
    project: int
    username: str  # unique over the installation
    label: str  # what the operator calls it; may be ""
    secret_hash: SecretHash = field(repr=False)
    route: str | None = None  # of the same project; mail takes it unless the message names another
    limits: SendingLimits = SendingLimits()
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A named set of tracking switches in a project; None leaves the switch to what comes after the route."""

    id: int
    project: int
    name: str
    clicks: bool | None = None
    opens: bool | None = None
    text: bool | None = None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What keeps a project from being removed. Retired tracking domains and revoked credentials do not."""

    tracking_domains: tuple[str, ...] = ()
    sending_domains: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ()
