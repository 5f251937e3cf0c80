"""What every `accounts.ports.AccountStore` must do, as tests to inherit.

class TestMyStore(AccountStoreContract):
    @pytest.fixture
    def store(self) -> AccountStore: ...
"""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from accounts.errors import NameTaken, NetworkTaken, NotFound, NotRemovable
from accounts.listing import CredentialFilter, ProjectFilter
from accounts.model import (
    DEFAULT_PROJECT,
    DEFAULT_PROJECT_NAME,
    Credential,
    Holdings,
    Project,
    Route,
    SendingLimits,
)
from accounts.ports import AccountStore
from accounts.privacy import ProjectPrivacy
from connections.address_precision import AddressPrecision
from links.recipients import RecipientTracking
from rewriter.policy import Mode
from tests.accounts.builders import LATER, NOW, SECRET_HASH

NAME, USERNAME, ROUTE = "shop", "shop-aaaaaaaa", "news"
PRIVACY = ProjectPrivacy(
    recipients=RecipientTracking.NONE,
    client_addresses=AddressPrecision.TRUNCATED,
    message_days=7,
    event_days=0,
)


def add_project(store: AccountStore, name: str = NAME) -> Project:
    """Add a project as every test here does."""
    return store.add_project(name=name, created_at=NOW)


def add_credential(
    store: AccountStore, username: str = USERNAME, project: int = DEFAULT_PROJECT, route: str | None = None
) -> Credential:
    """Add a credential as every test here does."""
    return store.add_credential(
        project=project,
        username=username,
        label="the shop",
        secret_hash=SECRET_HASH,
        route=route,
        limits=SendingLimits(messages_per_minute=60),
        created_at=NOW,
    )


def add_route(store: AccountStore, name: str = ROUTE, project: int = DEFAULT_PROJECT) -> Route:
    """Add a route as every test here does."""
    return store.add_route(project=project, name=name, created_at=NOW, clicks=True, opens=False)


def project(store: AccountStore, name: str = NAME) -> Project:
    """Return a project that is there."""
    found = store.find_project(name)
    assert found is not None
    return found


def credential(store: AccountStore, username: str = USERNAME) -> Credential:
    """Return a credential that is there."""
    found = store.find_credential(username)
    assert found is not None
    return found


def route(store: AccountStore, name: str = ROUTE) -> Route:
    """Return a route of the default project that is there."""
    found = store.find_route(DEFAULT_PROJECT, name)
    assert found is not None
    return found


def everything(store: AccountStore) -> object:
    """Return all that the store holds, to compare."""
    return store.version(), store.projects(), store.credentials(), store.routes()


def unknown(found: Project) -> Project:
    """Return the project as it would be with a number that nothing has."""
    return replace(found, id=999)


CHANGES: dict[str, Callable[[AccountStore], object]] = {
    "add project": lambda store: add_project(store, "new"),
    "update project": lambda store: store.update_project(replace(project(store), tracking=Mode.OFF)),
    "delete project": lambda store: store.delete_project(NAME),
    "add credential": lambda store: add_credential(store, "default-new"),
    "revoke credential": lambda store: store.revoke_credential(USERNAME, LATER),
    "add route": lambda store: add_route(store, "new"),
    "update route": lambda store: store.update_route(replace(route(store), text=True)),
    "delete route": lambda store: store.delete_route(DEFAULT_PROJECT, ROUTE),
}

REFUSALS: dict[str, tuple[Callable[[AccountStore], object], type[Exception]]] = {
    "add project": (add_project, NameTaken),
    "update project": (lambda store: store.update_project(unknown(project(store))), NotFound),
    "delete project": (lambda store: store.delete_project("no"), NotFound),
    "delete a project in use": (lambda store: store.delete_project(DEFAULT_PROJECT_NAME), NotRemovable),
    "add credential": (add_credential, NameTaken),
    "credential of no project": (lambda store: add_credential(store, "new", project=999), NotFound),
    "credential on no route": (lambda store: add_credential(store, "new", route="no"), NotFound),
    "credential on a route of another project": (
        lambda store: add_credential(store, "new", project(store).id, route=ROUTE),
        NotFound,
    ),
    "revoke credential": (lambda store: store.revoke_credential("no", LATER), NotFound),
    "add route": (add_route, NameTaken),
    "route of no project": (lambda store: add_route(store, project=999), NotFound),
    "update route": (lambda store: store.update_route(replace(route(store), id=999)), NotFound),
    "delete route": (lambda store: store.delete_route(DEFAULT_PROJECT, "no"), NotFound),
}


class AccountStoreContract:
    """Inherit, and give the fixture `store` a new one."""

    @pytest.fixture
    def store(self) -> AccountStore:
        raise AssertionError("the inheriting class gives the fixture `store`")

    @pytest.fixture
    def filled(self, store: AccountStore) -> AccountStore:
        """A store with a second project, and a credential on a route in the default one."""
        add_project(store)
        add_route(store)
        add_credential(store, route=ROUTE)
        return store

    def test_a_new_store_holds_the_default_project_alone(self, store: AccountStore) -> None:
        [only] = store.projects()
        assert (only.id, only.name) == (DEFAULT_PROJECT, DEFAULT_PROJECT_NAME)
        assert (only.networks, only.tracking, only.unknown_senders, only.upstream) == ((), None, None, None)
        assert store.find_project(DEFAULT_PROJECT_NAME) == only
        assert (store.credentials(), store.routes(), store.version()) == ([], [], 0)
        assert (store.find_project(NAME), store.find_credential(USERNAME)) == (None, None)
        assert store.find_route(DEFAULT_PROJECT, ROUTE) is None

    def test_what_a_project_has_is_read_alone(self, filled: AccountStore) -> None:
        assert filled.credentials(CredentialFilter(project=DEFAULT_PROJECT)) == [credential(filled)]
        assert filled.routes(DEFAULT_PROJECT) == [route(filled)]
        other = project(filled).id
        assert (filled.credentials(CredentialFilter(project=other)), filled.routes(other)) == ([], [])

    def test_names_of_projects_are_read_as_far_as_wanted(self, filled: AccountStore) -> None:
        assert filled.project_names(5) == sorted([DEFAULT_PROJECT_NAME, NAME])
        assert filled.project_names(1) == [min(DEFAULT_PROJECT_NAME, NAME)]

    def test_what_is_added_is_found(self, filled: AccountStore) -> None:
        assert project(filled) == Project(id=project(filled).id, name=NAME, created_at=NOW)
        assert filled.credentials() == [credential(filled)]
        assert credential(filled) == Credential(
            id=credential(filled).id,
            project=DEFAULT_PROJECT,
            username=USERNAME,
            label="the shop",
            secret_hash=SECRET_HASH,
            route=ROUTE,
            limits=SendingLimits(messages_per_minute=60),
            created_at=NOW,
        )
        assert filled.routes() == [route(filled)]
        assert (route(filled).clicks, route(filled).opens, route(filled).text) == (True, False, None)

    def test_a_list_holds_what_is_wanted(self, store: AccountStore) -> None:
        other = add_project(store, "c")
        add_project(store, "a")
        store.update_project(replace(other, networks=(ip_network("192.0.2.0/24"),)))
        assert [each.name for each in store.projects(ProjectFilter(limit=2))] == ["a", "c"]
        [c] = store.projects(ProjectFilter(behind="a", limit=1))
        assert (c.name, c.networks) == ("c", (ip_network("192.0.2.0/24"),))
        assert [each.name for each in store.projects(ProjectFilter(behind="c\0\ud800"))] == ["default"]
        for name in ("x", "y", "z"):
            add_credential(store, name)
        store.revoke_credential("y", NOW)

        def named(**wanted: Any) -> str:
            return "".join(each.username for each in store.credentials(CredentialFilter(**wanted)))

        assert named() == "xyz"
        assert named(revoked=False) == "xz"
        assert named(project=other.id) == ""
        assert named(project=DEFAULT_PROJECT, behind="x", limit=1) == "y"
        assert named(route="none") == ""
        add_route(store, "m")
        add_route(store, "m", other.id)
        assert [each.project for each in store.routes(other.id)] == [other.id]

    def test_lists_are_in_order(self, store: AccountStore) -> None:
        other = add_project(store, "c")
        add_project(store, "a")
        assert [each.name for each in store.projects()] == ["a", "c", "default"]
        for name in ("z", "m"):
            add_credential(store, name)
        assert [each.username for each in store.credentials()] == ["m", "z"]
        add_route(store, "a", other.id)
        for name in ("z", "m"):
            add_route(store, name)
        assert [each.name for each in store.routes()] == ["m", "z", "a"]

    def test_update_writes_every_field_it_owns_and_takes_them_back(self, filled: AccountStore) -> None:
        before = project(filled)
        changed = replace(
            before,
            networks=(ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")),
            tracking=Mode.OBSERVE,
            unknown_senders=False,
            upstream="eu",
            privacy=PRIVACY,
        )
        filled.update_project(changed)
        assert project(filled) == changed
        filled.update_project(before)
        assert project(filled) == before

    def test_update_leaves_the_name_alone(self, filled: AccountStore) -> None:
        filled.update_project(replace(project(filled), name="other", created_at=LATER))
        assert project(filled).created_at == NOW

    def test_a_network_is_of_one_project(self, filled: AccountStore) -> None:
        default = project(filled, DEFAULT_PROJECT_NAME)
        network = (ip_network("192.0.2.0/24"),)
        filled.update_project(replace(default, networks=network))
        before = everything(filled)
        with pytest.raises(NetworkTaken):
            filled.update_project(replace(project(filled), networks=network))
        assert everything(filled) == before
        filled.update_project(replace(project(filled), networks=(ip_network("192.0.2.0/25"),)))
        filled.update_project(default)
        filled.update_project(replace(project(filled), networks=network))

    def test_a_route_is_unique_in_its_project_alone(self, filled: AccountStore) -> None:
        other = add_route(filled, project=project(filled).id)
        assert filled.find_route(other.project, ROUTE) == other
        assert route(filled) != other

    def test_update_writes_the_switches_and_takes_them_back(self, filled: AccountStore) -> None:
        changed = replace(route(filled), clicks=None, opens=True, text=False)
        filled.update_route(changed)
        assert route(filled) == changed

    def test_deleting_a_route_leaves_its_credentials(self, filled: AccountStore) -> None:
        filled.delete_route(DEFAULT_PROJECT, ROUTE)
        assert filled.routes() == []
        assert credential(filled).route is None

    def test_the_first_revocation_counts(self, filled: AccountStore) -> None:
        filled.revoke_credential(USERNAME, NOW)
        filled.revoke_credential(USERNAME, LATER)
        assert credential(filled).revoked_at == NOW

    def test_holdings_name_live_credentials_alone(self, filled: AccountStore) -> None:
        assert filled.holdings(DEFAULT_PROJECT) == Holdings(credentials=(USERNAME,))
        assert filled.holdings(project(filled).id) == Holdings()
        filled.revoke_credential(USERNAME, LATER)
        assert filled.holdings(DEFAULT_PROJECT) == Holdings()

    def test_a_deleted_project_takes_its_routes_and_revoked_credentials_along(
        self, filled: AccountStore
    ) -> None:
        other = project(filled)
        filled.update_project(replace(other, networks=(ip_network("192.0.2.0/24"),)))
        add_route(filled, project=other.id)
        add_credential(filled, "revoked", other.id, ROUTE)
        filled.revoke_credential("revoked", NOW)
        filled.delete_project(NAME)
        assert filled.find_project(NAME) is None
        assert filled.credentials() == [credential(filled)]
        assert filled.routes() == [route(filled)]
        again = add_project(filled)
        assert again.id > other.id
        filled.update_project(replace(again, networks=(ip_network("192.0.2.0/24"),)))

    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
    def test_each_change_raises_the_version(
        self, filled: AccountStore, change: Callable[[AccountStore], object]
    ) -> None:
        before = filled.version()
        change(filled)
        assert filled.version() > before

    @pytest.mark.parametrize(("refused", "error"), REFUSALS.values(), ids=REFUSALS)
    def test_a_refusal_changes_nothing(
        self, filled: AccountStore, refused: Callable[[AccountStore], object], error: type[Exception]
    ) -> None:
        before = everything(filled)
        with pytest.raises(error):
            refused(filled)
        assert everything(filled) == before
