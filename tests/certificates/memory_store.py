"""The ports of `certificates.ports` in memory, for tests of everything above the store."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from certificates.errors import OrderCapReached, StoreUnavailable
from certificates.model import Account, Challenge, HostRecord


class MemoryStore:
    """Behaves as `store_contract` says. Set `available` to False to lose the database."""

    def __init__(self) -> None:
        self.available = True
        self.orders: list[datetime] = []
        self.challenges: dict[str, Challenge] = {}
        self._version = 0
        self._records: dict[str, HostRecord] = {}
        self._accounts: dict[str, Account] = {}

    def version(self) -> int:
        self._reach()
        return self._version

    def records(self, *, since: int = 0) -> list[HostRecord]:
        self._reach()
        return [each for _, each in sorted(self._records.items()) if each.version > since]

    def find(self, host: str) -> HostRecord:
        self._reach()
        return self._records.get(host, HostRecord(host=host))

    def find_each(self, hosts: Collection[str]) -> Mapping[str, HostRecord]:
        self._reach()
        return {host: self._records[host] for host in hosts if host in self._records}

    def due(self, now: datetime, limit: int) -> list[HostRecord]:
        reached = [(each.due_at, each.host, each) for each in self._free(now) if each.due_at]
        return [each for at, _, each in sorted(reached, key=lambda one: one[:2]) if at <= now][:limit]

    def advice_due(self, now: datetime, limit: int) -> list[HostRecord]:
        reached = [(each.advice_at, each.host, each) for each in self._free(now) if each.advice_at]
        return [each for at, _, each in sorted(reached, key=lambda one: one[:2]) if at <= now][:limit]

    def put(self, record: HostRecord) -> HostRecord | None:
        if self.find(record.host).version != record.version:
            return None
        self._version += 1
        self._records[record.host] = replace(record, version=self._version)
        return self._records[record.host]

    def claim(self, record: HostRecord, *, now: datetime, per_hour: int) -> HostRecord | None:
        if self.find(record.host).version != record.version:
            return None
        recent = sorted((at for at in self.orders if at > now - timedelta(hours=1)), reverse=True)
        if len(recent) >= per_hour:
            raise OrderCapReached(recent[per_hour - 1] + timedelta(hours=1))
        self.orders.append(now)
        return self.put(record)

    def put_challenge(self, challenge: Challenge, *, now: datetime) -> None:
        self._reach()
        self.challenges = {name: each for name, each in self.challenges.items() if each.expires_at > now}
        self.challenges[challenge.token] = challenge

    def challenge_answer(self, token: str, *, now: datetime) -> str | None:
        self._reach()
        found = self.challenges.get(token)
        return found.answer if found is not None and found.expires_at > now else None

    def challenge_answers(self, *, now: datetime) -> dict[str, str]:
        self._reach()
        return {token: each.answer for token, each in self.challenges.items() if each.expires_at > now}

    def delete_challenge(self, token: str) -> None:
        self._reach()
        self.challenges.pop(token, None)

    def account(self, directory: str) -> Account | None:
        self._reach()
        return self._accounts.get(directory)

    def add_account(self, account: Account) -> Account:
        self._reach()
        return self._accounts.setdefault(account.directory, account)

    def update_account(self, account: Account) -> None:
        self._reach()
        if account.directory in self._accounts:
            self._accounts[account.directory] = account

    def _free(self, now: datetime) -> list[HostRecord]:
        return [each for each in self.records() if each.leased_until is None or each.leased_until <= now]

    def _reach(self) -> None:
        if not self.available:
            raise StoreUnavailable("the database is away")
