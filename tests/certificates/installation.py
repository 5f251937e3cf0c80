"""Issuing as it is wired together: a real database, a real authority."""

import os
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from certificates.authority import AcmeAuthority, AcmeSettings
from certificates.issuing import Issuing, OrderLimits
from certificates.sealed_keys import KeySeal
from links.key_ring import KeyRing
from storage.acme_store import SqlAcmeStore
from storage.certificate_store import SqlCertificateStore
from storage.engine import open_engine

LEASE = timedelta(minutes=3)
RING = KeyRing.first(b"k" * 32, 0)


def real_time() -> datetime:
    return datetime.now(UTC)


def real_installation(
    database: str, directory: str, trust_root: str, clock: Callable[[], datetime] = real_time
) -> Issuing:
    """Return a node's issuing, for any host."""
    engine = open_engine(database)
    seal = KeySeal(lambda: RING, clock=clock, random=os.urandom)
    kept = SqlAcmeStore(engine)
    settings = AcmeSettings(directory=directory, terms_agreed=True, trust_root=trust_root)
    return Issuing(
        store=SqlCertificateStore(engine),
        challenges=kept,
        authority=AcmeAuthority(settings, kept, seal, now=clock),
        seal=seal,
        may_issue=lambda host: True,
        limits=OrderLimits(lease=LEASE),
        clock=clock,
        random=random.random,
    )
