from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from accounts.actors import Scope
from accounts.errors import NotFound
from service.installation import install
from service.use_cases import UseCases
from service.web.door import ApiDoor
from storage.domain_store import SqlDomainStore
from storage.engine import open_engine
from tests.domains.store_contract import TRACK, add_tracking


class Installed:
    """A door, a key of each kind, and the transactions that were begun."""

    def __init__(self, folder: Path) -> None:
        settings = install(folder / "waypost.toml", {}, now=0, demonstration=True, keep=False).settings
        engine = open_engine(settings.database.url)
        use = UseCases(settings, engine)
        use.projects().add("shop")
        self.whole = use.api_keys(None).add(Scope.READ).token
        self.shops = use.api_keys("shop").add(Scope.READ).token
        self.domain = add_tracking(SqlDomainStore(engine))
        self.door = ApiDoor(settings, engine)
        for token in (self.whole, self.shops):
            self.door.authenticate(token)  # notes its use, which is done once an hour
        self.begun: list[Connection] = []
        event.listen(engine, "begin", self.begun.append)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    monkeypatch.chdir(tmp_path)
    return Installed(tmp_path)


def test_who_asks_and_for_which_project_costs_one_opening(installed: Installed) -> None:
    entry = installed.door.let_in(installed.whole, "Shop")
    assert entry is not None
    assert (entry.actor.project, entry.project.name) == (None, "shop")
    assert len(installed.begun) == 1


def test_what_is_read_for_an_answer_costs_one_opening(installed: Installed) -> None:
    entry = installed.door.let_in(installed.whole, None)
    assert entry is not None
    installed.begun.clear()
    with installed.door.reading():
        domains = installed.door.use_cases(entry.actor).tracking_domains(entry.project.name)
        assert domains.numbered(installed.domain.id) == domains.show(TRACK).domain
        assert len(domains.history(TRACK)) == 1
    assert len(installed.begun) == 1


def test_a_key_of_a_project_means_that_one_alone(installed: Installed) -> None:
    for wanted in (None, "shop", "SHOP"):
        entry = installed.door.let_in(installed.shops, wanted)
        assert entry is not None
        assert entry.project.name == "shop"
    for wanted in ("default", "none", ""):
        with pytest.raises(NotFound, match="no project is called"):
            installed.door.let_in(installed.shops, wanted)
    with pytest.raises(NotFound):
        installed.door.let_in(installed.whole, "none")


def test_a_wrong_key_is_told_nothing_of_projects(installed: Installed) -> None:
    assert installed.door.let_in("waypost_api_00000000_" + 32 * "0", "none") is None
