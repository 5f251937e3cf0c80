import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.retention import DAY, FOR_EVER, Keeping, KeepingRules, Limit, event_limit, name_limit

NOW = 20_000 * DAY + 12_345
days = st.integers(0, 1_000)
keepings = st.builds(Keeping, message_days=days, event_days=days)


def test_what_is_kept_for_days_is_past_its_time_at_the_end_of_a_day() -> None:
    rules = KeepingRules(
        default=Keeping(message_days=30, event_days=395),
        projects={2: Keeping(message_days=1, event_days=2), 3: Keeping(message_days=30, event_days=395)},
    )
    names, events = name_limit(rules, NOW), event_limit(rules, NOW)
    assert (names.of(1), names.of(2)) == (19_970 * DAY, 19_999 * DAY)
    assert (events.of(1), events.of(2)) == (19_605 * DAY, 19_998 * DAY)
    assert (events.earliest, events.latest) == (19_605 * DAY, 19_998 * DAY)
    assert events.groups() == {19_998 * DAY: [2], 19_605 * DAY: [3]}


def test_for_ever_is_never() -> None:
    rules = KeepingRules(
        default=Keeping(message_days=FOR_EVER, event_days=FOR_EVER),
        projects={2: Keeping(message_days=1, event_days=FOR_EVER)},
    )
    assert event_limit(rules, NOW) == Limit(default=0, projects={2: 0})
    assert (event_limit(rules, NOW).latest, name_limit(rules, NOW).of(2)) == (0, 19_999 * DAY)


@given(keepings, st.dictionaries(st.integers(1, 9), keepings), st.integers(0, 2**45))
def test_names_go_with_the_events_at_the_latest_and_nothing_goes_early(
    default: Keeping, projects: dict[int, Keeping], now: int
) -> None:
    rules = KeepingRules(default=default, projects=projects)
    names, events = name_limit(rules, now), event_limit(rules, now)
    for project in range(1, 11):
        keeping = projects.get(project, default)
        assert names.of(project) >= events.of(project)
        for limit, kept in ((events, keeping.event_days),):
            assert limit.of(project) % DAY == 0
            assert limit.of(project) <= max(0, now - kept * DAY)
        assert events.earliest <= events.of(project) <= events.latest


@pytest.mark.parametrize("now", [0, DAY])
def test_a_clock_at_the_beginning_of_time_deletes_nothing(now: int) -> None:
    rules = KeepingRules(default=Keeping(message_days=30, event_days=30))
    assert event_limit(rules, now).latest == 0
