import pytest

from domains.app_files import AppFile, AppFileEntry
from service.live.app_files import live_app_files, pack_app_files, unpack_app_files
from service.live.snapshot import SnapshotError
from tests.domains.memory_app_file_store import MemoryStore

KEY = (1, "track.example.com", AppFile.APPLE)
ENTRY = AppFileEntry(*KEY, '{"é": 1}')


def test_a_file_is_used_from_the_next_reading_on() -> None:
    store = MemoryStore()
    live = live_app_files(store)
    store.put(ENTRY)
    live.refresh()
    assert live.current == {KEY: ENTRY.content}


def test_files_come_back_from_a_snapshot() -> None:
    files = {KEY: ENTRY.content, (2, "a.example", AppFile.ANDROID): "[]"}
    assert unpack_app_files(pack_app_files(files)) == files
    assert unpack_app_files({}) == {}


def test_what_makes_no_sense_is_refused() -> None:
    section = b'["project","name","file","content"]\n[[1,"track.example.com","other","{}"]]'
    with pytest.raises(SnapshotError):
        unpack_app_files({"app files": section})
