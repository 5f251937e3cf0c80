from domains.directory import Directory
from domains.directory_entries import DomainEntries, TrackingEntry
from domains.model import State
from service.domain_counts import DomainCounts


def entry(number: int, state: State, *, was_verified: bool = False) -> TrackingEntry:
    return TrackingEntry(f"t{number}.example.com", 1, state, False, was_verified=was_verified)


def test_domains_are_counted_by_state_and_again_after_a_change() -> None:
    listed = [
        entry(1, State.VERIFIED, was_verified=True),
        entry(2, State.VERIFIED, was_verified=True),
        entry(3, State.PENDING),
        entry(4, State.FAILED),
    ]
    directory = Directory.of(DomainEntries(listed, []))
    counts = DomainCounts(lambda: directory)
    assert [counts.of(state) for state in (State.VERIFIED, State.PENDING, State.FAILED, State.RETIRED)] == [
        *(2, 1, 1, 0)
    ]
    assert counts.fallen() == 0  # one that was never verified stands in no mail
    listed[0] = entry(1, State.FAILED, was_verified=True)
    directory = Directory.of(DomainEntries(listed, []))
    assert (counts.of(State.VERIFIED), counts.of(State.FAILED), counts.fallen()) == (1, 2, 1)
