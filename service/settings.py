"""Every setting with its default: frozen values. `service.settings_file` reads TOML and environment.

A field's comment here is its documentation for developers; `config.example.toml` says the same to operators.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from relay.settings import BareNewlines
from rewriter import Limits, PixelPlace, SignedMail, VisibleUrl
from rewriter.policy import Mode

LOOPBACK_NETWORKS = ("127.0.0.0/8", "::1/128")


class Scheme(StrEnum):
    """The scheme of tracked links on tracking domains."""

    HTTP = "http"
    HTTPS = "https"


class LogLevel(StrEnum):
    """From which level on a line is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How a line is written."""

    TEXT = "text"  # key=value
    JSON = "json"  # an object


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySection:
    """SMTP in. `listen` entries are HOST:PORT, or URLs as `relay.listener` describes them."""

    listen: tuple[str, ...] = ("127.0.0.1:2525",)
    workers: int = 1  # processes; 0 is one for each core
    hostname: str = ""  # in banner, EHLO and Received; "" asks the system
    tls_certificate: Path | None = None  # PEM, the chain behind it; read again when it changes
    tls_key: Path | None = None
    networks: tuple[str, ...] = LOOPBACK_NETWORKS  # clients that may relay
    proxy_peers: tuple[str, ...] = ()  # networks of proxies that begin with a PROXY header, version 2
    max_connections: int = 2_000
    max_connections_per_address: int = 50
    max_message_size: int = 26_214_400  # bytes
    max_bytes_in_flight: int = 268_435_456  # of memory; about four times the size of each message under way
    max_recipients: int = 1_000
    bare_newlines: BareNewlines = BareNewlines.AUTO
    minimum_rate: int = 500  # bytes a second of a message, over each three minutes
    session_seconds: int = 3_600  # without a message that was taken
    stop_seconds: int = 30  # for transactions under way at SIGTERM


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamSection:
    """SMTP out. `url`: smtp://, smtp+starttls://, smtps:// HOST[:PORT], or dir:PATH."""

    url: str = "dir:var/outbox"
    username: str = ""
    password: str = field(default="", repr=False)
    password_file: Path | None = None
    ca_file: Path | None = None  # trust this instead of the system's roots
    pool_size: int = 20  # connections at most; each client in a transaction holds one
    idle_seconds: int = 60  # a pooled connection is closed after
    connect_seconds: int = 30
    reply_seconds: int = 300  # RFC 5321 section 4.5.3.2, to MAIL, RCPT and DATA
    final_reply_seconds: int = 600  # to the final dot


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingSection:
    """What is rewritten, and onto which host."""

    mode: Mode = Mode.ON
    clicks: bool = True
    opens: bool = True
    text: bool = False  # links in text/plain
    excluded_hosts: tuple[str, ...] = ()  # shop.example, or *.shop.example for every subdomain
    allowed_destinations: tuple[str, ...] = ()  # same form; where not empty, only these are tracked
    visible_url: VisibleUrl = VisibleUrl.SKIP_FOREIGN
    signed_mail: SignedMail = SignedMail.LEAVE
    pixel_place: PixelPlace = PixelPlace.AUTO
    unknown_senders: bool = False  # track mail of senders that are no sending domain, on the defaults
    default_domain: str = ""  # base URL of the last resort, such as https://t.example.net; "" is none
    scheme: Scheme = Scheme.HTTP  # https where a proxy in front of the tracker serves it


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerSection:
    """The public HTTP endpoint."""

    listen: tuple[str, ...] = ("127.0.0.1:8080",)
    trusted_proxies: tuple[str, ...] = ()  # networks whose X-Forwarded-For is believed
    max_connections: int = 10_000
    operator: str = ""  # who runs this host; on the page at /
    abuse_contact: str = ""
    privacy_contact: str = ""
    stop_seconds: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainsSection:
    """Tracking domains and how their DNS is asked. Where `nameservers` are set only those are asked."""

    cname_targets: tuple[str, ...] = ()
    nameservers: tuple[str, ...] = ()
    nameserver_port: int = 53
    dns_seconds: float = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSection:
    """Where domains and events are kept."""

    url: str = "sqlite:///var/waypost.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysSection:
    """The key ring that seals links. Losing it kills every link ever sent: back it up."""

    file: Path = Path("var/keys.json")
    ring: str = field(default="", repr=False)  # the ring itself, for several machines; wins over `file`


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSection:
    """Where clicks, opens and relay records wait for the database."""

    directory: Path = Path("var/journal")
    ship_seconds: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringSection:
    """The private HTTP port: /metrics, /healthz, /readyz. Never open to the world."""

    listen: str = "127.0.0.1:8082"  # "" is off
    drain_seconds: float = 0.0  # at a stop, from failing /readyz until clients are refused


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSection:
    """Lines on standard error."""

    level: LogLevel = LogLevel.INFO
    format: LogFormat = LogFormat.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of it. `source` is the file it came from, None for defaults and environment alone."""

    relay: RelaySection = RelaySection()
    upstream: UpstreamSection = UpstreamSection()
    tracking: TrackingSection = TrackingSection()
    limits: Limits = field(default_factory=Limits)
    tracker: TrackerSection = TrackerSection()
    domains: DomainsSection = DomainsSection()
    database: DatabaseSection = DatabaseSection()
    keys: KeysSection = KeysSection()
    journal: JournalSection = JournalSection()
    monitoring: MonitoringSection = MonitoringSection()
    log: LogSection = LogSection()
    source: Path | None = None
