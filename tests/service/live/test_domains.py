from functools import partial

from domains.directory import Directory
from service.live.domains import LiveDirectory
from tests.domains.builders import NOW
from tests.domains.memory_store import MemoryStore

STRICT = partial(Directory.of, require_verified=True)


def store_with_a_sender() -> MemoryStore:
    store = MemoryStore()
    store.add_sending_domain(project=1, name="example.com", created_at=NOW, token="t")
    return store


def test_other_settings_are_followed_at_once() -> None:
    live = LiveDirectory(store_with_a_sender())
    assert live.current.owner("example.com") == 1
    live.use(STRICT)
    assert live.current.owner("example.com") is None
    live.use(partial(Directory.of, system_default="https://t.example.net"))
    assert live.current.choose(1, "example.com").base == "https://t.example.net"


def test_a_proof_is_seen_at_the_next_reading() -> None:
    store = store_with_a_sender()
    live = LiveDirectory(store, STRICT)
    assert live.current.owner("example.com") is None
    store.verify_sending_domain("example.com", "t", NOW)
    live.refresh()
    assert live.current.owner("mail.example.com") == 1
