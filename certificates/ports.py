"""What the certificate use cases need from outside.

Adapters: `storage.certificate_store` and `certificates.authority`; fakes in tests.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from certificates.model import Account, Certificate, Challenge, HostRecord, Issued, RenewalAdvice

Publish = Callable[[str, str], AbstractContextManager[None]]
"""(token, answer): while the block runs, every node answers the challenge so."""


class Authority(Protocol):
    """Issues certificates. Blocks, for a bounded time; safe to use from several threads."""

    @property
    def directory(self) -> str:
        """The URL that names it."""

    def issue(self, host: str, publish: Publish, *, replaces: Certificate | None = None) -> Issued:
        """Return a new certificate with a key of its own. Raises `errors.AuthorityError`."""

    def renewal_advice(self, certificate: Certificate) -> RenewalAdvice | None:
        """Return when to renew it, None where no advice is given. Raises `errors.AuthorityError`."""

    def revoke(self, certificate: Certificate) -> None:
        """Have it revoked; one that is revoked already is no error. Raises `errors.AuthorityError`."""


class CertificateStore(Protocol):
    """Keeps the records of hosts. Each method is one transaction.

    Every method raises `errors.StoreUnavailable` where the database cannot be reached.
    """

    def version(self) -> int:
        """Return a number that grows with every committed change to any record."""

    def records(self, *, since: int = 0) -> list[HostRecord]:
        """Return the records that changed after that version, by host."""

    def find(self, host: str) -> HostRecord:
        """Return it; an empty record of version 0 for a host that is not known."""

    def find_each(self, hosts: Collection[str]) -> Mapping[str, HostRecord]:
        """Return the records of those of the hosts that are known."""

    def due(self, now: datetime, limit: int) -> list[HostRecord]:
        """Return the records whose `due_at` has come and that no order holds, the longest due first."""

    def advice_due(self, now: datetime, limit: int) -> list[HostRecord]:
        """Return the records whose `advice_at` has come and that no order holds, the longest due first."""

    def put(self, record: HostRecord) -> HostRecord | None:
        """Write it and return it with its new version; None where it changed after it was read.

        So the version fences: whoever lost a lease can write nothing any more.
        """

    def claim(self, record: HostRecord, *, now: datetime, per_hour: int) -> HostRecord | None:
        """Write a record with a lease, as `put` does, and count an order.

        However many nodes claim the same version of a record, one gets it. Raises `errors.OrderCapReached`
        where `per_hour` orders were counted in the hour before `now`.
        """


class ChallengeStore(Protocol):
    """Keeps what challenges must answer while orders run. Raises `errors.StoreUnavailable`."""

    def put_challenge(self, challenge: Challenge, *, now: datetime) -> None:
        """Add or replace it; those that expired before `now` go."""

    def challenge_answer(self, token: str, *, now: datetime) -> str | None:
        """Return what to answer, None for a token that is not known or expired."""

    def challenge_answers(self, *, now: datetime) -> dict[str, str]:
        """Return what to answer by token, all of them: there are as many as orders run."""

    def delete_challenge(self, token: str) -> None:
        """Delete it; one that is not there is no error."""


class AccountStore(Protocol):
    """Keeps one account for each authority. Raises `errors.StoreUnavailable`."""

    def account(self, directory: str) -> Account | None:
        """Return the account with the authority of that directory."""

    def add_account(self, account: Account) -> Account:
        """Add it, and return the one that is kept: another's where that came first."""

    def update_account(self, account: Account) -> None:
        """Write all fields of the account of that directory."""
