import contextlib
import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from admin.events.bars import drawn
from admin.events.exporting import cell
from admin.events.options import iso, now
from admin.events.tailing import followed, recent
from events.counting import Counts, Statistics
from events.ports import EventFilter
from service.settings_file import load_settings
from storage.engine import open_engine
from storage.event_store import SqlEventStore
from tests.admin.conftest import Run
from tests.events.records import AT, MESSAGE, hit, message, outcome
from tests.events.verdicts.agents import CHROME

EVIL = '=HYPERLINK("https://evil.example/")'
ALL = ("--since", "2020-01-01")


@pytest.fixture
def store(run: Run) -> Iterator[SqlEventStore]:
    engine = open_engine(load_settings(Path("waypost.toml"), {}).database.url)
    yield SqlEventStore(engine)
    engine.dispose()


def fill(store: SqlEventStore) -> None:
    store.add([message(), outcome(1), hit(2, user_agent=CHROME), hit(3, method="HEAD", user_agent=EVIL)])


def ids(run: Run, *options: str) -> list[int]:
    return [int(each["id"], 16) for each in json.loads(run("events", "list", "--json", *options).output)]


def test_the_list_says_what_is_thought(run: Run, store: SqlEventStore) -> None:
    fill(store)
    shown = run("events", "list").output.splitlines()
    assert "\tclick\tmachine: head\tann@example.net\toffer [spring, top]\t203.0.113.9\t" in shown[1]
    assert "\tclick\thuman\tann@example.net\t" in shown[2]
    assert "\trelayed\t\tann@example.net\t250 2.0.0 queued as 4F1\t\t" in shown[3]


def test_the_list_by_each_filter(run: Run, store: SqlEventStore) -> None:
    fill(store)
    assert ids(run) == [3, 2, 1]
    assert ids(run, "--verdict", "human") == [2]
    assert ids(run, "--verdict", "machine", "--message", "1@example.com") == [3]
    assert ids(run, "--since", iso(AT + 2)) == [3, 2]
    assert ids(run, "--until", iso(AT + 2)) == [1]
    assert ids(run, "--recipient", "ann@example.net", "--kind", "click") == [3, 2]
    assert ids(run, "--tag", "welcome", "--link", "offer", "--domain", "track.example.com") == [3, 2]
    assert ids(run, "--tag", "other") == []
    assert ids(run, "--since", "1h") == []
    run("events", "list", "--since", "yesterday", code=2)
    assert "no project is called" in run("events", "stats", "--project", "no", code=1).stderr


def test_times_are_ago_or_utc(run: Run, store: SqlEventStore) -> None:
    at = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp() * 1000)
    store.add([hit(1, at=at), hit(2, at=now() - 3_000_000)])
    assert ids(run, "--since", "2026-03-01T12:00", "--until", "2026-03-02") == [1]
    assert ids(run, "--since", "2026-03-01T13:00+01:00", "--until", "2026-03-01T12:00:01Z") == [1]
    assert ids(run, "--since", "1d") == [2]
    assert ids(run, "--since", "10m") == []


def test_numbers_for_programs(run: Run, store: SqlEventStore) -> None:
    fill(store)
    [found] = json.loads(run("events", "stats", *ALL, "--json").output)
    assert found == {
        "value": "",
        "opens": {"readers": 0, "human": 0, "all_readers": 0, "all": 0},
        "clicks": {"readers": 1, "human": 1, "all_readers": 1, "all": 2},
    }
    plain = run("events", "stats", *ALL, "--by", "link").output.splitlines()
    assert plain[0].split("\t")[0] == "link"
    assert plain[1] == "offer\t0\t0\t0\t0\t1\t1\t1\t2"
    rows = list(csv.reader(io.StringIO(run("events", "stats", *ALL, "--by", "day", "--csv").output)))
    assert rows[0] == [
        *("day", "open_readers", "open_human", "open_all_readers", "open_all"),
        *("click_readers", "click_human", "click_all_readers", "click_all"),
    ]
    assert rows[1] == ["2026-09-21", "0", "0", "0", "0", "1", "1", "1", "2"]


def test_programs_by_family(run: Run, store: SqlEventStore) -> None:
    fill(store)
    found = json.loads(run("events", "stats", *ALL, "--by", "agent", "--json").output)
    assert [(each["value"], each["clicks"]["all"]) for each in found] == [("Chrome", 1), ("Other", 1)]


def test_numbers_are_of_the_last_30_days_at_first(run: Run, store: SqlEventStore) -> None:
    store.add([hit(1, at=now() - 31 * 86_400_000), hit(2, at=now())])
    [found] = json.loads(run("events", "stats", "--json").output)
    assert found["clicks"]["all"] == 1


def statistics(value: str, clicks: int, opens: int) -> Statistics:
    return Statistics(
        value=value, clicks=Counts(readers=clicks, all=clicks), opens=Counts(readers=opens, all=2 * opens)
    )


def test_bars_are_as_long_as_the_terminal_is_wide() -> None:
    found = [statistics("most", 5, 100), statistics("least\x1b[2J", 0, 1), statistics("none", 0, 0)]
    for width in (80, 200):
        head, most, least, none = drawn("tag", found, width)
        assert head.split() == ["tag", "clicks", "(all)", "opens", "(all)"]
        assert len(most) == width
        assert set(most.split()[-1]) == {"█", "░"}
        assert least.endswith("  ░" + "░" * (least.count("░") - 1))
        assert "\x1b" not in least
        assert "100 (200)" in most
        assert none.endswith("0 (0)")


def test_bars_where_there_are_no_blocks_and_names_that_are_long() -> None:
    _, line = drawn("link", [statistics("x" * 300, 1, 2)], 100, blocks=False)
    assert line.isascii() is False  # the ellipsis of the name
    assert set(line.split()[-1]) == {"#", "-"}
    assert len(line) <= 100


def exported(run: Run, *options: str) -> str:
    return run("events", "export", *options).output


def test_export_as_json_lines(run: Run, store: SqlEventStore) -> None:
    fill(store)
    found = [json.loads(line) for line in exported(run).splitlines()]
    assert [int(each["id"], 16) for each in found] == [1, 2, 3]
    assert found[2]["user_agent"] == EVIL
    assert found[::-1] == json.loads(run("events", "list", "--json").output)


def test_export_as_csv_runs_nothing_in_a_spreadsheet(run: Run, store: SqlEventStore) -> None:
    fill(store)
    _, *rows = csv.reader(io.StringIO(exported(run, "--format", "csv")))
    found = [dict(zip(_, row, strict=True)) for row in rows]
    assert found[2]["user_agent"] == "'" + EVIL
    assert json.loads(found[2]["tags"]) == ["welcome"]
    assert json.loads(found[2]["metadata"]) == {"customer": "42"}


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_cells_that_would_be_formulas(text: str) -> None:
    assert cell(text) == "'" + text


@pytest.mark.parametrize("value", ["", "a=1", "Mozilla/5.0", 5, -5])
def test_other_cells_stay(value: object) -> None:
    assert cell(value) == value


def test_export_into_a_file(run: Run, store: SqlEventStore) -> None:
    store.add([hit(number) for number in range(1, 4_500)])
    done = run("events", "export", "--output", "all.jsonl", "--verdict", "machine")
    assert "4499 events in all.jsonl." in done.stderr
    lines = Path("all.jsonl").read_text().splitlines()
    assert [int(json.loads(line)["id"], 16) for line in lines] == list(range(1, 4_500))
    assert Path("all.jsonl").stat().st_mode & 0o777 == 0o600
    assert not Path("all.jsonl.part").exists()
    assert "0 events" in run("events", "export", "--output", "none.jsonl", "--since", "1m").stderr


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_an_export_that_was_cut_off_goes_on_behind_the_last_event(
    run: Run, store: SqlEventStore, form: str
) -> None:
    store.add([hit(number, at=AT + number // 3) for number in range(1, 10)])
    whole = exported(run, "--format", form)
    event = json.loads(exported(run).splitlines()[3])
    rest = exported(run, "--format", form, "--after", f"{event['at']}:{event['id']}")
    assert rest.splitlines() == whole.splitlines()[-5:]


@pytest.mark.parametrize("text", ["7", "7:", "x:" + "0" * 32, "7:" + "0" * 31])
def test_what_names_no_event_is_refused(run: Run, text: str) -> None:
    assert "is no event" in run("events", "export", "--after", text, code=2).stderr


def test_an_export_that_fails_leaves_the_file_as_it_was(run: Run, store: SqlEventStore) -> None:
    Path("all.jsonl").write_text("before")
    Path("var/waypost.db").unlink()
    run("events", "export", "--output", "all.jsonl", code=1)
    assert Path("all.jsonl").read_text() == "before"
    assert not Path("all.jsonl.part").exists()


def test_reclassify(run: Run, store: SqlEventStore) -> None:
    assert "no clicks and opens" in run("events", "reclassify").output
    store.add([hit(n, link=n, user_agent=CHROME) for n in range(1, 7)])
    assert (
        "6 clicks and opens judged by version 1 of the rules, 6 changed" in run("events", "reclassify").output
    )
    assert (
        "6 clicks and opens judged by version 1 of the rules, 0 changed" in run("events", "reclassify").output
    )
    assert "0 clicks and opens" in run("events", "reclassify", "--since", "1m").output
    assert {each.verdict for each in store.events(EventFilter())} == {"machine"}


def test_tail_shows_the_newest_last(run: Run, store: SqlEventStore) -> None:
    fill(store)
    lines = run("events", "tail", "-n", "2").output.splitlines()
    assert [re.split(r"\s{2,}", line)[2] for line in lines] == ["human", "machine: head"]
    [line] = run("events", "tail", "-n", "1", "--json").output.splitlines()
    assert json.loads(line)["message"] == MESSAGE
    assert run("events", "tail", "-n", "0").output == ""


def test_following_shows_each_event_that_comes_once(store: SqlEventStore) -> None:
    seconds = iter(range(100))
    arriving: dict[int, list[Any]] = {
        1: [hit(10, at=AT)],
        2: [hit(11, at=AT - 30_000), outcome(12, at=AT + 1_000)],  # one that comes late, by its journal
        3: [hit(13, at=AT - 61_000)],  # too late to be seen
        4: [hit(n, at=AT + n) for n in range(20, 25)],
    }
    store.add([hit(1, at=AT - 1_000), hit(2, at=AT - 70_000)])

    def sleep(_: float) -> None:
        second = next(seconds)
        if second > 5:
            raise KeyboardInterrupt
        store.add(arriving.get(second, [hit(1, at=AT - 1_000)]))

    seen = []
    wanted = EventFilter(limit=1_000)
    with contextlib.suppress(KeyboardInterrupt):
        for event in followed(store, wanted, recent(store, wanted, AT), clock=lambda: AT, sleep=sleep):
            seen.append(int(event.id, 16))
    assert seen == [10, 11, 12, 20, 21, 22, 23, 24]


def tailing() -> subprocess.Popen[str]:
    program = "from admin.main import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", program, "--config", "waypost.toml", "events", "tail", "-f", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )


def test_ctrl_c_ends_following_cleanly(run: Run, store: SqlEventStore) -> None:
    fill(store)
    with tailing() as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["kind"] == "relayed"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30)[1] == ""
    assert process.returncode == 0


def test_a_reader_that_goes_ends_following_cleanly(run: Run, store: SqlEventStore) -> None:
    fill(store)
    with tailing() as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["kind"] == "relayed"
        process.stdout.close()
        store.add([hit(99, at=now() + 5_000)])
        complaints = process.stderr.read()
        assert process.wait(30) == 0
    assert complaints == ""
