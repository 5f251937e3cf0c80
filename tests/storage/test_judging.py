import random
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete

from events.model import Record, TrackedLink, Verdict
from events.ports import EventFilter, StoreUnavailable
from events.verdicts import RULES
from storage.event_store import SqlEventStore
from storage.event_tables import hits, messages, outcomes, unjudged
from storage.judging import MINUTE, SqlJudgingStore
from tests.events.records import hit, message, outcome
from tests.events.verdicts.agents import CHROME
from tests.storage.databases import Database
from tests.storage.faults import Fault, each_fault_for_readers

START = 1_790_000_040_000  # the beginning of a minute
OTHER = "0196b1c2d3e4ffffffffffff"
LATER = START + 100 * MINUTE


@pytest.fixture
def store(engine: Engine) -> SqlEventStore:
    return SqlEventStore(engine)


@pytest.fixture
def judging(engine: Engine) -> SqlJudgingStore:
    return SqlJudgingStore(engine, chunk=3)


def click(number: int, at: int, **fields: Any) -> Record:
    return hit(number, **{"at": START + at, "link": number, "user_agent": CHROME} | fields)


def burst(first: int = 0) -> list[Record]:
    return [click(number, first + 100 * number) for number in range(5)]


def thought(store: SqlEventStore) -> dict[str, tuple[str, str]]:
    """Return verdict and reasons of each hit."""
    found = store.events(EventFilter(limit=1_000))
    return {each.id: (each.verdict, ",".join(each.reasons)) for each in found if each.verdict}


def judge_all(judging: SqlJudgingStore, now: int = LATER) -> int:
    rounds = 0
    while judging.judge_oldest(now):
        rounds += 1
    return rounds


def test_a_hit_is_judged_by_itself_when_it_comes(store: SqlEventStore) -> None:
    store.add([click(1, 0), click(2, 0, method="HEAD", user_agent="")])
    assert list(thought(store).values()) == [("machine", "head,no-agent"), ("human", "")]
    assert {each.rules for each in store.events(EventFilter())} == {RULES}


def test_what_surrounds_a_hit_is_judged_when_its_minute_is_over(
    store: SqlEventStore, judging: SqlJudgingStore
) -> None:
    store.add(burst())
    assert {verdict for verdict, _ in thought(store).values()} == {"human"}
    assert not judging.judge_oldest(START + MINUTE + 9_999)
    assert judging.judge_oldest(START + MINUTE + 10_000)
    assert set(thought(store).values()) == {("machine", "link-burst")}
    assert not judging.judge_oldest(LATER)


def test_speed_counts_from_when_the_upstream_took_the_message(
    store: SqlEventStore, judging: SqlJudgingStore
) -> None:
    store.add([click(1, 5_000), click(2, 30_000)])
    store.add([outcome(3, at=START, verdict=Verdict.REFUSED), outcome(4, at=START + 4_000)])
    store.add([outcome(5, at=START + 29_000)])
    judge_all(judging)
    assert list(thought(store).values()) == [("human", ""), ("machine", "instant-click")]


def test_every_link_is_every_link_of_the_messages_record(
    store: SqlEventStore, judging: SqlJudgingStore
) -> None:
    links = tuple(
        TrackedLink(number=number, url="https://example.com/", name="", tags=()) for number in (1, 2, 3)
    )
    store.add([message(links=links), message(id=OTHER)])
    store.add([click(number, number) for number in (1, 2, 3)])
    store.add([click(number, number, message=OTHER) for number in (4, 5)])
    judge_all(judging)
    assert [verdict for verdict, _ in thought(store).values()] == ["human"] * 2 + ["machine"] * 3


def test_what_arrives_late_has_those_around_it_judged_again(
    store: SqlEventStore, judging: SqlJudgingStore
) -> None:
    early, late = burst(MINUTE - 200)[:2], burst(MINUTE - 200)[2:]
    store.add(early)
    judge_all(judging)
    assert {verdict for verdict, _ in thought(store).values()} == {"human"}
    store.add(late)
    judge_all(judging)
    assert len(thought(store)) == 5
    assert set(thought(store).values()) == {("machine", "link-burst")}


def test_a_batch_that_is_shipped_again_leaves_one_mark(store: SqlEventStore, engine: Engine) -> None:
    for _ in range(2):
        store.add(burst())
    with engine.connect() as connection:
        assert len(connection.execute(unjudged.select()).all()) == 1


def test_nothing_of_a_hit_changes_but_what_is_thought_of_it(
    store: SqlEventStore, judging: SqlJudgingStore, engine: Engine
) -> None:
    def raw() -> list[tuple[Any, ...]]:
        judged = {"verdict", "reasons", "rules"}
        columns = [column for column in hits.columns if column.name not in judged]
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(hits.select().with_only_columns(*columns))]

    store.add([message(), *burst()])
    before = raw()
    judge_all(judging)
    assert sorted(raw()) == sorted(before)


def test_judging_all_again_goes_by_the_present_rules(
    store: SqlEventStore, judging: SqlJudgingStore, engine: Engine
) -> None:
    store.add([*burst(), click(9, 10 * MINUTE)])
    judge_all(judging)
    right = thought(store)
    with engine.begin() as connection:
        connection.execute(hits.update().values(verdict="human", reasons="curious", rules=0))
    span = judging.span()
    assert span == (START, START + 10 * MINUTE + 1)
    steps = list(judging.rejudge(*span))
    assert len(steps) == 2
    assert (steps[-1].hits, steps[-1].changed, steps[-1].reached) == (6, 6, span[1])
    assert [step.reached for step in steps] == sorted(step.reached for step in steps)
    assert thought(store) == right
    assert [step.changed for step in judging.rejudge(*span)] == [0, 0]


def test_judging_again_that_was_interrupted_is_done_by_beginning_again(
    store: SqlEventStore, judging: SqlJudgingStore, engine: Engine
) -> None:
    store.add([*burst(), click(9, 10 * MINUTE)])
    judge_all(judging)
    right = thought(store)
    with engine.begin() as connection:
        connection.execute(hits.update().values(verdict="human", reasons="curious", rules=0))
    steps = judging.rejudge(START, START + 11 * MINUTE)
    assert next(steps).changed > 0
    steps.close()
    assert thought(store) != right
    assert sum(step.changed > 0 for step in judging.rejudge(START, START + 11 * MINUTE)) == 1
    assert thought(store) == right


HOUR = 60 * MINUTE


@pytest.mark.parametrize("leap", [5 * HOUR, -5 * HOUR])
def test_a_clock_that_leaps_delays_judging_and_changes_nothing(
    store: SqlEventStore, judging: SqlJudgingStore, leap: int
) -> None:
    """The machine's clock leaps and is set right again; a burst is a burst by whatever clock."""
    store.add(burst())
    store.add([click(10 + number, leap + 100 * number) for number in range(5)])
    store.add([click(20 + number, 3 * MINUTE + 100 * number) for number in range(5)])
    judge_all(judging, START + 10 * MINUTE)
    in_its_time = thought(store)
    ahead = {f"{10 + number:032x}" for number in range(5)} if leap > 0 else set()
    assert {each for each, (verdict, _) in in_its_time.items() if verdict != "machine"} == ahead
    judge_all(judging, START + 10 * HOUR)
    assert {verdict for verdict, _ in thought(store).values()} == {"machine"}


def test_many_hits_of_one_millisecond_are_passed_over_once(
    store: SqlEventStore, judging: SqlJudgingStore
) -> None:
    store.add([click(number, 0) for number in range(10)])
    [step] = judging.rejudge(START, START + 1)
    assert (step.hits, step.changed) == (10, 10)


def test_without_hits_there_is_nothing_to_judge(judging: SqlJudgingStore) -> None:
    assert judging.span() is None
    assert not judging.judge_oldest(LATER)


arrivals = st.lists(st.integers(0, 150_000), min_size=1, max_size=12)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrivals, st.integers(0, 1_000), st.randoms(use_true_random=False))
def test_the_order_of_arrival_makes_no_difference_in_the_end(
    store: SqlEventStore,
    judging: SqlJudgingStore,
    engine: Engine,
    times: list[int],
    taken: int,
    order: random.Random,
) -> None:
    records = [outcome(100, at=START + taken), *(click(n, at) for n, at in enumerate(times))]

    def ended(batches: list[list[Record]]) -> dict[str, tuple[str, str]]:
        with engine.begin() as connection:
            for table in (hits, outcomes, messages, unjudged):
                connection.execute(delete(table))
        for batch in batches:
            store.add(batch)
            judge_all(judging)
        return thought(store)

    at_once = ended([records])
    order.shuffle(records)
    assert ended([[record] for record in records]) == at_once


@pytest.mark.parametrize("asked", ["judge_oldest", "span"])
@each_fault_for_readers
def test_a_database_that_is_away_fails_and_recovers(
    store: SqlEventStore, judging: SqlJudgingStore, database: Database, fault: Fault, asked: str
) -> None:
    store.add(burst())
    with fault(database), pytest.raises(StoreUnavailable, match=re.escape(database.shown)):
        judging.judge_oldest(LATER) if asked == "judge_oldest" else judging.span()
    assert judging.judge_oldest(LATER)
    assert set(thought(store).values()) == {("machine", "link-burst")}
