import json
import re
from pathlib import Path

import pytest

from service import installation
from tests.admin.conftest import Run

GOOD = "four words on paper"


def names(run: Run) -> list[str]:
    return [each["name"] for each in json.loads(run("user", "list", "--json").output)]


def test_people_are_added_listed_and_removed(run: Run) -> None:
    run("project", "add", "shop")
    added = run(
        "user", "add", "Bob@Example.com", "--project", "shop", "--password-file", "-", input=f"{GOOD}\n"
    )
    assert added.output == "bob@example.com can sign in.\n"
    assert names(run) == ["admin", "bob@example.com"]
    listed = run("user", "list").output
    assert "admin\tall\tadmin\t" in listed
    assert "bob@example.com\tshop\tread\t" in listed
    assert "signed out" in run("user", "remove", "bob@example.com").output
    assert names(run) == ["admin"]
    assert "the list of people" in run("user", "remove", "bob@example.com", code=1).stderr
    assert "no project is called" in run("user", "add", "x", "--project", "no", "--generate", code=1).stderr


def test_passwords_are_never_arguments_and_stand_nowhere(run: Run) -> None:
    Path("password").write_text(f"{GOOD}\n")
    run("user", "add", "bob", "--all-projects", "--password-file", "password")
    shown = run("user", "password", "bob", "--generate").output
    generated = re.search(r"Password: (\S+)", shown)
    assert generated
    audited = run("audit", "list", "--json").output
    entry, *_ = json.loads(audited)
    assert (entry["kind"], entry["name"], entry["after"]) == ("person", "bob", {"login_hash": "(secret)"})
    Path("password").unlink()
    for secret in (GOOD, generated[1]):
        assert secret not in audited + run("user", "list", "--json").output
        for file in Path("var").rglob("*"):
            assert not file.is_file() or secret.encode() not in file.read_bytes()


def test_what_is_no_password_is_refused(run: Run) -> None:
    short = run("user", "add", "bob", "--password-file", "-", input="short\n", code=1)
    assert "15 to 256 characters" in short.stderr
    assert "nobody to ask" in run("user", "add", "bob", code=1).stderr
    assert "cannot be read" in run("user", "add", "bob", "--password-file", "none", code=1).stderr
    run("user", "add", "bob", "--generate", "--password-file", "-", code=2)
    assert "is no name" in run("user", "add", "<b>", "--generate", code=1).stderr
    assert names(run) == ["admin"]


def test_the_first_login_is_made_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "password" not in run("init", "--if-missing").output
    run("user", "remove", "admin")
    again = run("init", "--if-missing").output
    assert re.search(r"http://127\.0\.0\.1:8081: admin with the password [0-9a-z-]{27}\n", again)
    run("user", "remove", "admin")
    with monkeypatch.context() as patch:
        patch.setattr(installation, "is_installed", lambda: False)
        assert "password" not in run("init", "--if-missing").output
    with Path("waypost.toml").open("a") as settings:
        settings.write('[web]\nlisten = ""\n')
    assert "password" not in run("init", "--if-missing").output
