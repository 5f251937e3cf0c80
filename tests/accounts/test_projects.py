from datetime import datetime
from ipaddress import ip_network

import pytest

from accounts.errors import (
    AccountError,
    InvalidName,
    InvalidNetwork,
    NameTaken,
    NetworkTaken,
    NotFound,
    NotRemovable,
)
from accounts.model import DEFAULT_PROJECT, Holdings, SendingLimits
from accounts.projects import Projects, ProjectSettings
from rewriter.policy import Mode
from tests.accounts.builders import LATER, NOW, SECRET_HASH
from tests.accounts.memory_store import MemoryStore


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def projects(store: MemoryStore) -> Projects:
    return Projects(
        store=store,
        default_networks=(ip_network("127.0.0.0/8"),),
        upstreams=("far",),
        clock=lambda: NOW,
    )


def test_a_project_is_added_in_lower_case_with_nothing_set(projects: Projects) -> None:
    added = projects.add("Shop")
    assert (added.name, added.created_at) == ("shop", NOW)
    assert added.id != DEFAULT_PROJECT
    assert projects.find("SHOP") == added
    assert projects.all() == [projects.find("default"), added]
    assert projects.show("shop").holdings == Holdings()


@pytest.mark.parametrize(
    ("name", "error"), [("a b", InvalidName), ("Default", NameTaken), ("shop", NameTaken)]
)
def test_what_cannot_be_added(projects: Projects, name: str, error: type[AccountError]) -> None:
    projects.add("shop")
    with pytest.raises(error):
        projects.add(name)
    assert len(projects.all()) == 2


def test_what_is_set_is_set_and_the_rest_stays(projects: Projects) -> None:
    projects.change("default", ProjectSettings(tracking=Mode.OBSERVE), add_networks=["192.0.2.0/24"])
    changed = projects.change("default", ProjectSettings(unknown_senders=False))
    assert (changed.tracking, changed.unknown_senders) == (Mode.OBSERVE, False)
    assert changed.networks == (ip_network("192.0.2.0/24"),)
    assert projects.find("default") == changed
    assert projects.change("default", ProjectSettings(tracking=None)).tracking is None


def test_an_upstream_is_one_of_the_settings(projects: Projects) -> None:
    assert projects.change("default", ProjectSettings(upstream="far")).upstream == "far"
    with pytest.raises(NotFound, match="no upstream 'near'"):
        projects.change("default", ProjectSettings(upstream="near"))
    assert projects.find("default").upstream == "far"
    assert projects.change("default", ProjectSettings(upstream=None)).upstream is None


def test_networks_come_and_go(projects: Projects) -> None:
    projects.change("default", {}, add_networks=["192.0.2.0/24", "198.51.100.7"])
    projects.change("default", {}, add_networks=["192.0.2.0/24"])
    changed = projects.change("default", {}, add_networks=["2001:db8::/32"], remove_networks=["192.0.2.0/24"])
    assert [str(network) for network in changed.networks] == ["198.51.100.7/32", "2001:db8::/32"]


@pytest.mark.parametrize(
    ("add", "remove", "error", "says"),
    [
        (["192.0.2.0/24"], [], NetworkTaken, "belongs to the project shop"),
        (["127.0.0.0/8"], [], NetworkTaken, "relay.networks"),
        (["0.0.0.0/0"], [], InvalidNetwork, "open relay"),
        ([], ["192.0.2.0/24"], NotFound, "does not list 192.0.2.0/24"),
        ([], ["nonsense"], InvalidNetwork, "write it as"),
    ],
)
def test_networks_that_are_refused(
    projects: Projects, add: list[str], remove: list[str], error: type[AccountError], says: str
) -> None:
    projects.add("shop")
    projects.change("shop", {}, add_networks=["192.0.2.0/24"])
    before = projects.all()
    with pytest.raises(error, match=says):
        projects.change(
            "default", ProjectSettings(tracking=Mode.OFF), add_networks=add, remove_networks=remove
        )
    assert projects.all() == before


def test_a_part_of_another_projects_network_is_not_the_same_network(projects: Projects) -> None:
    projects.add("shop")
    projects.change("shop", {}, add_networks=["192.0.2.0/24"])
    changed = projects.change("default", {}, add_networks=["192.0.2.0/25"])
    assert changed.networks == (ip_network("192.0.2.0/25"),)


@pytest.mark.parametrize("unknown", ["no", "", "sh'op"])
def test_an_unknown_project_is_told(projects: Projects, unknown: str) -> None:
    for use in (projects.find, projects.show, projects.remove, lambda name: projects.change(name, {})):
        with pytest.raises(NotFound, match="list of projects"):
            use(unknown)


def test_the_default_project_is_always_there(projects: Projects) -> None:
    with pytest.raises(NotRemovable, match="always there"):
        projects.remove("Default")


def test_what_a_project_owns_keeps_it(projects: Projects, store: MemoryStore) -> None:
    shop = projects.add("shop")
    store.domains[shop.id] = Holdings(
        tracking_domains=("track.example.com",), sending_domains=("example.com", "example.net")
    )
    add_credential(store, shop.id, NOW)
    with pytest.raises(
        NotRemovable, match=r"track\.example\.com; .* example\.com, example\.net; the credentials shop-a"
    ):
        projects.remove("shop")
    assert projects.find("shop") == shop
    store.domains.clear()
    store.revoke_credential("shop-a", LATER)
    assert projects.remove("shop") == shop
    assert [project.name for project in projects.all()] == ["default"]


def add_credential(store: MemoryStore, project: int, at: datetime) -> None:
    store.add_credential(
        project=project,
        username="shop-a",
        label="",
        secret_hash=SECRET_HASH,
        route=None,
        limits=SendingLimits(),
        created_at=at,
    )
