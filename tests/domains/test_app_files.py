import pytest

from domains.app_files import MAX_OCTETS, AppFile, AppFileEntry, AppFiles, checked
from domains.errors import InvalidAppFile, UnknownDomain
from tests.domains.builders import NOW, PROJECT
from tests.domains.memory_app_file_store import MemoryStore as MemoryFiles
from tests.domains.memory_store import MemoryStore

TRACK = "track.example.com"
APPLE = b'{"applinks": {"details": []}}'
ANDROID = b'[{"relation": ["delegate_permission/common.handle_all_urls"]}]'


@pytest.fixture
def store() -> MemoryFiles:
    return MemoryFiles()


@pytest.fixture
def files(store: MemoryFiles) -> AppFiles:
    domains = MemoryStore()
    domains.add_tracking_domain(project=PROJECT, name=TRACK, target="t.waypost.test", created_at=NOW)
    domains.add_tracking_domain(project=2, name="track.other.com", target="t.waypost.test", created_at=NOW)
    return AppFiles(store=store, domains=domains, project=PROJECT)


def test_files_are_kept_and_removed(files: AppFiles, store: MemoryFiles) -> None:
    files.put("Track.Example.com.", {AppFile.APPLE: APPLE, AppFile.ANDROID: ANDROID})
    assert files.of(TRACK) == (AppFile.APPLE, AppFile.ANDROID)
    files.put(TRACK, {AppFile.APPLE: None})
    assert files.of(TRACK) == (AppFile.ANDROID,)
    assert store.entries() == [AppFileEntry(PROJECT, TRACK, AppFile.ANDROID, ANDROID.decode())]


@pytest.mark.parametrize("name", ["track.other.com", "no.example.com"])
def test_only_for_domains_of_the_project(files: AppFiles, store: MemoryFiles, name: str) -> None:
    with pytest.raises(UnknownDomain):
        files.put(name, {AppFile.APPLE: APPLE})
    assert store.entries() == []


def test_all_are_checked_before_any_is_kept(files: AppFiles, store: MemoryFiles) -> None:
    with pytest.raises(InvalidAppFile):
        files.put(TRACK, {AppFile.APPLE: APPLE, AppFile.ANDROID: APPLE})
    assert store.entries() == []


@pytest.mark.parametrize(("file", "octets"), [(AppFile.APPLE, APPLE), (AppFile.ANDROID, ANDROID)])
def test_a_good_file_is_served_as_it_is(file: AppFile, octets: bytes) -> None:
    assert checked(file, octets) == octets.decode()
    assert checked(file, octets + b" " * (MAX_OCTETS - len(octets)))


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"7",
        b"{",
        b'"text"',
        b"<html>",
        b"\xef\xbb\xbf{}",
        '{"é": 1}'.encode("latin-1"),
        b"[" * 100_000,
        b" " * MAX_OCTETS + b"{}",
    ],
)
@pytest.mark.parametrize("file", AppFile)
def test_what_no_phone_would_take_is_refused(file: AppFile, octets: bytes) -> None:
    with pytest.raises(InvalidAppFile):
        checked(file, octets)


@pytest.mark.parametrize(("file", "octets"), [(AppFile.APPLE, ANDROID), (AppFile.ANDROID, APPLE)])
def test_one_is_not_taken_for_the_other(file: AppFile, octets: bytes) -> None:
    with pytest.raises(InvalidAppFile, match="must be"):
        checked(file, octets)
