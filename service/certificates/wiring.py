"""Which concrete class stands behind each port of certificates that are issued here."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from certificates.issuing import Issuing, OrderLimits
from certificates.ports import Authority, ChallengeStore
from certificates.sealed_keys import KeySeal
from certificates.upkeep import Upkeep
from domains.names import host_name
from links import KeyRing
from service.certificates.hosts import HostCertificates, Waiting
from service.certificates.https_links import is_trial
from service.certificates.issuing import CertificateWork, Orders
from service.certificates.metrics import CertificateMetrics, watch_certificates, watch_orders
from service.certificates.orders import OrdersOnDemand
from service.certificates.rule import CertificateRule
from service.domain_checks.lookup import resolver
from service.live.certificates import LiveCertificates
from service.live.challenges import LiveChallenges
from service.settings import Settings, TlsSection
from service.settings_checks import directory_url
from service.wiring import Live, own_certificate
from storage.acme_store import SqlAcmeStore
from storage.certificate_store import SqlCertificateStore
from storage.domain_store import SqlDomainStore
from tracker.tls import Contexts

if TYPE_CHECKING:
    from certificates.authority import AcmeAuthority

_random = secrets.SystemRandom().random


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedHttps:
    """What `serve` needs of certificates that are issued here."""

    orders: OrdersOnDemand
    challenges: LiveChallenges
    work: CertificateWork


def build_https(settings: Settings, live: Live, engine: Engine) -> IssuedHttps | None:
    """Return it, None where no certificates are issued here."""
    known = live.certificates
    if known is None:
        return None
    seal = key_seal(lambda: live.ring.current)
    challenges = build_challenges(engine)
    authority = build_authority(settings.tls, engine, seal)
    issuing = build_issuing(settings, engine, authority, seal, challenges)
    watch_certificates(live.registry, known, lambda: live.directory.current, _now)
    orders = Orders(issuing, known, CertificateMetrics(live.registry).asked)
    on_demand = OrdersOnDemand(
        may_ask=lambda host: live.directory.current.was_verified(host),
        order=orders.issue,
        live=known,
        clock=_now,
    )
    work = CertificateWork(
        orders=orders,
        upkeep=build_upkeep(engine, authority, seal),
        live=known,
        directory=lambda: live.directory.current,
        domains=SqlDomainStore(engine),
        seal=seal,
        trial=is_trial(settings.tls),
        clock=_now,
    )
    watch_orders(live.registry, work)
    return IssuedHttps(challenges=challenges, orders=on_demand, work=work)


def build_challenges(engine: Engine) -> LiveChallenges:
    """Return what the tracker answers an authority."""
    return LiveChallenges(SqlAcmeStore(engine), clock=_now)


def host_certificates(
    settings: Settings, live: Live, known: LiveCertificates, orders: Waiting
) -> HostCertificates:
    """Return what the tracker serves. Raises OperatorError."""
    return HostCertificates(
        known,
        orders,
        own=own_certificate(settings.tls),
        seal=key_seal(lambda: live.ring.current),
        contexts=Contexts(monotonic=time.monotonic),
        clock=_now,
    )


def build_issuing(
    settings: Settings, engine: Engine, authority: Authority, seal: KeySeal, challenges: ChallengeStore
) -> Issuing:
    """Return the use cases of certificates."""
    lookup = resolver(settings)
    rule = CertificateRule(
        store=SqlDomainStore(engine),
        lookup=lookup,
        addresses=lookup,
        targets=tuple(map(host_name, settings.domains.cname_targets)),
        clock=_now,
    )
    return Issuing(
        store=SqlCertificateStore(engine),
        challenges=challenges,
        authority=authority,
        seal=seal,
        may_issue=rule.may_issue,
        limits=OrderLimits(per_hour=settings.tls.orders_per_hour),
        clock=_now,
        random=_random,
    )


def build_upkeep(engine: Engine, authority: Authority, seal: KeySeal) -> Upkeep:
    """Return what looks after certificates that are good."""
    return Upkeep(
        store=SqlCertificateStore(engine), authority=authority, seal=seal, clock=_now, random=_random
    )


def build_authority(section: TlsSection, engine: Engine, seal: KeySeal) -> "AcmeAuthority":
    """Return the authority that the settings name, with its account in the database."""
    # Here, since ACME's library takes long to import, and most have no use for it.
    from certificates.authority import AcmeAuthority, AcmeSettings

    acme = AcmeSettings(
        directory=directory_url(section.directory),
        contact=tuple(f"mailto:{address}" for address in section.contact),
        terms_agreed=section.terms_agreed,
        trust_root="" if section.trust_root is None else str(section.trust_root),
    )
    return AcmeAuthority(acme, SqlAcmeStore(engine), seal, now=_now)


def key_seal(ring: Callable[[], KeyRing]) -> KeySeal:
    """Return what seals private keys."""
    return KeySeal(ring, clock=_now, random=secrets.token_bytes)


def _now() -> datetime:
    return datetime.now(UTC)
