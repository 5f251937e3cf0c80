"""Every setting with its default: frozen values. `service.settings_file` reads TOML and environment.

A field's comment here is its documentation for developers; `config.example.toml` says the same to operators.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from connections.address_precision import AddressPrecision
from domains.model import Scheme
from links.recipients import RecipientTracking
from relay.control.vendors import Profile
from relay.settings import BareNewlines
from rewriter import Limits, PixelPlace, SignedMail, VisibleUrl
from rewriter.policy import Mode
from tracker.reader_privacy import Signals

LOOPBACK_NETWORKS = ("127.0.0.0/8", "::1/128")


class TlsMode(StrEnum):
    """Who has certificates for tracking domains."""

    OFF = "off"  # nobody, as far as is known here
    ACME = "acme"  # this installation, by itself
    EXTERNAL = "external"  # a proxy in front


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
    bind_senders: bool = True  # a login sends from the sending domains of its project alone
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
class UpstreamServer:
    """One server. `url`: smtp://, smtp+starttls://, smtps:// HOST[:PORT]; the first one may be dir:PATH."""

    url: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    password_file: Path | None = None
    ca_file: Path | None = None  # trust this instead of the system's roots
    tls_server_name: str = ""  # that its certificate must be for; "" is the host of the URL
    client_certificate: Path | None = None  # PEM, the chain behind it
    client_key: Path | None = None  # "" where it stands in client_certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamSection(UpstreamServer):
    """SMTP out. The timeouts end before those of a client do: docs/upstreams.md."""

    url: str = "dir:var/outbox"
    profile: Profile = Profile.NONE  # whose servers these are: its own tracking is switched off by a header
    fallback: tuple[UpstreamServer, ...] = ()  # tried in order where the ones before cannot be used
    pool_size: int = 20  # connections to a server in use at most; a client in a transaction holds one
    pool_wait_seconds: int = 15  # for one to become free
    idle_seconds: int = 60  # a connection that nobody used for so long is closed
    connection_seconds: int = 300  # and one that is so old
    connection_messages: int = 100  # and one that so many messages went over; 0: no limit
    connect_seconds: int = 20  # until MAIL can be said
    reply_seconds: int = 120  # to MAIL and RCPT
    data_seconds: int = 100  # to DATA
    final_reply_seconds: int = 570  # to the message, sending it included
    pipelining: bool = True  # MAIL goes with the first RCPT where the server offers it
    chunking: bool = True  # BDAT instead of DATA where the server offers it


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingSection:
    """What is rewritten, and onto which host."""

    mode: Mode = Mode.ON
    switch: Path = Path("var/tracking-off")  # while this file is there nothing is rewritten
    clicks: bool = True
    opens: bool = True
    text: bool = False  # links in text/plain
    excluded_hosts: tuple[str, ...] = ()  # shop.example, or *.shop.example for every subdomain
    allowed_destinations: tuple[str, ...] = ()  # same form; where not empty, only these are tracked
    visible_url: VisibleUrl = VisibleUrl.SKIP_FOREIGN
    signed_mail: SignedMail = SignedMail.LEAVE
    pixel_place: PixelPlace = PixelPlace.AUTO
    recipients: RecipientTracking = RecipientTracking.ANONYMOUS  # whether a click is a person's
    unknown_senders: bool = False  # track mail of senders that are no sending domain, on the defaults
    default_domain: str = ""  # base URL of the last resort, such as https://t.example.net; "" is none
    scheme: Scheme = Scheme.HTTP  # https where a proxy in front of the tracker serves it


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerSection:
    """The public HTTP endpoint."""

    listen: tuple[str, ...] = ("127.0.0.1:8080",)
    workers: int = 1  # processes; 0 is one for each core
    trusted_proxies: tuple[str, ...] = ()  # networks whose X-Forwarded-For is believed
    proxy_peers: tuple[str, ...] = ()  # networks of proxies that begin with a PROXY header, version 2
    max_connections: int = 10_000
    operator: str = ""  # who runs this host; on the page at /
    abuse_contact: str = ""
    privacy_contact: str = ""
    stop_seconds: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacySection:
    """What is kept of people, and for how many days; 0 is for ever. docs/privacy.md says it in full."""

    client_addresses: AddressPrecision = AddressPrecision.FULL  # of readers
    signals: Signals = Signals.IGNORE  # what Sec-GPC: 1 and DNT: 1 lead to
    message_days: int = 30  # whom anonymous references stand for, and what else names them
    event_days: int = 395  # clicks, opens, outcomes, and all that is known of a message


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSection:
    """HTTPS on the tracker. The keys from `directory` to `orders_per_hour` are for `mode = acme`."""

    mode: TlsMode = TlsMode.OFF
    listen: tuple[str, ...] = ()
    directory: str = "letsencrypt"  # or letsencrypt-staging, or the URL of an ACME directory
    contact: tuple[str, ...] = ()  # mail addresses
    terms_agreed: bool = False  # to the authority's terms, by the operator
    trust_root: Path | None = None  # trust this for the directory instead of the system's roots
    orders_per_hour: int = 100  # of all machines together
    certificate: Path | None = None  # the operator's own, PEM; read again when it changes
    key: Path | None = None
    handshake_wait_seconds: float = 15.0  # of a client for a certificate that is still to come


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainsSection:
    """Tracking domains and how their DNS is asked. Where `nameservers` are set only those are asked."""

    cname_targets: tuple[str, ...] = ()
    require_verified_senders: bool = False  # the link of one counts only once its TXT record was seen
    nameservers: tuple[str, ...] = ()
    nameserver_port: int = 53
    dns_seconds: float = 8.0
    background_checks: bool = True  # `serve` checks the domains by schedule
    concurrent_checks: int = 16  # domains at a time, of one `serve`
    certificate_authority: str = "letsencrypt.org"  # its name in CAA records; "" = CAA is not asked for
    allow_private_addresses: bool = False  # whether checks may connect to those that a tenant's DNS names
    probe_http_port: int = 80  # where readers reach the tracker; 0 is no probe
    probe_https_port: int = 443
    probe_ca_file: Path | None = None  # trust this instead of the system's roots
    require_probe: bool = False  # a probe must reach this installation before a domain is verified


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSection:
    """Where domains and events are kept. `url`: sqlite:///PATH or postgresql://USER[:PASSWORD]@HOST/NAME."""

    url: str = field(default="sqlite:///var/waypost.db", repr=False)
    password_file: Path | None = None  # instead of one in the URL
    snapshot: Path | None = Path("var/snapshot")  # what relay and tracker start from while it is away


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
    fsync: bool = False  # answers wait until what they stand for is on the disk


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhooksSection:
    """What is told to servers of operators and tenants."""

    allow_private: tuple[str, ...] = ()  # networks that are not public and may be sent to, by http too
    ca_file: Path | None = None  # trust this instead of the system's roots
    concurrent_deliveries: int = 16  # requests at a time, of one `serve`; each webhook has one
    keep_days: int = 3  # deliveries that have ended, and what waits for a webhook that is paused


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSection:
    """API and dashboard, where `waypost[web]` is installed. Plain HTTP: for this machine, or a proxy."""

    listen: str = "127.0.0.1:8081"  # "" is off
    trusted_proxies: tuple[str, ...] = ()  # networks whose X-Forwarded-For and X-Forwarded-Proto are believed


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringSection:
    """The private HTTP port: /metrics, /healthz, /readyz, /ask. Never open to the world."""

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
    upstreams: Mapping[str, UpstreamSection] = field(default_factory=dict)  # by name, for projects
    tracking: TrackingSection = TrackingSection()
    limits: Limits = field(default_factory=Limits)
    tracker: TrackerSection = TrackerSection()
    privacy: PrivacySection = PrivacySection()
    tls: TlsSection = TlsSection()
    domains: DomainsSection = DomainsSection()
    database: DatabaseSection = DatabaseSection()
    keys: KeysSection = KeysSection()
    journal: JournalSection = JournalSection()
    webhooks: WebhooksSection = WebhooksSection()
    web: WebSection = WebSection()
    monitoring: MonitoringSection = MonitoringSection()
    log: LogSection = LogSection()
    source: Path | None = None
