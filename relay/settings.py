"""What the relay is told by the settings file: frozen values, already valid."""

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from links.recipients import RecipientTracking
from rewriter.policy import Mode, Policy

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


class BareNewlines(StrEnum):
    """What a message with a CR or LF alone meets: such line endings are how messages are smuggled."""

    AUTO = "auto"  # normalised for the networks that may relay, refused for others
    NORMALISE = "normalise"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySettings:
    """SMTP in. Times in seconds."""

    hostname: str  # in greeting, EHLO and Received
    proxy_peers: tuple[IPv4Network | IPv6Network, ...] = ()  # who must begin with a PROXY header
    max_per_address: int = 50  # connections, of the addresses that PROXY headers name
    max_message_size: int = 25 * 1024 * 1024  # octets
    max_bytes_in_flight: int = 256 * 1024 * 1024  # of memory, for all messages under way
    max_recipients: int = 1_000
    bare_newlines: BareNewlines = BareNewlines.AUTO
    command_timeout: float = 300.0  # at least five minutes, RFC 5321 section 4.5.3.2.7
    data_timeout: float = 180.0  # between two reads of a message, RFC 5321 section 4.5.3.2.5
    minimum_rate: int = 500  # octets a second of a message, over each `data_timeout`
    session_timeout: float = 3600.0  # without a message that was taken
    handshake_timeout: float = 30.0
    proxy_timeout: float = 5.0
    soft_errors: int = 10  # of one client without a message; then each answer is delayed
    error_delay: float = 1.0
    hard_errors: int = 20  # then it is sent away
    max_idle_commands: int = 100  # such as NOOP, without a message


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingSettings:
    """What is rewritten."""

    mode: Mode = Mode.ON
    policy: Policy = field(default_factory=Policy)  # of every message; the tracking site is put in for each
    recipients: RecipientTracking = RecipientTracking.ANONYMOUS
    unknown_senders: bool = False  # senders that are no sending domain get the defaults


def usable_system_default(base: str, upstream_host: str | None) -> str | None:
    """Return the base URL of last resort, or None where mail must not carry it.

    A loopback host is for trying things out: no real mail ever carries such a link. `upstream_host` is None
    for a folder.
    """
    if not base:
        return None
    if is_loopback(urlsplit(base).hostname or "") and not (
        upstream_host is None or is_loopback(upstream_host)
    ):
        return None
    return base


def is_loopback(host: str) -> bool:
    """Tell whether the host is this machine, without asking DNS."""
    name = host.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761 section 6.3
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
