"""Keeps the snapshot on disk as fresh as what is in memory."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from accounts.directory import AccountDirectory
from domains.directory import Directory
from links.blocks import BlockList
from service.alarm import Alarm
from service.live.account_sections import pack_accounts
from service.live.accounts import LiveAccounts
from service.live.app_files import Files, pack_app_files
from service.live.certificate_sections import pack_certificates
from service.live.certificates import LiveCertificates
from service.live.domain_sections import pack_domains
from service.live.domains import LiveDirectory
from service.live.key_ring import LiveKeyRing
from service.live.link_blocks import pack_blocks
from service.live.snapshot import NONCE_BYTES, Snapshot, SnapshotError, seal_snapshot
from service.live.snapshot_file import SnapshotFile
from service.live.value import LiveValue

log = logging.getLogger("waypost.service")

REWRITE_SECONDS: Final = 600.0  # its age says when the database was last there, so it is not left to grow old
MOST_OF_THE_TIME: Final = 0.05  # that writing takes: of 100,000 domains a second, then none for twenty
FRESH_SECONDS: Final = 30.0  # the database was asked within them


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Written:
    directory: Directory
    accounts: AccountDirectory
    blocks: BlockList
    app_files: Files
    certificates: int  # their edition
    key: int
    at: float


class SnapshotKeeper:
    """Writes after changes. `clock` returns milliseconds since 1970, `random_bytes` so many random bytes."""

    def __init__(
        self,
        file: SnapshotFile,
        directory: LiveDirectory,
        accounts: LiveAccounts,
        blocks: LiveValue[BlockList],
        app_files: LiveValue[Files],
        ring: LiveKeyRing,
        certificates: LiveCertificates | None = None,
        *,
        clock: Callable[[], int],
        random_bytes: Callable[[int], bytes],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = file
        self._directory = directory
        self._accounts = accounts
        self._blocks = blocks
        self._app_files = app_files
        self._ring = ring
        self._certificates = certificates
        self._clock = clock
        self._random_bytes = random_bytes
        self._monotonic = monotonic
        self._written: _Written | None = None
        self._rests_until = 0.0  # whatever changes but the key and the blocks
        self._writing = threading.Lock()  # `close` comes from another thread, maybe amid a `keep`
        self._closed = False
        self._alarm = Alarm(log, "snapshot")

    def keep(self) -> None:
        """Write where something changed, and where it was long ago; blocks. Never what a snapshot said."""
        with self._writing:
            if not self._closed:
                self._keep()

    def close(self) -> None:
        """Write what changed since, for a start without a database, and let another process write."""
        with self._writing:
            self._closed = True
            self._rests_until = 0.0
            self._keep()
            self._file.release()

    def _keep(self) -> None:
        if not all(
            each.was_read for each in (self._directory, self._accounts, self._blocks, self._app_files)
        ):
            return
        if self._certificates is not None and not self._certificates.was_read:
            return
        try:
            if self._file.claim():
                self._write()
        except OSError as error:
            self._alarm.failed(f"{self._file.path} cannot be written: {error.strerror}")
        except SnapshotError as error:
            self._alarm.failed(f"{self._file.path} cannot be written: {error}")
        else:
            self._alarm.well()

    def _write(self) -> None:
        key = self._ring.current.sealing(self._clock())
        now = _Written(
            directory=self._directory.current,
            accounts=self._accounts.current,
            blocks=self._blocks.current,
            app_files=self._app_files.current,
            certificates=0 if self._certificates is None else self._certificates.edition,
            key=key.id,
            at=self._monotonic(),
        )
        if not self._is_due(now):
            return
        sections = pack_domains(now.directory.entries) | pack_accounts(now.accounts.entries)
        sections |= pack_blocks(now.blocks) | pack_app_files(now.app_files)
        if self._certificates is not None:
            sections |= pack_certificates(self._certificates.current.values())
        snapshot = Snapshot(written_at=self._clock(), sections=sections)
        self._file.write(seal_snapshot(snapshot, key, self._random_bytes(NONCE_BYTES)))
        self._written = now
        self._rests_until = now.at + (self._monotonic() - now.at) / MOST_OF_THE_TIME

    def _is_due(self, now: _Written) -> bool:
        last = self._written
        if last is None or last.key != now.key:  # what a revoked key sealed cannot be opened any more
            return True
        if last.blocks is not now.blocks:  # a link to phishing stays switched off, whenever the machine stops
            return True
        if now.at < self._rests_until:
            return False
        if last.directory is not now.directory or last.accounts is not now.accounts:
            return True
        if last.app_files is not now.app_files:
            return True
        if last.certificates != now.certificates:
            return True
        return now.at - last.at > REWRITE_SECONDS and self._directory.age() < FRESH_SECONDS
