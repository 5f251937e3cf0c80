import json
from pathlib import Path

from service.settings_file import load_settings
from storage.engine import open_engine
from storage.event_store import SqlEventStore
from tests.admin.conftest import Run
from tests.events.records import hit, message, outcome

ADDRESS = "ann@example.net"


def fill() -> None:
    engine = open_engine(load_settings(Path("waypost.toml"), {}).database.url)
    SqlEventStore(engine).add([message(), outcome(1), hit(2), hit(3)])
    engine.dispose()


def stored() -> bytes:
    return b"".join(file.read_bytes() for file in Path("var").glob("waypost.db*"))


def test_all_about_a_person(run: Run) -> None:
    fill()
    told = json.loads(run("events", "about", "--recipient", "ANN@example.net").stdout)
    assert told["recipient"] == "ANN@example.net"
    [entry] = told["messages"]
    assert entry["recipient"]["address"] == ADDRESS
    assert len(entry["hits"]) == 2
    assert json.loads(run("events", "about", "--recipient", "bob@example.net").stdout)["messages"] == []


def test_a_person_is_forgotten_after_a_question(run: Run) -> None:
    fill()
    asked = run("events", "forget", "--recipient", ADDRESS, code=1, input="n\n")
    assert f"Delete what names {ADDRESS} in all projects?" in asked.stdout
    assert ADDRESS.encode() in stored()
    done = run("events", "forget", "--recipient", ADDRESS, input="y\n").stdout
    assert f"Forgotten: 1 messages to {ADDRESS}, 0 from it, 2 clicks and opens." in done
    assert ADDRESS.encode() not in stored()
    run("events", "export", "--output", "all.jsonl")
    assert ADDRESS not in Path("all.jsonl").read_text()
    assert len(Path("all.jsonl").read_text().splitlines()) == 3


def test_without_a_question_in_one_project(run: Run) -> None:
    fill()
    run("project", "add", "shop")
    elsewhere = run("events", "forget", "--recipient", ADDRESS, "--project", "shop", "--yes").stdout
    assert "Forgotten: 0 messages" in elsewhere
    run("events", "forget", "--recipient", ADDRESS, "--project", "none", "--yes", code=1)
    assert (
        "Forgotten: 1 messages"
        in run("events", "forget", "--recipient", ADDRESS, "--project", "default", "--yes").stdout
    )


def test_damaged_lines_are_the_operators(run: Run) -> None:
    damaged = Path("var/journal/1-a.journal.damaged")
    damaged.parent.mkdir(parents=True, exist_ok=True)
    damaged.write_text('00000000 {"recipients":[{"address":"Ann@example.net"')
    Path("var/journal/2-b.journal.damaged").write_text("other")
    told = run("events", "forget", "--recipient", ADDRESS, "--yes").stdout
    assert f"The address stands in {damaged.absolute()}" in told or f"stands in {damaged}" in told
    assert "2-b" not in told


def test_what_is_no_address_is_refused(run: Run) -> None:
    assert "is no mail address" in run("events", "about", "--recipient", "ann", code=2).stderr


def test_a_project_and_a_sending_domain_say_what_is_kept(run: Run) -> None:
    run("sender", "add", "example.com")
    assert "Recipients: none" in run("sender", "set", "example.com", "--recipients", "none").stdout
    assert "Recipients: inherit" in run("sender", "set", "example.com", "--recipients", "inherit").stdout
    said = ("--recipients", "identified", "--client-addresses", "truncated", "--message-days", "7")
    told = run("project", "set", "default", *said, "--event-days", "0").stdout
    privacy = "recipients identified, client-addresses truncated, message-days 7, event-days 0"
    assert f"Privacy: {privacy}" in told
    told = run(
        "project", "set", "default", "--message-days", "inherit", "--client-addresses", "inherit"
    ).stdout
    assert "Privacy: recipients identified, event-days 0" in told
    shown = json.loads(run("project", "show", "default", "--json").stdout)
    assert shown["privacy"]["recipients"] == "identified"


def test_what_is_no_number_of_days_is_refused(run: Run) -> None:
    for days in ("-1", "x", "36501"):
        assert (
            "is no number of days" in run("project", "set", "default", f"--event-days={days}", code=2).stderr
        )
