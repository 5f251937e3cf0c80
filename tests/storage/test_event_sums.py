import itertools
import random
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select, update

from events.counting import Dimension, Statistics
from events.model import Hit, HitKind, MessageRecord, Record, TrackedLink
from events.ports import EventFilter, StoreUnavailable
from storage.engine import open_engine
from storage.event_store import SqlEventStore
from storage.event_sums import SETTLING, SqlSummingStore
from storage.event_tables import hits, links, messages, outcomes, recipients, unjudged
from storage.judging import SqlJudgingStore
from storage.sum_tables import DAY, Rollup, summed_days, sums, unsummed
from tests.events.records import MESSAGE, REFERENCE, hit, message
from tests.events.verdicts.agents import CHROME
from tests.storage.counting_by_hand import Judged, counted_by_hand
from tests.storage.databases import Database
from tests.storage.faults import Fault, each_fault_for_readers

START = 20_717 * DAY
LATER = START + 30 * DAY
NAMES = ("aa" * 12, "bb" * 12, "cc" * 12)
DIMENSIONS = (None, *Dimension)


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """One that waits for a lock: PostgreSQL's vacuum takes one for a moment after so many changes."""
    engine = open_engine(database.url)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> SqlEventStore:
    return SqlEventStore(engine)


@pytest.fixture
def judging(engine: Engine) -> SqlJudgingStore:
    return SqlJudgingStore(engine)


@pytest.fixture
def summing(engine: Engine) -> SqlSummingStore:
    return SqlSummingStore(engine)


def click(number: int, day: float, **fields: Any) -> Hit:
    return hit(number, **{"at": START + round(day * DAY), "user_agent": CHROME} | fields)


def judge_all(judging: SqlJudgingStore) -> None:
    while judging.judge_oldest(LATER):
        pass


def sum_all(summing: SqlSummingStore, now: int = LATER) -> int:
    rounds = 0
    while summing.sum_newest(now, nothing_gone):
        rounds += 1
    return rounds


def nothing_gone(project: int) -> int:
    return 0


def forget_sums(engine: Engine) -> None:
    with engine.begin() as connection:
        for table in (sums, summed_days, unsummed):
            connection.execute(delete(table))


def read_from_sums(engine: Engine, store: SqlEventStore, by: Dimension | None, **wanted: Any) -> set[int]:
    """Return the days that are read from the sums: counts change with the sums of these days alone."""
    asked = EventFilter(**wanted)
    before = store.statistics(by, asked)
    found = set()
    with engine.begin() as connection:
        days = connection.execute(select(sums.c.day).distinct()).scalars().all()
    for day in days:
        with engine.begin() as connection:
            this = update(sums).where(sums.c.day == day)
            connection.execute(this.values(hits=sums.c.hits + 1_000))
        if store.statistics(by, asked) != before:
            found.add(day - START // DAY)
        with engine.begin() as connection:
            connection.execute(this.values(hits=sums.c.hits - 1_000))
    return found


def test_days_that_are_over_and_judged_are_summed_the_newest_first(
    engine: Engine, store: SqlEventStore, judging: SqlJudgingStore, summing: SqlSummingStore
) -> None:
    store.add([message(), click(1, 0.5), click(2, 1.5), click(3, 2.5, recipient="02")])
    assert sum_all(summing) == 0
    judge_all(judging)
    assert sum_all(summing, START + 2 * DAY + SETTLING - 1) == 1
    assert read_from_sums(engine, store, None) == {0}
    assert summing.sum_newest(LATER, nothing_gone)
    assert read_from_sums(engine, store, None) == {0, 2}
    assert sum_all(summing) == 1
    assert read_from_sums(engine, store, None) == {0, 1, 2}
    assert sum_all(summing) == 0


@pytest.mark.parametrize(
    ("by", "wanted", "days"),
    [
        *((by, {}, {0, 1, 2}) for by in DIMENSIONS if by is not Dimension.MESSAGE),
        (Dimension.MESSAGE, {}, set()),
        (None, {"kind": "click"}, {0, 1, 2}),
        (None, {"kind": "open"}, set()),
        (None, {"project": 1}, {0, 1, 2}),
        (None, {"project": 2}, set()),
        (None, {"sending_domain": "example.com"}, {0, 1, 2}),
        (Dimension.LINK, {"tag": "welcome"}, {0, 1, 2}),
        (Dimension.AGENT, {"tag": "welcome"}, set()),
        (None, {"link": "offer"}, set()),
        (None, {"host": "track.example.com"}, set()),
        (None, {"verdict": "human"}, set()),
        (None, {"recipient": "ann@example.net"}, set()),
        (None, {"message": MESSAGE}, set()),
        (None, {"after": START + 1, "before": START + 3 * DAY}, {1, 2}),
        (None, {"after": START + DAY, "before": START + 3 * DAY - 1}, {1}),
        (None, {"after": START + DAY, "before": START + 2 * DAY}, {1}),
    ],
)
def test_sums_answer_what_they_know_for_whole_days(
    engine: Engine,
    store: SqlEventStore,
    judging: SqlJudgingStore,
    summing: SqlSummingStore,
    by: Dimension | None,
    wanted: dict[str, Any],
    days: set[int],
) -> None:
    store.add([message(), *(click(number, number + 0.5) for number in range(3))])
    asked = EventFilter(**wanted)
    counted = store.statistics(by, asked)
    judge_all(judging)
    sum_all(summing)
    assert store.statistics(by, asked) == counted
    assert read_from_sums(engine, store, by, **wanted) == days


def test_a_reader_counts_in_the_day_of_his_first_click_alone(store: SqlEventStore) -> None:
    store.add([click(1, 0.5, method="HEAD"), click(2, 1.5), click(3, 2.5)])
    found = store.statistics(Dimension.DAY, EventFilter())
    assert [each.clicks.all_readers for each in found] == [1, 0, 0]
    assert [each.clicks.readers for each in found] == [0, 1, 0]
    [last] = store.statistics(None, EventFilter(after=START + 2 * DAY))
    assert (last.clicks.readers, last.clicks.all_readers, last.clicks.all) == (0, 0, 1)


def test_a_late_click_changes_its_day_and_the_later_days_of_its_message_and_no_others(
    engine: Engine, store: SqlEventStore, judging: SqlJudgingStore, summing: SqlSummingStore
) -> None:
    other = [click(10 + day, day + 0.1, message=NAMES[0]) for day in range(5)]
    store.add([message(), click(1, 1.5), click(2, 3.5), *other])
    judge_all(judging)
    sum_all(summing)
    store.add([click(3, 0.5)])
    assert read_from_sums(engine, store, None) == {1, 2, 3, 4}
    judge_all(judging)
    assert read_from_sums(engine, store, None) == {2, 4}
    found = store.statistics(Dimension.DAY, EventFilter())
    assert sum_all(summing) == 3
    assert store.statistics(Dimension.DAY, EventFilter()) == found
    assert [each.clicks.readers for each in found] == [2, 0, 0, 0, 0]


def test_a_message_that_comes_after_its_hits_has_them_judged_and_summed_again(
    engine: Engine, store: SqlEventStore, judging: SqlJudgingStore, summing: SqlSummingStore
) -> None:
    store.add([click(number, 0.5, link=number, at=START + number) for number in (1, 2, 3)])
    judge_all(judging)
    sum_all(summing)
    assert [each.value for each in store.statistics(Dimension.SENDER, EventFilter())] == [""]
    three = tuple(
        TrackedLink(number=number, url="https://example.com/", name="", tags=()) for number in (1, 2, 3)
    )
    store.add([message(links=three)])
    assert read_from_sums(engine, store, None) == set()
    [found] = store.statistics(Dimension.SENDER, EventFilter())
    assert found.value == "example.com"
    judge_all(judging)
    assert {each.reasons for each in store.events(EventFilter())} == {("every-link",)}
    sum_all(summing)
    assert read_from_sums(engine, store, None) == {0}
    [found] = store.statistics(Dimension.SENDER, EventFilter())
    assert (found.value, found.clicks.human, found.clicks.all) == ("example.com", 0, 3)


def test_a_message_that_comes_again_without_hits_leaves_no_marks(
    engine: Engine, store: SqlEventStore
) -> None:
    for _ in range(2):
        store.add([message()])
    with engine.connect() as connection:
        assert connection.execute(select(unjudged)).all() == []


def test_judging_again_has_the_days_of_what_changed_summed_again(
    engine: Engine, store: SqlEventStore, judging: SqlJudgingStore, summing: SqlSummingStore
) -> None:
    store.add([click(1, 0.5), click(2, 2.5), click(3, 1.5, message=NAMES[0])])
    judge_all(judging)
    with engine.begin() as connection:
        connection.execute(update(hits).where(hits.c.id == f"{1:032x}").values(verdict="machine"))
    sum_all(summing)
    for _ in judging.rejudge(START, LATER):
        pass
    assert read_from_sums(engine, store, None) == {1}
    sum_all(summing)
    found = store.statistics(Dimension.DAY, EventFilter())
    assert [each.clicks.readers for each in found] == [1, 1, 0]


def test_a_day_that_changes_while_it_is_summed_is_summed_again(
    engine: Engine, store: SqlEventStore, judging: SqlJudgingStore, summing: SqlSummingStore
) -> None:
    store.add([click(1, 0.5)])
    judge_all(judging)
    with engine.begin() as connection:  # as the judge does it
        connection.execute(update(summed_days).values(summed=summed_days.c.changed))
        connection.execute(update(summed_days).values(changed=summed_days.c.changed + 1))
    assert sum_all(summing) == 1
    assert read_from_sums(engine, store, None) == {0}


def test_what_would_be_as_large_as_the_hits_is_not_summed(
    engine: Engine, store: SqlEventStore, judging: SqlJudgingStore
) -> None:
    own = [click(number, 0.5, url=f"https://example.com/{number}") for number in range(1, 31)]
    usual = [click(number, 0.6, project=2, message=NAMES[0]) for number in range(31, 71)]
    store.add([*own, *usual])
    counted = {by: store.statistics(by, EventFilter(limit=100)) for by in DIMENSIONS}
    judge_all(judging)
    sum_all(SqlSummingStore(engine, few=20))
    with engine.connect() as connection:
        left_out = [tuple(row) for row in connection.execute(select(unsummed))]
        size = len(connection.execute(select(sums)).all())
    assert left_out == [(Rollup.LINKS, START // DAY, 1)]
    assert size < 10
    assert {by: store.statistics(by, EventFilter(limit=100)) for by in DIMENSIONS} == counted
    assert read_from_sums(engine, store, Dimension.LINK) == set()
    assert read_from_sums(engine, store, Dimension.LINK, project=2) == {0}
    assert read_from_sums(engine, store, Dimension.DAY) == {0}


def test_sums_outlive_the_hits_of_a_project_whatever_comes_late(
    engine: Engine, store: SqlEventStore, judging: SqlJudgingStore, summing: SqlSummingStore
) -> None:
    store.add([click(1, 0.5), click(2, 0.5, project=2, message=NAMES[0])])
    judge_all(judging)
    sum_all(summing)
    with engine.begin() as connection:
        connection.execute(delete(hits).where(hits.c.project == 1))
    late = [click(3, 0.6, recipient="02"), click(4, 0.6, project=2, message=NAMES[1])]
    store.add(late)
    judge_all(judging)
    assert summing.sum_newest(LATER, {1: START + DAY, 2: START}.__getitem__)
    found = {
        project: store.statistics(None, EventFilter(project=project))[0].clicks.all for project in (1, 2)
    }
    assert found == {1: 1, 2: 2}


@each_fault_for_readers
def test_a_database_that_is_away_fails_and_recovers(
    store: SqlEventStore,
    judging: SqlJudgingStore,
    summing: SqlSummingStore,
    database: Database,
    fault: Fault,
) -> None:
    store.add([click(1, 0.5)])
    judge_all(judging)
    with fault(database), pytest.raises(StoreUnavailable, match=re.escape(database.shown)):
        summing.sum_newest(LATER, nothing_gone)
    assert summing.sum_newest(LATER, nothing_gone)


def some_messages() -> dict[str, MessageRecord]:
    named = TrackedLink(number=1, url="https://example.com/offer", name="offer", tags=())
    alike = TrackedLink(number=2, url="https://example.com/", name="offer", tags=())
    return {
        NAMES[0]: message(id=NAMES[0], links=(named, alike), tags=("a", "b")),
        NAMES[1]: message(id=NAMES[1], links=(named,), tags=("b",), sending_domain="b.example"),
        NAMES[2]: message(id=NAMES[2], links=(), tags=(), tracking_domain=""),
    }


drawn_hits = st.lists(
    st.builds(
        dict,
        message=st.sampled_from(NAMES),
        project=st.sampled_from([1, 1, 2]),
        recipient=st.sampled_from([REFERENCE, "02", None]),
        address=st.sampled_from(["192.0.2.1", "192.0.2.2"]),
        link=st.sampled_from([0, 1, 2]),
        method=st.sampled_from(["GET", "GET", "HEAD"]),
        user_agent=st.sampled_from([CHROME, CHROME.replace("Windows", "Linux")]),
        host=st.sampled_from(["track.example.com", "t.example"]),
        at=st.integers(0, 15).map(lambda quarter: START + quarter * DAY // 4),
    ),
    min_size=1,
    max_size=14,
)
ASKED = (
    EventFilter(),
    EventFilter(after=START + DAY, before=START + 3 * DAY),
    EventFilter(after=START + DAY // 2),
    EventFilter(before=START + 5 * DAY // 2, project=1),
    EventFilter(kind="click", tag="b"),
    EventFilter(sending_domain="example.com", after=START + DAY),
    EventFilter(verdict="human", after=START + DAY),
    EventFilter(link="offer", before=START + 2 * DAY),
    EventFilter(host="t.example", after=START + 2 * DAY),
)


EVERY: Final = tuple(itertools.product(DIMENSIONS, ASKED))
Asked = Sequence[tuple[Dimension | None, EventFilter]]


def answers(store: SqlEventStore, asked: Asked) -> list[dict[str, Statistics]]:
    return [{each.value: each for each in store.statistics(by, wanted)} for by, wanted in asked]


def by_hand(store: SqlEventStore, records: list[Record], asked: Asked) -> list[dict[str, Statistics]]:
    known = {each.id: each for each in records if isinstance(each, MessageRecord)}
    thought = {each.id: each.verdict for each in store.events(EventFilter(limit=1_000))}
    judged = [
        Judged(hit=each, verdict=thought[each.id], message=known.get(each.message))
        for each in records
        if isinstance(each, Hit)
    ]
    return [counted_by_hand(judged, by, wanted) for by, wanted in asked]


def of_all_kinds(drawn: list[dict[str, Any]], order: random.Random) -> list[Record]:
    """Return the hits and their messages, in any order."""
    records: list[Record] = [*some_messages().values()]
    for number, fields in enumerate(drawn):
        kind = HitKind.CLICK if fields["link"] else HitKind.OPEN
        url = f"https://example.com/{fields['link']}" if fields["link"] else ""
        records.append(hit(number, **fields | {"kind": kind, "url": url}))
    order.shuffle(records)
    return records


def think_otherwise(engine: Engine, summing: SqlSummingStore, judging: SqlJudgingStore) -> None:
    """Have all judged as by other rules, summed so, and judged again by those of today."""
    with engine.begin() as connection:
        connection.execute(update(hits).values(verdict="machine", rules=0))
        connection.execute(update(summed_days).values(changed=summed_days.c.changed + 1))
    sum_all(summing)
    for _ in judging.rejudge(START, LATER):
        pass


def agree(engine: Engine, drawn: list[dict[str, Any]], order: random.Random, asked: Asked) -> None:
    """Have the hits come in parts, some days be summed in between, and all be counted in three ways."""
    with engine.begin() as connection:
        for table in (hits, outcomes, messages, links, recipients, unjudged, sums, summed_days, unsummed):
            connection.execute(delete(table))
    store, judging = SqlEventStore(engine), SqlJudgingStore(engine)
    summing = SqlSummingStore(engine, few=order.choice([1, 1_000]))
    arrived = of_all_kinds(drawn, order)
    records = [*arrived]
    while records:
        store.add([records.pop() for _ in range(order.randint(1, len(records)))])
        if order.random() < 0.3:
            judge_all(judging)
            sum_all(summing, START + order.randrange(1, 6) * DAY + SETTLING)
    if order.random() < 0.3:
        think_otherwise(engine, summing, judging)
    judge_all(judging)
    right = by_hand(store, arrived, asked)
    assert answers(store, asked) == right
    sum_all(summing)
    assert answers(store, asked) == right
    forget_sums(engine)
    assert answers(store, asked) == right


same_database = [HealthCheck.function_scoped_fixture]


@settings(max_examples=3, suppress_health_check=same_database)
@given(drawn_hits, st.randoms(use_true_random=False))
def test_sums_and_hits_and_counting_by_hand_agree(
    engine: Engine, drawn: list[dict[str, Any]], order: random.Random
) -> None:
    agree(engine, drawn, order, order.sample(EVERY, 8))


@pytest.mark.long
@settings(max_examples=25, suppress_health_check=[*same_database, HealthCheck.too_slow])
@given(drawn_hits, st.randoms(use_true_random=False))
def test_sums_and_hits_and_counting_by_hand_agree_on_all_that_can_be_asked(
    engine: Engine, drawn: list[dict[str, Any]], order: random.Random
) -> None:
    agree(engine, drawn, order, EVERY)
