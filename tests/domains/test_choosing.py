"""Choosing over the few domains that a sender depends on gives what the directory of all of them gives."""

from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.choosing import Choosing
from domains.directory import Directory, Why
from domains.errors import InvalidName
from domains.history import Step
from domains.model import Scheme, State, TrackingDomain
from tests.domains.builders import NOW
from tests.domains.memory_store import MemoryStore

BASE = "https://p{sid}.t.example.net"
HOSTS = ["track.a.test", "track.b.test", "track.c.test"]
SENDERS = ["a.test", "x.a.test", "y.x.a.test", "b.test"]
STATES = [State.PENDING, State.VERIFIED, State.FAILED, State.RETIRED]


def choosing(store: MemoryStore, project: int = 1, *, require_verified: bool = False) -> Choosing:
    build = partial(
        Directory.of, system_default=BASE, before_https=Scheme.HTTP, require_verified=require_verified
    )
    return Choosing(store=store, build=build, project=project, sid="shop")


def added(store: MemoryStore, name: str, state: State, project: int = 1) -> TrackingDomain:
    domain = store.add_tracking_domain(project=project, name=name, target="t.test", created_at=NOW)
    return store.record(Step(before=domain, after=replace(domain, state=state)))


def test_the_order_of_choice() -> None:
    store = MemoryStore()
    store.add_sending_domain(project=1, name="a.test", created_at=NOW, token="t")
    assert choosing(store).of_sender("a.test").base == "https://pshop.t.example.net"
    added(store, "track.b.test", State.VERIFIED)
    by_default = choosing(store).of_sender("a.test")
    assert (by_default.base, by_default.why) == ("http://track.b.test", Why.PROJECT_DEFAULT)
    added(store, "track.a.test", State.PENDING)
    store.link("a.test", "track.a.test")
    passed = choosing(store).of_sender("a.test")
    assert (passed.base, passed.passed_over) == ("http://track.b.test", "track.a.test")
    store.link("a.test", "track.b.test")
    assert choosing(store).of_sender("A.test.").why is Why.LINKED
    with pytest.raises(InvalidName):
        choosing(store).of_sender("no name")


def test_what_links_on_a_domain_begin_with() -> None:
    store = MemoryStore()
    verified = added(store, "track.a.test", State.VERIFIED)
    assert choosing(store).base_of(verified) == "http://track.a.test"
    assert choosing(store).base_of(added(store, "track.b.test", State.PENDING)) == ""


@given(
    tracking=st.lists(st.tuples(st.sampled_from(HOSTS), st.sampled_from(STATES)), unique_by=lambda it: it[0]),
    sending=st.lists(
        st.tuples(st.sampled_from(SENDERS), st.sampled_from([None, *HOSTS]), st.sampled_from([1, 2])),
        unique_by=lambda it: it[0],
    ),
    project=st.sampled_from([1, 2]),
    sender=st.sampled_from(SENDERS),
    require_verified=st.booleans(),
)
def test_it_is_what_all_domains_give(
    tracking: list[tuple[str, State]],
    sending: list[tuple[str, str | None, int]],
    project: int,
    sender: str,
    require_verified: bool,
) -> None:
    store = MemoryStore()
    for name, state in tracking:
        added(store, name, state, 1 if name < "track.c" else 2)
    known = {name for name, _ in tracking}
    for name, linked, owner in sending:
        store.add_sending_domain(project=owner, name=name, created_at=NOW, token=name)
        store.link(name, linked if linked in known else None)
    few = choosing(store, project, require_verified=require_verified)
    directory = Directory.of(
        store.entries(),
        system_default=BASE.replace("{sid}", "shop"),
        before_https=Scheme.HTTP,
        require_verified=require_verified,
    )
    assert few.of_sender(sender) == directory.choose(project, sender)
