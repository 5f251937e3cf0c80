"""What certificates need while they are good: advice on their renewal, and keys that the newest key seals."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from certificates import rules
from certificates.errors import AuthorityError, KeyUnreadable
from certificates.model import HostRecord
from certificates.ports import Authority, CertificateStore
from certificates.sealed_keys import KeySeal

log = logging.getLogger("waypost.certificates")


class Upkeep:
    """Its methods block, and may be called from several threads. What an order holds is left to the order."""

    def __init__(
        self,
        *,
        store: CertificateStore,
        authority: Authority,
        seal: KeySeal,
        clock: Callable[[], datetime],
        random: Callable[[], float],
    ) -> None:
        """`random` is from 0 to 1."""
        self._store = store
        self._authority = authority
        self._seal = seal
        self._clock = clock
        self._random = random

    def ask_for_advice(self, limit: int) -> int:
        """Ask the authority when to renew, for the hosts whose time to ask has come; return how many.

        Raises `StoreUnavailable`.
        """
        records = self._store.advice_due(self._clock(), limit)
        for record in records:
            self._store.put(self._with_advice(record))
        return len(records)

    def seal_again(self) -> int:
        """Seal with the key that seals now what another key of the ring sealed; return how many.

        After that a key of the ring can be revoked without the loss of a certificate. Raises
        `StoreUnavailable`.
        """
        return sum(self._seal_again(record) for record in self._store.records())

    def _with_advice(self, record: HostRecord) -> HostRecord:
        if record.certificate is None or record.certificate.authority != self._authority.directory:
            return replace(record, advice_at=None)
        try:
            advice = self._authority.renewal_advice(record.certificate)
        except AuthorityError as error:
            log.warning("no renewal information for %s: %s: %s", record.host, error.type, error.detail)
            return replace(record, advice_at=self._clock() + rules.ASK_AGAIN)
        if advice is None:
            return replace(record, advice_at=None)
        return rules.advised(record, advice, self._random())

    def _seal_again(self, record: HostRecord) -> bool:
        certificate = record.certificate
        if certificate is None or rules.is_leased(record, self._clock()):
            return False
        if self._seal.is_current(certificate.sealed_key):
            return False
        try:
            key = self._seal.open(record.host, certificate.sealed_key)
        except KeyUnreadable:
            return False
        sealed = replace(certificate, sealed_key=self._seal.seal(record.host, key))
        return self._store.put(replace(record, certificate=sealed)) is not None
