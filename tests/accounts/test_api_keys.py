from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from accounts.actors import Scope
from accounts.api_keys import ApiKeys, NewApiKey, authenticate
from accounts.errors import NotFound
from tests.accounts.memory_api_keys import MemoryApiKeyStore

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def store() -> MemoryApiKeyStore:
    return MemoryApiKeyStore()


def keys(store: MemoryApiKeyStore, project: int | None = 1) -> ApiKeys:
    seeds = count(1 + 100 * (project or 0))
    return ApiKeys(
        store=store,
        project=project,
        clock=lambda: NOW,
        random_bytes=lambda number: next(seeds).to_bytes(number, "big"),
    )


@pytest.fixture
def added(store: MemoryApiKeyStore) -> NewApiKey:
    return keys(store).add(Scope.WRITE, label="the shop")


def test_a_token_opens_its_key(store: MemoryApiKeyStore, added: NewApiKey) -> None:
    found = authenticate(store, added.token, NOW)
    assert found is not None
    assert (found.id, found.project, found.scope, found.label) == (added.key.id, 1, Scope.WRITE, "the shop")
    assert added.token.startswith(f"waypost_api_{found.id}_")


def test_the_token_is_in_nothing_that_is_kept_or_shown(store: MemoryApiKeyStore, added: NewApiKey) -> None:
    assert added.token not in repr(added)
    secret = added.token.rpartition("_")[2]
    [kept] = store.api_keys()
    assert secret not in f"{kept} {kept.secret_hash}"


@pytest.mark.parametrize(
    "change",
    [
        lambda token: "",
        lambda token: token[:-1],
        lambda token: token + "0",
        lambda token: token[:-1] + ("1" if token[-1] == "0" else "0"),
        lambda token: token.upper(),
        lambda token: token.replace("waypost_api_", "waypost_smtp_"),
        lambda token: token.replace(token.split("_")[2], "zzzzzzzz"),
        lambda token: token + "\n",
        lambda token: "\udc80" + token,
    ],
)
def test_nothing_else_opens_it(store: MemoryApiKeyStore, added: NewApiKey, change) -> None:  # type: ignore[no-untyped-def]
    assert authenticate(store, change(added.token), NOW) is None
    assert store.uses == 0


def test_the_secret_of_one_key_opens_no_other(store: MemoryApiKeyStore, added: NewApiKey) -> None:
    other = keys(store, 2).add(Scope.READ)
    mixed = f"waypost_api_{other.key.id}_{added.token.rpartition('_')[2]}"
    assert authenticate(store, mixed, NOW) is None


def test_a_revoked_key_opens_no_more(store: MemoryApiKeyStore, added: NewApiKey) -> None:
    keys(store).revoke(added.key.id)
    keys(store).revoke(added.key.id)
    assert authenticate(store, added.token, NOW) is None
    assert keys(store).all() == []
    [revoked] = keys(store).all(revoked=True)
    assert revoked.revoked_at == NOW


def test_its_use_is_noted_once_an_hour(store: MemoryApiKeyStore, added: NewApiKey) -> None:
    for minutes in (0, 1, 59):
        authenticate(store, added.token, NOW + minutes * MINUTE)
    assert store.uses == 1
    authenticate(store, added.token, NOW + 60 * MINUTE)
    assert store.uses == 2


def test_projects_see_and_revoke_their_own_alone(store: MemoryApiKeyStore, added: NewApiKey) -> None:
    whole = keys(store, None).add(Scope.ADMIN)
    assert [each.id for each in keys(store, 1).all()] == [added.key.id]
    assert [each.id for each in keys(store, None).all()] == [whole.key.id]
    for other in (None, 2):
        with pytest.raises(NotFound, match="list of API keys"):
            keys(store, other).revoke(added.key.id)
    assert authenticate(store, added.token, NOW) is not None


def test_each_scope_covers_those_before_it() -> None:
    covered = {scope: [each for each in Scope if scope.covers(each)] for scope in Scope}
    assert covered == {
        Scope.READ: [Scope.READ],
        Scope.WRITE: [Scope.READ, Scope.WRITE],
        Scope.ADMIN: [Scope.READ, Scope.WRITE, Scope.ADMIN],
    }
