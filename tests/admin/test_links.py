import json

import pytest

from tests.admin.conftest import Run

MESSAGE = "01977420dc00010203040506"


def test_the_kill_switch(run: Run) -> None:
    said = run("links", "block", "--host", "Evil.example", "--reason", "phishing").output
    assert said == "Blocked: host evil.example. Back: waypost links unblock --host …\n"
    run("links", "block", "--project", "default")
    run("links", "block", "--message", MESSAGE)
    listed = run("links", "list").output.splitlines()
    assert listed[0] == "kind\twhat\tsince (UTC)\treason"
    assert listed[1].startswith("host\tevil.example\t20")
    assert listed[1].endswith("\tphishing")
    assert listed[2].startswith("project\tdefault\t")
    assert [each["value"] for each in json.loads(run("links", "list", "--json").output)] == [
        "evil.example",
        "1",
        MESSAGE,
    ]
    assert (
        run("links", "unblock", "--host", "evil.example").output == "No longer blocked: host evil.example.\n"
    )
    assert run("links", "unblock", "--project", "default").output == "No longer blocked: project default.\n"
    run("links", "unblock", "--message", MESSAGE)
    assert json.loads(run("links", "list", "--json").output) == []


@pytest.mark.parametrize("options", [(), ("--host", "a.example", "--message", MESSAGE)])
def test_one_thing_at_a_time(run: Run, options: tuple[str, ...]) -> None:
    assert "Give one of" in run("links", "block", *options, code=2).output
    assert "Give one of" in run("links", "unblock", *options, code=2).output


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--host", "https://evil.example/"), "give the name alone"),
        (("--link", "evil.example"), "copy it from the events"),
        (("--project", "nobody"), "no project is called"),
    ],
)
def test_refusals_say_what_to_do(run: Run, options: tuple[str, ...], sentence: str) -> None:
    assert sentence in run("links", "block", *options, code=1).output
    assert json.loads(run("links", "list", "--json").output) == []


def test_what_is_not_blocked(run: Run) -> None:
    assert "is not blocked" in run("links", "unblock", "--host", "a.example", code=1).output
