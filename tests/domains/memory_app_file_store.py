"""A `domains.app_files.AppFileStore` in memory, for tests of everything above the store."""

from domains.app_files import AppFileEntry
from domains.errors import StoreUnavailable


class MemoryStore:
    """Set `available` to False to lose the database."""

    def __init__(self) -> None:
        self.available = True
        self._version = 0
        self._entries: dict[tuple[object, ...], AppFileEntry] = {}

    def version(self) -> int:
        self._reach()
        return self._version

    def entries(self) -> list[AppFileEntry]:
        self._reach()
        return list(self._entries.values())

    def put(self, entry: AppFileEntry) -> None:
        self._reach()
        self._version += 1
        self._entries.pop(entry[:3], None)
        if entry.content:
            self._entries[entry[:3]] = entry

    def _reach(self) -> None:
        if not self.available:
            raise StoreUnavailable("the database is away.")
