from dataclasses import replace
from functools import partial

import pytest

from domains.directory import Directory, Why
from domains.history import Step
from domains.model import State
from service.live.domains import LiveDirectory
from tests.domains.builders import NOW
from tests.domains.memory_store import MemoryStore

STRICT = partial(Directory.of, require_verified=True)


def store_with_a_sender() -> MemoryStore:
    store = MemoryStore()
    store.add_sending_domain(project=1, name="example.com", created_at=NOW, token="t")
    pending = store.add_tracking_domain(
        project=1, name="track.example.com", target="links.waypost.test", created_at=NOW
    )
    store.record(Step(before=pending, after=replace(pending, state=State.VERIFIED, is_default=False)))
    store.link("example.com", pending.name)
    return store


def why(live: LiveDirectory) -> Why:
    return live.current.choose(1, "mail.example.com").why


def test_other_settings_are_followed_at_once() -> None:
    live = LiveDirectory(store_with_a_sender())
    assert why(live) is Why.LINKED
    live.use(STRICT)
    assert why(live) is not Why.LINKED
    live.use(Directory.of)
    assert why(live) is Why.LINKED


def test_a_proof_is_seen_at_the_next_reading() -> None:
    store = store_with_a_sender()
    live = LiveDirectory(store, STRICT)
    assert why(live) is not Why.LINKED
    store.verify_sending_domain("example.com", "t", NOW)
    live.refresh()
    assert why(live) is Why.LINKED


def test_a_change_is_read_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_with_a_sender()
    live = LiveDirectory(store)
    store.add_sending_domain(project=2, name="other.example", created_at=NOW, token="t")
    store.delete_sending_domain("example.com")
    monkeypatch.setattr(store, "entries", None)
    live.refresh()
    assert [live.current.owner(name) for name in ("example.com", "other.example")] == [None, 2]


def test_where_changes_are_not_known_all_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_with_a_sender()
    live = LiveDirectory(store)
    monkeypatch.setattr(store, "changes_since", lambda version: None)
    store.add_sending_domain(project=2, name="other.example", created_at=NOW, token="t")
    live.refresh()
    assert live.current.owner("other.example") == 2
