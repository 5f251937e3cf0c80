from dataclasses import replace
from datetime import datetime

from accounts.api_keys import ApiKey


class MemoryApiKeyStore:
    """`accounts.api_keys.ApiKeyStore` in memory; `uses` counts what was written for requests."""

    def __init__(self) -> None:
        self._keys: dict[str, ApiKey] = {}
        self.uses = 0

    def api_keys(self) -> list[ApiKey]:
        return list(self._keys.values())

    def find(self, number: str) -> ApiKey | None:
        return self._keys.get(number)

    def add(self, key: ApiKey) -> None:
        self._keys[key.id] = key

    def revoke(self, number: str, at: datetime) -> None:
        if (key := self._keys.get(number)) and key.revoked_at is None:
            self._keys[number] = replace(key, revoked_at=at)

    def used(self, number: str, at: datetime) -> None:
        self.uses += 1
        self._keys[number] = replace(self._keys[number], last_used_at=at)
