"""Names for completion, from both databases."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.account_store import SqlAccountStore
from storage.domain_store import SqlDomainStore
from storage.engine import open_engine
from storage.names import MOST, Kind, NamesUnavailable, names
from tests.storage.databases import Database

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def named(database: Database) -> Database:
    engine = open_engine(database.url)
    accounts, domains = SqlAccountStore(engine), SqlDomainStore(engine)
    shop = accounts.add_project(name="shop", created_at=NOW).id
    for project, name in (
        (1, "b.example.com"),
        (1, "a.example.com"),
        (1, "a%x.example"),
        (shop, "a.example.org"),
    ):
        domains.add_tracking_domain(project=project, name=name, target="t.waypost.test", created_at=NOW)
    domains.add_sending_domain(project=1, name="example.com", created_at=NOW, token="token")
    engine.dispose()
    return database


@pytest.mark.parametrize(
    ("kind", "project", "beginning", "found"),
    [
        (Kind.TRACKING_DOMAIN, "default", "", ["a%x.example", "a.example.com", "b.example.com"]),
        (Kind.TRACKING_DOMAIN, "default", "a.", ["a.example.com"]),
        (Kind.TRACKING_DOMAIN, "default", "a%", ["a%x.example"]),
        (Kind.TRACKING_DOMAIN, "shop", "", ["a.example.org"]),
        (Kind.TRACKING_DOMAIN, "nobody", "", []),
        (Kind.TRACKING_DOMAIN, "' OR 1=1 --", "", []),
        (Kind.SENDING_DOMAIN, "default", "ex", ["example.com"]),
        (Kind.SENDING_DOMAIN, "shop", "", []),
        (Kind.PROJECT, "default", "", ["default", "shop"]),
        (Kind.PROJECT, "default", "s", ["shop"]),
    ],
)
def test_what_is_found(named: Database, kind: Kind, project: str, beginning: str, found: list[str]) -> None:
    assert names(named.url, None, kind, project, beginning) == found


def test_a_removed_domain_is_not_offered(named: Database) -> None:
    named.execute("UPDATE tracking_domains SET state = 'retired' WHERE name = 'b.example.com'")
    assert "b.example.com" not in names(named.url, None, Kind.TRACKING_DOMAIN, "default", "")


def test_no_more_than_a_shell_can_show(database: Database) -> None:
    engine = open_engine(database.url)
    for number in range(MOST + 5):
        SqlAccountStore(engine).add_project(name=f"p{number}", created_at=NOW)
    engine.dispose()
    assert len(names(database.url, None, Kind.PROJECT, "default", "p")) == MOST


@pytest.mark.parametrize(
    "url", ["sqlite:///nowhere/waypost.db", "postgresql://waypost:hunter2@127.0.0.1:1/waypost"]
)
def test_without_the_database_there_are_none_and_no_secret_is_told(url: str) -> None:
    with pytest.raises(NamesUnavailable) as refused:
        names(url, None, Kind.PROJECT, "", "")
    assert "hunter2" not in str(refused.value)


def test_no_database_is_made(tmp_path: Path) -> None:
    with pytest.raises(NamesUnavailable):
        names(f"sqlite:///{tmp_path}/none.db", None, Kind.PROJECT, "", "")
    assert list(tmp_path.iterdir()) == []
