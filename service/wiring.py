"""Which concrete class stands behind each port of the running server: the composition root."""

import ipaddress
import secrets
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from accounts.errors import StoreUnavailable as AccountsUnavailable
from accounts.lockout import Lockout, LockoutRule
from accounts.rate_limits import RateLimits
from certificates.errors import StoreUnavailable as CertificatesUnavailable
from connections.address_precision import AddressPrecision
from domains.app_files import AppFile
from domains.directory import Directory
from domains.directory_entries import DomainEntries
from domains.errors import StoreUnavailable as DomainsUnavailable
from domains.names import registrable
from events.group_commit import GroupCommit
from events.journal import Journal
from events.ports import Work
from events.retention import KeepingRules
from links.blocks import BlockList
from links.ids import RECORD_BYTES, record_id
from relay.admission import Admission
from relay.metrics import RelayMetrics
from relay.pipeline import Pipeline
from relay.server import Relay
from relay.settings import RelaySettings, TrackingSettings
from rewriter import Policy, rewrite
from service.certificates.https_links import before_https
from service.errors import OperatorError
from service.event_upkeep import Summer
from service.live.accounts import LiveAccounts
from service.live.app_files import Files, live_app_files
from service.live.certificate import LiveCertificate, smtp_context
from service.live.certificates import LiveCertificates
from service.live.domains import LiveDirectory
from service.live.key_ring import LiveKeyRing
from service.live.link_blocks import live_blocks
from service.live.own_certificate import OwnCertificate
from service.live.seed import Seed
from service.live.snapshot_file import SnapshotFile
from service.live.snapshot_keeper import SnapshotKeeper
from service.live.value import LiveValue
from service.monitoring import new_registry
from service.retention import Retention, keeping_rules
from service.settings import (
    JournalSection,
    PrivacySection,
    RelaySection,
    Settings,
    TlsSection,
    TrackerSection,
)
from service.upstream_wiring import build_upstreams, profiles, system_default
from service.work_lease import WorkLease
from service.workers.numbers import WorkerNumbers
from storage.account_store import SqlAccountStore
from storage.app_file_store import SqlAppFileStore
from storage.block_store import SqlBlockStore
from storage.certificate_store import SqlCertificateStore
from storage.domain_store import SqlDomainStore
from storage.event_sums import SqlSummingStore
from storage.notifications import Notifications
from storage.partitions import SqlHitPartitions
from storage.retention import SqlRetentionStore
from storage.work_leases import SqlWorkLeases
from tracker.app import Challenges, OperatorPage, TrackerApp
from tracker.blocked_clicks import BlockedClicks
from tracker.metrics import TrackerMetrics
from tracker.reader_privacy import ReaderPrivacy
from tracker.tls import Certificates, Handshakes, TlsMetrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What relay and tracker share in one process."""

    directory: LiveDirectory
    accounts: LiveAccounts
    blocks: LiveValue[BlockList]
    app_files: LiveValue[Files]
    certificates: LiveCertificates | None  # where they are issued here; relay workers need none
    notifications: Notifications
    ring: LiveKeyRing
    journal: Journal
    commit: GroupCommit | None  # where records are to be on the disk before their answer goes out
    registry: CollectorRegistry
    numbers: WorkerNumbers
    lockout: Lockout
    rates: RateLimits
    relay_metrics: Callable[[], RelayMetrics]  # one for all generations; none where workers have theirs
    tracker_metrics: Callable[[], TrackerMetrics]
    tls_metrics: Callable[[], TlsMetrics]

    @property
    def on_disk(self) -> Callable[[], Awaitable[bool]] | None:
        """What to await between a record and its answer."""
        return self.commit.on_disk if self.commit else None

    def close_journal(self) -> None:
        """Hand everything to the shipper; nobody may wait for the disk any more."""
        if self.commit is not None:
            self.commit.close()
        self.journal.close()

    def refresh(self) -> None:
        """Read what changed in the database; blocks."""
        self.directory.refresh()
        self.accounts.refresh()
        self.blocks.refresh()
        self.app_files.refresh()
        if self.certificates is not None:
            self.certificates.refresh()


def build_live(
    settings: Settings, engine: Engine, *, seed: Seed | None = None, with_certificates: bool = False
) -> Live:
    """Read keys, domains, accounts, open the journal; `seed` is used instead of the database.

    Raises OperatorError.
    """
    try:
        directory = LiveDirectory(
            SqlDomainStore(engine),
            directory_builder(settings),
            seed=seed.directory if seed else None,
            seed_age=seed.age if seed else 0.0,
        )
        accounts = LiveAccounts(
            SqlAccountStore(engine),
            networks(settings.relay.networks),
            seed=seed.accounts if seed else None,
        )
        blocks = live_blocks(SqlBlockStore(engine), seed=seed.blocks if seed else None)
        app_files = live_app_files(SqlAppFileStore(engine), seed=seed.app_files if seed else None)
        certificates = _live_certificates(engine, seed) if with_certificates else None
    except (DomainsUnavailable, AccountsUnavailable, CertificatesUnavailable) as error:
        raise OperatorError(str(error)) from None
    registry = new_registry()
    journal = _journal(settings.journal)
    return Live(
        registry=registry,
        numbers=WorkerNumbers(registry),
        lockout=Lockout(LockoutRule(), time.monotonic),
        rates=RateLimits(time.monotonic),
        relay_metrics=cache(lambda: RelayMetrics(registry)),
        tracker_metrics=cache(lambda: TrackerMetrics(registry)),
        tls_metrics=cache(lambda: TlsMetrics(registry)),
        directory=directory,
        accounts=accounts,
        blocks=blocks,
        app_files=app_files,
        certificates=certificates,
        notifications=Notifications(engine),
        ring=LiveKeyRing(settings.keys),
        journal=journal,
        commit=GroupCommit(journal.sync) if settings.journal.fsync else None,
    )


def _journal(section: JournalSection) -> Journal:
    return Journal(section.directory, clock=now, new_suffix=lambda: secrets.token_hex(4), fsync=section.fsync)


def _live_certificates(engine: Engine, seed: Seed | None) -> LiveCertificates:
    return LiveCertificates(SqlCertificateStore(engine), seed=seed.certificates if seed else None)


def directory_builder(settings: Settings) -> Callable[[DomainEntries], Directory]:
    """Return what makes a directory as the settings have it."""
    return partial(
        Directory.of,
        system_default=system_default(settings),
        before_https=before_https(settings),
        require_verified=settings.domains.require_verified_senders,
    )


def build_keeper(path: Path, live: Live) -> SnapshotKeeper:
    """Return what writes the snapshot of what is in memory."""
    return SnapshotKeeper(
        SnapshotFile(path),
        live.directory,
        live.accounts,
        live.blocks,
        live.app_files,
        live.ring,
        live.certificates,
        clock=now,
        random_bytes=secrets.token_bytes,
    )


def build_relay(settings: Settings, live: Live) -> Relay:
    """Return the relay, not started. Raises OperatorError."""
    registrable("example.com")  # loads the public suffix list: 40 ms that the first message need not wait
    hostname = settings.relay.hostname or socket.getfqdn()
    return Relay(
        relay_settings(settings.relay, hostname),
        upstreams=build_upstreams(
            settings, hostname, lambda: live.accounts.current, live.relay_metrics().watch_upstream
        ),
        admission=build_admission(settings.relay, live),
        pipeline=build_pipeline(settings, live),
        record=live.journal.append,
        on_disk=live.on_disk,
        metrics=live.relay_metrics(),
        now=now,
        monotonic=time.monotonic,
        random_bytes=secrets.token_bytes,
        tls=_tls(settings.relay),
    )


def build_admission(section: RelaySection, live: Live) -> Admission:
    """Return who decides who may relay; failures and rates are counted for all generations."""
    return Admission(
        accounts=lambda: live.accounts.current,
        owner=lambda domain: live.directory.current.owner(domain),
        lockout=live.lockout,
        rates=live.rates,
        metrics=live.relay_metrics(),
        bind_senders=section.bind_senders,
    )


def relay_settings(section: RelaySection, hostname: str) -> RelaySettings:
    """Return what the relay needs of its section."""
    return RelaySettings(
        hostname=hostname,
        proxy_peers=networks(section.proxy_peers),
        max_per_address=section.max_connections_per_address,
        max_message_size=section.max_message_size,
        max_bytes_in_flight=section.max_bytes_in_flight,
        max_recipients=section.max_recipients,
        bare_newlines=section.bare_newlines,
        minimum_rate=section.minimum_rate,
        session_timeout=section.session_seconds,
    )


def networks(texts: Iterable[str]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Return networks that were checked already."""
    return tuple(ipaddress.ip_network(text) for text in texts)


def _tls(section: RelaySection) -> Callable[[], ssl.SSLContext | None]:
    if section.tls_certificate is None or section.tls_key is None:
        return lambda: None
    return LiveCertificate(
        section.tls_certificate,
        section.tls_key,
        setting="relay.tls_certificate",
        read=smtp_context,
        monotonic=time.monotonic,
    ).current


def build_pipeline(settings: Settings, live: Live) -> Pipeline:
    """Return the pipeline with the real rewriter."""
    return Pipeline(
        tracking_settings(settings),
        directory=lambda: live.directory.current,
        accounts=lambda: live.accounts.current,
        ring=lambda: live.ring.current,
        rewrite=rewrite,
        profile=profiles(settings, lambda: live.accounts.current),
        switched_off=settings.tracking.switch.exists,
    )


def build_tracker(settings: Settings, live: Live, challenges: Challenges | None = None) -> TrackerApp:
    """Return the tracker's application."""
    section = settings.tracker
    return TrackerApp(
        ring=lambda: live.ring.current,
        record=live.journal.append,
        on_disk=live.on_disk,
        metrics=live.tracker_metrics(),
        clock=now,
        new_id=lambda: record_id(secrets.token_bytes(RECORD_BYTES)),
        page=operator_page(section),
        trusted_proxies=networks(section.trusted_proxies),
        challenges=challenges,
        blocks=lambda: live.blocks.current,
        blocked=BlockedClicks().count,
        app_files=partial(_app_file, live),
        privacy=ReaderPrivacy(
            addresses=partial(_address_precision, settings.privacy.client_addresses, live),
            signals=settings.privacy.signals,
        ),
    )


def _address_precision(default: AddressPrecision, live: Live, project: int) -> AddressPrecision:
    known = live.accounts.current.project(project)
    return (known and known.privacy.client_addresses) or default


def build_retention(section: PrivacySection, engine: Engine, live: Live) -> Retention:
    """Return what deletes, as the settings and the projects of the moment say."""
    return Retention(
        SqlRetentionStore(engine),
        SqlHitPartitions(engine),
        WorkLease(SqlWorkLeases(engine), Work.RETENTION),
        rules=partial(_keeping, section, live),
        clock=now,
    )


def build_summer(section: PrivacySection, engine: Engine, live: Live) -> Summer:
    """Return what sums days, and leaves those alone whose hits are deleted by the same rules."""
    lease = WorkLease(SqlWorkLeases(engine), Work.SUMMING)
    return Summer(SqlSummingStore(engine), lease, rules=partial(_keeping, section, live), clock=now)


def _keeping(section: PrivacySection, live: Live) -> KeepingRules:
    return keeping_rules(section, live.accounts.current.entries.projects)


def _app_file(live: Live, host: str, file: AppFile) -> str | None:
    """Return that of the project whose name it is now."""
    project = live.directory.current.project_of(host)
    return None if project is None else live.app_files.current.get((project, host, file))


def build_handshakes(section: TlsSection, live: Live, certificates: Certificates | None) -> Handshakes | None:
    """Return what serves TLS, None where nobody listens."""
    if not section.listen or certificates is None:
        return None
    return Handshakes(certificates, live.tls_metrics(), wait_seconds=section.handshake_wait_seconds)


def own_certificate(section: TlsSection) -> OwnCertificate | None:
    """Return the operator's own. Raises OperatorError."""
    if section.certificate is None or section.key is None:
        return None
    return OwnCertificate(section.certificate, section.key, monotonic=time.monotonic)


def operator_page(section: TrackerSection) -> OperatorPage:
    """Return the operator's words for the page at /."""
    return OperatorPage(
        operator=section.operator,
        abuse_contact=section.abuse_contact,
        privacy_contact=section.privacy_contact,
    )


def tracking_settings(settings: Settings) -> TrackingSettings:
    """Return what the relay needs of the tracking section."""
    section = settings.tracking
    return TrackingSettings(
        mode=section.mode,
        policy=Policy(
            clicks=section.clicks,
            opens=section.opens,
            text=section.text,
            excluded_hosts=section.excluded_hosts,
            allowed_destinations=section.allowed_destinations,
            visible_url=section.visible_url,
            signed_mail=section.signed_mail,
            pixel_place=section.pixel_place,
            limits=settings.limits,
        ),
        recipients=section.recipients,
        unknown_senders=section.unknown_senders,
    )


def now() -> int:
    """Return milliseconds since 1970."""
    return time.time_ns() // 1_000_000
