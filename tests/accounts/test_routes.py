import pytest

from accounts.errors import InvalidName, NameTaken, NotFound, NotRemovable
from accounts.model import SendingLimits
from accounts.routes import Routes, Switches
from tests.accounts.builders import LATER, NOW, SECRET_HASH, project
from tests.accounts.memory_store import MemoryStore


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def routes(store: MemoryStore) -> Routes:
    return Routes(store=store, project=project(), clock=lambda: NOW)


def use(store: MemoryStore, username: str, route: str | None = "bills") -> None:
    store.add_credential(
        project=1,
        username=username,
        label="",
        secret_hash=SECRET_HASH,
        route=route,
        limits=SendingLimits(),
        created_at=NOW,
    )


def test_switches_that_are_not_named_inherit(routes: Routes) -> None:
    added = routes.add("Bills", Switches(clicks=False))
    assert (added.name, added.clicks, added.opens, added.text) == ("bills", False, None, None)
    assert routes.all() == [added]
    assert routes.find("BILLS") == added


def test_a_change_leaves_what_it_does_not_name(routes: Routes) -> None:
    routes.add("bills", Switches(clicks=False, opens=True))
    changed = routes.change("Bills", Switches(clicks=None, text=True))
    assert (changed.clicks, changed.opens, changed.text) == (None, True, True)
    assert routes.find("bills") == changed


def test_names_that_are_refused(routes: Routes) -> None:
    routes.add("bills", {})
    with pytest.raises(NameTaken):
        routes.add("BILLS", {})
    with pytest.raises(InvalidName):
        routes.add("with blank", {})
    for use_unknown in (routes.find, routes.remove, lambda name: routes.change(name, {})):
        with pytest.raises(NotFound, match="list of routes"):
            use_unknown("no")


def test_routes_of_other_projects_are_not_seen(routes: Routes, store: MemoryStore) -> None:
    other = store.add_project(name="shop", created_at=NOW)
    store.add_route(project=other.id, name="bills", created_at=NOW)
    assert routes.all() == []
    with pytest.raises(NotFound):
        routes.remove("bills")


def test_live_credentials_keep_a_route_unless_forced(routes: Routes, store: MemoryStore) -> None:
    routes.add("bills", {})
    use(store, "default-a")
    use(store, "default-revoked")
    use(store, "default-other", None)
    store.revoke_credential("default-revoked", LATER)
    with pytest.raises(NotRemovable, match="is taken by default-a; revoke"):
        routes.remove("bills")
    assert routes.remove("bills", force=True).users == ("default-a",)
    assert routes.all() == []
    assert {credential.route for credential in store.credentials()} == {None}


def test_an_unused_route_goes_without_force(routes: Routes) -> None:
    routes.add("bills", {})
    assert routes.remove("bills").users == ()
