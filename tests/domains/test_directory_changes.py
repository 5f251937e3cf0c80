"""A directory that is brought up to date is the one that would be built anew."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domains.directory import Directory
from domains.directory_entries import DomainChanges, DomainEntries, SendingEntry, TrackingEntry
from domains.model import Https, Scheme, State

HOSTS = ["track.example.com", "click.example.com", "t.other.test"]
# Parents and children, across a public suffix of the private section, too.
SENDERS = ["example.com", "news.example.com", "a.news.example.com", "github.io", "a.github.io", "other.test"]
PROJECTS = st.sampled_from([1, 2])


def tracking_entries(name: str) -> st.SearchStrategy[TrackingEntry]:
    return st.builds(
        TrackingEntry,
        st.just(name),
        PROJECTS,
        st.sampled_from(State),
        st.booleans(),
        st.sampled_from(Https),
        st.booleans(),
        st.booleans(),
    )


def sending_entries(name: str) -> st.SearchStrategy[SendingEntry]:
    return st.builds(
        SendingEntry,
        st.just(name),
        PROJECTS,
        st.none() | st.sampled_from(HOSTS),
        id=st.integers(1, 9),
        share=st.sampled_from([5, 100]),
        verified=st.booleans(),
    )


def some(names: list[str], entry_of: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={name: st.none() | entry_of(name) for name in names})


CHANGES = st.builds(DomainChanges, st.just(0), some(HOSTS, tracking_entries), some(SENDERS, sending_entries))
BUILDS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"before_https": st.sampled_from([None, *Scheme]), "require_verified": st.booleans()}
)


def one_default_each(entries: dict[str, TrackingEntry]) -> dict[str, TrackingEntry]:
    """Return the entries as a store could have them."""
    firsts: dict[int, str] = {}
    for entry in entries.values():
        if entry.is_default:
            firsts.setdefault(entry.project, entry.name)
    return {
        name: each._replace(is_default=firsts.get(each.project) == name) for name, each in entries.items()
    }


def difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {name: after.get(name) for name in before | after if before.get(name) != after.get(name)}


@given(st.lists(CHANGES, max_size=6), BUILDS)
def test_it_is_as_if_it_were_built_anew(steps: list[DomainChanges], build: dict[str, Any]) -> None:
    tracking: dict[str, Any] = {}
    sending: dict[str, Any] = {}
    directory = Directory.of(DomainEntries((), ()), **build)
    for step in steps:
        before = tracking
        merged = {name: each for name, each in (tracking | dict(step.tracking)).items() if each}
        tracking = one_default_each(merged)
        sending = {name: each for name, each in (sending | dict(step.sending)).items() if each}
        told = DomainChanges(0, difference(before, tracking), step.sending)
        earlier, kept = directory, set(directory.entries.sending)
        directory = directory.changed(told)
        anew = Directory.of(DomainEntries(tracking.values(), sending.values()), **build)
        assert directory == anew
        for name in [*SENDERS, "x.a.news.example.com", "x.a.github.io"]:
            assert directory.owner(name) == anew.owner(name)
            for project in (1, 2):
                assert directory.choose(project, name) == anew.choose(project, name)
        assert set(earlier.entries.sending) == kept


def test_what_did_not_change_is_shared() -> None:
    directory = Directory.of(DomainEntries([TrackingEntry("t.example.com", 1, State.VERIFIED, True)], []))
    assert directory.changed(DomainChanges(1, {}, {})) == directory
    entry = SendingEntry("example.com", 1, "t.example.com")
    after = directory.changed(DomainChanges(1, {}, {"example.com": entry}))
    assert after.choose(1, "example.com").base == "http://t.example.com"
    assert directory.choose(1, "example.com").sending_domain is None
