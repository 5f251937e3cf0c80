"""Each use case by command line and by the API: the outcome is the same, and no route is left out.

Of what changes something the outcome is all that is there afterwards, the audit log included; of what shows
something it is what both tell.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest

from admin.main import main
from tests.dns_server import DnsServer
from tests.web.api_server import Answer, Api, served
from tests.web.conftest import installation, invoke
from tests.web.operations import operations
from tests.web.parity_cases import CASES, COMMANDS_APART, DOMAIN, EXEMPT, SECRETS, Case

OWN = {
    *("id", "at", "actor", "created_at", "pending_since", "next_check_at", "checked_at", "verified_at"),
    *("revoked_at", "paused_at", "former_secret_until", "former_until", "last_used_at"),
    *("begun_at", "next_attempt_at", "evidence", "webhook"),
}
GENERATED = {"token", "record", "username", "secret_hash"} | SECRETS
"""What differs between two that are made alike."""

PASSED = {"versions", "domain_changes", "sessions", "work_leases"}
"""Tables that say how far programs have come, and who is there."""

KEPT = {"projects", "api_keys", "versions"}
"""Tables of which a part stays between two cases, or all."""


@pytest.fixture(scope="module")
def everywhere(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One installation for all cases, each of which leaves it as it was: to start one takes seconds."""
    pytest.importorskip("fastapi", reason="fastapi is not installed")
    dns = DnsServer()
    folder = tmp_path_factory.mktemp("parity") / "waypost"
    with pytest.MonkeyPatch.context() as patch, installation(installed, folder, dns, patch):
        dns.add(DOMAIN, "CNAME", "t.waypost.test")
        with served(invoke) as nobody:
            yield nobody.key()


def undone(api: Api) -> None:
    """Remove all that the cases make, links that live on too."""
    from service.database import open_unattended
    from service.settings_file import load_settings
    from storage.metadata import metadata

    projects, keys = metadata.tables["projects"].c, metadata.tables["api_keys"].c
    with open_unattended(load_settings(None, {})) as engine, engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            if table.name not in KEPT:
                connection.execute(table.delete())
        connection.execute(metadata.tables["projects"].delete().where(projects.id > 2))
        own = api.token.split("_")[2]
        connection.execute(metadata.tables["api_keys"].delete().where(keys.id != own))


@pytest.mark.parametrize("name", CASES)
def test_the_outcome_is_the_same(everywhere: Api, name: str) -> None:
    case = CASES[name]
    outcomes = []
    for act in (by_command, by_request):
        undone(everywhere)
        made = prepared(everywhere, case)
        untouched = None if case.tells else state()
        told = act(everywhere, case, made)
        after = None if case.tells else state()
        assert case.tells or (after == untouched) is case.refused
        outcomes.append((told, after))
    (told, after), (answered, afterwards) = outcomes
    assert after == afterwards
    if case.tells:
        alike(case.picked(told), answered, case.apart)


def prepared(api: Api, case: Case) -> dict[str, str]:
    """Make what the case begins with, and return the ids of it."""
    made: dict[str, str] = {}
    for step in case.before:
        if callable(step):
            step(made)
            continue
        output = api.run(*step).output
        if "--json" in step:
            found = json.loads(output)
            made[step[0]] = found.get("username", found.get("id"))
    return made


def by_command(api: Api, case: Case, made: dict[str, str]) -> Any:
    code = 1 if case.refused else case.code
    output = api.run(*(each.format(**made) for each in case.command), code=code).stdout
    return json.loads(output) if case.tells else None


def by_request(api: Api, case: Case, made: dict[str, str]) -> Any:
    method, path, body = case.request
    answer: Answer = (
        api.ask(method, path.format(**made), raw=body, media="message/rfc822")
        if isinstance(body, bytes)
        else api.ask(method, path.format(**made), body)
    )
    if case.refused:
        assert 400 <= answer.status < 500, answer
        assert answer.body["detail"]
    else:
        assert 200 <= answer.status < 300, answer
    return answer.body


def state() -> dict[str, list[str]]:
    """Return what is there, row by row, without what two that are made alike differ in."""
    from service.database import open_unattended
    from service.settings_file import load_settings
    from storage.metadata import metadata

    with open_unattended(load_settings(None, {})) as engine, engine.connect() as connection:
        return {
            table.name: sorted(told(table, row) for row in connection.execute(table.select()))
            for table in metadata.sorted_tables
            if table.name not in PASSED
        }


def told(table: Any, row: Any) -> str:
    """Return a row as text. Of what it refers to only that it does: numbers go on from case to case."""
    found = {
        name: value is not None if table.c[name].foreign_keys or name == "project" else value
        for name, value in row._mapping.items()
        if not isinstance(value, bytes)
    }
    return json.dumps(plain(found), default=str, sort_keys=True)


def plain(value: Any) -> Any:
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        # The log names keys, webhooks and logins by what is made up for them.
        made_up = {"name"} if value.get("kind") in ("API key", "webhook", "credential") else set()
        return {name: plain(each) for name, each in value.items() if name not in OWN | GENERATED | made_up}
    return value


def alike(told: Any, answered: Any, apart: frozenset[str]) -> None:
    """Check that both say the same wherever both say something, which must be much of it."""
    if isinstance(answered, dict) and "data" in answered and isinstance(told, list):
        answered = answered["data"]
    if isinstance(told, list):
        assert len(told) == len(answered), (told, answered)
        for one, other in zip(told, answered, strict=True):
            alike(one, other, apart)
    elif isinstance(told, dict) and isinstance(answered, dict):
        shared = (told.keys() & answered.keys()) - apart - OWN - GENERATED
        assert len(shared) * 2 >= len(answered.keys() - apart - OWN - GENERATED), (told, answered)
        for name in shared:
            alike(told[name], answered[name], apart)
    else:
        assert moment(told) == moment(answered), (told, answered)


def moment(value: Any) -> Any:
    """Return a time that either wrote as a time, and a sentence without what is made up in it."""
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d[T ]", value):
        return datetime.fromisoformat(value).astimezone(UTC)
    return re.sub(r"waypost-verify=\w+", "", value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class _Route:
    name: str
    matches: Callable[[str], bool]


def test_no_route_is_left_out(everywhere: Api) -> None:
    routes = [
        _Route(each.name, re.compile(f"{each.method} " + re.sub(r"\{\w+\}", "[^/]+", each.path)).fullmatch)
        for each in operations(everywhere.get("/openapi.json"))
    ]
    asked = [f"{method} {path.partition('?')[0]}" for method, path, _ in (c.request for c in CASES.values())]
    covered = {route.name for route in routes if any(map(route.matches, asked))}
    named = {route.name for route in routes}
    assert named - covered == EXEMPT.keys(), "a case for each route, or a reason why there is none"
    assert all(EXEMPT.values())
    for one in asked:
        assert any(route.matches(one) for route in routes), one


def test_no_command_is_left_out() -> None:
    named = {*_commands(main, ())}
    covered = {each for each in named for case in CASES.values() if " ".join(case.command).startswith(each)}
    assert named - covered == COMMANDS_APART.keys(), "a case for each command, or a reason why there is none"
    assert all(COMMANDS_APART.values())


def _commands(command: click.Command, path: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield " ".join(path)
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        each = command.get_command(context, name)
        assert each is not None
        yield from _commands(each, (*path, name))
