import logging
from dataclasses import replace
from pathlib import Path

import pytest

from accounts.directory import AccountDirectory
from domains.app_files import AppFile, AppFileEntry
from domains.directory import Directory
from links import Block, BlockKind, KeyRing
from links.blocks import NO_BLOCKS
from links.key_file import dump_key_ring
from service.live.accounts import LiveAccounts
from service.live.app_files import live_app_files, unpack_app_files
from service.live.certificate_sections import unpack_certificates
from service.live.certificates import LiveCertificates
from service.live.domain_sections import unpack_domains
from service.live.domains import LiveDirectory
from service.live.key_ring import LiveKeyRing
from service.live.link_blocks import live_blocks, unpack_blocks
from service.live.snapshot import Snapshot
from service.live.snapshot_file import SnapshotFile, read_snapshot
from service.live.snapshot_keeper import REWRITE_SECONDS, SnapshotKeeper
from service.settings import KeysSection
from tests.accounts import memory_store as accounts
from tests.certificates.builders import ACTIVE
from tests.certificates.memory_store import MemoryStore as CertificateStore
from tests.certificates.store_contract import put
from tests.domains import memory_app_file_store as app_files
from tests.domains import memory_block_store as blocks
from tests.domains import memory_store as domains
from tests.domains.store_contract import NOW as CREATED
from tests.service.live.snapshots import NOW, RING


class Keeping:
    """A keeper and all around it."""

    def __init__(self, path: Path, *, seeded: bool = False) -> None:
        self.path = path
        self.seconds = 0.0
        self.takes = 0.0  # seconds to write
        self.domains, self.accounts = domains.MemoryStore(), accounts.MemoryStore()
        self.domains.available = self.accounts.available = not seeded
        seed = Directory.build([], []) if seeded else None
        nobody = AccountDirectory.build([], [], []) if seeded else None
        self.directory = LiveDirectory(self.domains, seed=seed, monotonic=lambda: self.seconds)
        self.live_accounts = LiveAccounts(self.accounts, [], seed=nobody)
        self.block_store = blocks.MemoryStore()
        self.block_store.available = not seeded
        self.blocks = live_blocks(self.block_store, seed=NO_BLOCKS if seeded else None)
        self.app_file_store = app_files.MemoryStore()
        self.app_file_store.available = not seeded
        self.app_files = live_app_files(self.app_file_store, seed={} if seeded else None)
        self.ring = LiveKeyRing(KeysSection(ring=dump_key_ring(RING)))
        self.certificate_store = CertificateStore()
        self.certificates = LiveCertificates(self.certificate_store)
        self.file = SnapshotFile(path)
        self.writes = 0
        self.keeper = SnapshotKeeper(
            self.file,
            self.directory,
            self.live_accounts,
            self.blocks,
            self.app_files,
            self.ring,
            self.certificates,
            clock=lambda: NOW,
            random_bytes=self._random,
            monotonic=lambda: self.seconds,
        )

    def round(self) -> int:
        """Return how often it has written so far."""
        self.directory.refresh()
        self.live_accounts.refresh()
        self.blocks.refresh()
        self.app_files.refresh()
        self.certificates.refresh()
        self.keeper.keep()
        return self.writes

    def add_sender(self, name: str) -> None:
        self.domains.add_sending_domain(project=1, name=name, token="", created_at=CREATED)

    def read(self) -> Snapshot:
        snapshot = read_snapshot(self.path, self.ring.current)
        assert snapshot is not None
        return snapshot

    def _random(self, length: int) -> bytes:
        self.writes += 1
        self.seconds += self.takes
        return bytes(length)


@pytest.fixture
def keeping(tmp_path: Path) -> Keeping:
    return Keeping(tmp_path / "snapshot")


def test_it_writes_at_first_and_after_each_change_alone(keeping: Keeping) -> None:
    assert [keeping.round(), keeping.round()] == [1, 1]
    keeping.add_sender("example.com")
    assert [keeping.round(), keeping.round()] == [2, 2]
    assert [entry.name for entry in unpack_domains(keeping.read().sections).sending] == ["example.com"]
    keeping.accounts.add_project(name="shop", created_at=CREATED)
    assert [keeping.round(), keeping.round()] == [3, 3]
    block = Block(kind=BlockKind.HOST, value="evil.example", reason="", created_at=CREATED)
    keeping.block_store.add(block)
    assert [keeping.round(), keeping.round()] == [4, 4]
    assert unpack_blocks(keeping.read().sections).blocks == (block,)
    keeping.app_file_store.put(AppFileEntry(1, "track.example.com", AppFile.APPLE, "{}"))
    assert [keeping.round(), keeping.round()] == [5, 5]
    assert list(unpack_app_files(keeping.read().sections).values()) == ["{}"]
    assert b'"shop"' in keeping.read().sections["projects"]


def test_it_writes_after_a_certificate_changed_and_not_after_each_order(keeping: Keeping) -> None:
    keeping.round()
    record = put(keeping.certificate_store, ACTIVE)
    assert [keeping.round(), keeping.round()] == [2, 2]
    assert [each.certificate for each in unpack_certificates(keeping.read().sections)] == [ACTIVE.certificate]
    put(keeping.certificate_store, replace(record, failures=1))
    assert keeping.round() == 2


def test_the_longer_writing_takes_the_more_seldom_it_is_done(keeping: Keeping) -> None:
    keeping.takes = 1.0
    assert keeping.round() == 1
    keeping.add_sender("example.com")
    keeping.seconds = 19.9
    assert keeping.round() == 1
    keeping.seconds = 20.0
    assert [keeping.round(), keeping.round()] == [2, 2]


def test_a_revocation_does_not_wait(keeping: Keeping) -> None:
    keeping.takes = 1.0
    keeping.round()
    keeping.ring.current = RING.rotate(bytes(range(1, 33)), now=NOW, seals_from=NOW).revoke(1)
    assert keeping.round() == 2


def test_a_block_does_not_wait(keeping: Keeping) -> None:
    keeping.takes = 1.0
    keeping.round()
    keeping.block_store.add(Block(kind=BlockKind.HOST, value="evil.example", reason="", created_at=CREATED))
    assert keeping.round() == 2


def test_what_waits_is_written_at_the_end(keeping: Keeping) -> None:
    keeping.takes = 1.0
    keeping.round()
    keeping.add_sender("example.com")
    assert keeping.round() == 1
    keeping.keeper.close()
    assert keeping.writes == 2
    keeping.add_sender("example.org")
    assert keeping.round() == 2


def test_nothing_new_is_not_written_at_the_end(keeping: Keeping) -> None:
    keeping.round()
    keeping.keeper.close()
    assert keeping.writes == 1


def test_after_a_revocation_it_is_sealed_anew(keeping: Keeping) -> None:
    keeping.round()
    keeping.ring.current = RING.rotate(bytes(range(1, 33)), now=NOW, seals_from=NOW).revoke(1)
    assert keeping.round() == 2
    assert keeping.read().written_at == NOW


def test_it_does_not_grow_old_while_the_database_is_there(keeping: Keeping) -> None:
    keeping.round()
    keeping.seconds += REWRITE_SECONDS + 1
    keeping.domains.available = False
    assert keeping.round() == 1
    keeping.domains.available = True
    assert [keeping.round(), keeping.round()] == [2, 2]


def test_what_came_from_a_snapshot_is_not_written_as_news(tmp_path: Path) -> None:
    keeping = Keeping(tmp_path / "snapshot", seeded=True)
    assert keeping.round() == 0
    keeping.domains.available = True
    assert keeping.round() == 0
    keeping.accounts.available = True
    assert keeping.round() == 0
    keeping.block_store.available = True
    assert keeping.round() == 0
    keeping.app_file_store.available = True
    assert keeping.round() == 1


def test_one_of_two_processes_writes(tmp_path: Path) -> None:
    first, second = Keeping(tmp_path / "snapshot"), Keeping(tmp_path / "snapshot")
    assert [first.round(), second.round()] == [1, 0]
    first.keeper.close()
    assert second.round() == 1


def test_a_file_that_cannot_be_written_is_told_once_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "snapshot").mkdir()
    keeping = Keeping(tmp_path / "snapshot")
    with caplog.at_level(logging.WARNING):
        keeping.round()
        keeping.round()
        (tmp_path / "snapshot").rmdir()
        keeping.round()
    assert [record.message for record in caplog.records] == [
        f"snapshot: {tmp_path}/snapshot cannot be written: Is a directory",
        "snapshot: works again",
    ]
    assert isinstance(keeping.ring.current, KeyRing)
    assert keeping.read().written_at == NOW
