import re
from collections.abc import Callable

import pytest

from accounts.credentials import Credentials
from accounts.errors import InvalidLimit, InvalidName, NotFound
from accounts.model import SendingLimits
from accounts.secret_hash import ALPHABET
from tests.accounts.builders import LATER, NOW, project
from tests.accounts.memory_store import MemoryStore


def counting_bytes() -> Callable[[int], bytes]:
    """Return a source of bytes that never repeats itself."""
    calls = iter(range(256))
    return lambda size: bytes([next(calls)]) * size


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    store.add_project(name="shop", created_at=NOW)
    return store


def of(store: MemoryStore, name: str) -> Credentials:
    found = store.find_project(name)
    assert found is not None
    return Credentials(store=store, project=found, clock=lambda: LATER, random_bytes=counting_bytes())


@pytest.fixture
def credentials(store: MemoryStore) -> Credentials:
    return of(store, "shop")


def test_username_and_password_are_made_and_the_password_is_not_kept(
    credentials: Credentials, store: MemoryStore
) -> None:
    added = credentials.add(label="the app", limits=SendingLimits(recipients_per_day=5))
    assert re.fullmatch(rf"shop-[{ALPHABET}]{{8}}", added.credential.username)
    assert added.credential.secret_hash.matches(added.password)
    assert (added.credential.label, added.credential.created_at) == ("the app", LATER)
    assert added.credential.limits.recipients_per_day == 5
    assert store.credentials() == [added.credential] == credentials.all()
    assert added.password not in repr(added) + repr(store.credentials())


def test_two_credentials_share_nothing(credentials: Credentials) -> None:
    one, other = credentials.add(), credentials.add()
    assert one.credential.username != other.credential.username
    assert one.password != other.password
    assert one.credential.secret_hash.salt != other.credential.secret_hash.salt


def test_a_route_is_of_the_same_project(credentials: Credentials, store: MemoryStore) -> None:
    shop = store.find_project("shop")
    assert shop is not None
    store.add_route(project=shop.id, name="bills", created_at=NOW)
    store.add_route(project=project().id, name="news", created_at=NOW)
    assert credentials.add(route="Bills").credential.route == "bills"
    with pytest.raises(NotFound, match="has no route news"):
        credentials.add(route="news")
    with pytest.raises(InvalidName):
        credentials.add(route="no route")
    assert len(credentials.all()) == 1


@pytest.mark.parametrize(
    "limits", [SendingLimits(messages_per_minute=0), SendingLimits(recipients_per_day=-1)]
)
def test_a_limit_of_nothing_is_refused(credentials: Credentials, limits: SendingLimits) -> None:
    with pytest.raises(InvalidLimit, match="revoke the credential"):
        credentials.add(limits=limits)
    assert credentials.all() == []


def test_a_revoked_credential_is_shown_where_asked_for(credentials: Credentials) -> None:
    one, other = credentials.add().credential, credentials.add().credential
    credentials.revoke(one.username)
    credentials.revoke(one.username)
    assert credentials.all() == [other]
    assert {each.username: each.revoked_at for each in credentials.all(revoked=True)} == {
        one.username: LATER,
        other.username: None,
    }


def test_a_credential_of_another_project_is_not_found(credentials: Credentials, store: MemoryStore) -> None:
    added = credentials.add().credential
    default = of(store, "default")
    assert default.all() == []
    for username in (added.username, "nobody"):
        with pytest.raises(NotFound, match="begins with the name of its project"):
            default.revoke(username)
    assert credentials.all() == [added]
