from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from accounts import directory as module
from accounts.directory import AccountDirectory
from accounts.model import DEFAULT_PROJECT
from accounts.secret_hash import SecretHash
from tests.accounts.builders import LATER, PASSWORD, SECRET_HASH, credential, project, route

DEFAULT = project()
SHOP = project(2, "shop", "192.0.2.0/25")


def build(*networks: str) -> AccountDirectory:
    return AccountDirectory.build(
        [DEFAULT, SHOP],
        [credential("default-a"), credential("shop-b", project=2)],
        [route("news"), route("bills", project=2)],
        default_networks=map(ip_network, networks),
    )


def test_username_and_password_together_sign_in() -> None:
    signed_in = build().authenticate("shop-b", PASSWORD)
    assert signed_in is not None
    assert (signed_in.username, signed_in.project) == ("shop-b", 2)


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("shop-b", PASSWORD + " "),
        ("shop-b", PASSWORD.upper()),
        ("shop-b", ""),
        ("SHOP-B", PASSWORD),
        ("nobody", PASSWORD),
        ("", ""),
    ],
)
def test_anything_else_does_not(username: str, password: str) -> None:
    assert build().authenticate(username, password) is None


def test_a_revoked_credential_is_nobody() -> None:
    revoked = replace(credential("default-a"), revoked_at=LATER)
    directory = AccountDirectory.build([DEFAULT], [revoked], [])
    assert directory.authenticate("default-a", PASSWORD) is None


@pytest.mark.parametrize("username", ["default-a", "nobody"])
def test_the_work_is_the_same_for_users_and_strangers(username: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    monkeypatch.setattr(SecretHash, "matches", lambda self, secret: compared.append(secret))
    assert build().authenticate(username, "wrong") is None
    assert compared == ["wrong"]


def test_strangers_are_compared_with_a_hash_of_the_same_size() -> None:
    assert len(module.NOBODY.salt) == len(SECRET_HASH.salt)
    assert len(module.NOBODY.digest) == len(SECRET_HASH.digest)


@pytest.mark.parametrize(
    ("address", "owner"),
    [("192.0.2.1", SHOP), ("192.0.2.200", DEFAULT), ("::ffff:192.0.2.1", SHOP), ("198.51.100.1", None)],
)
def test_the_project_of_a_network(address: str, owner: object) -> None:
    assert build("192.0.2.0/24").project_of_address(ip_address(address)) == owner


def test_a_project_has_its_network_even_where_the_settings_list_it_too() -> None:
    assert build("192.0.2.0/25").project_of_address(ip_address("192.0.2.1")) == SHOP


def test_a_network_of_a_project_that_is_not_there_admits_nobody() -> None:
    directory = AccountDirectory.build([SHOP], [], [], default_networks=[ip_network("127.0.0.0/8")])
    assert directory.project_of_address(ip_address("127.0.0.1")) is None


def test_projects_and_routes_are_found() -> None:
    directory = build()
    assert directory.project(2) == SHOP
    assert directory.project(3) is None
    assert directory.route(DEFAULT_PROJECT, "News") == route("news")


def test_a_route_of_another_project_is_not_found() -> None:
    assert build().route(DEFAULT_PROJECT, "bills") is None


def test_it_shows_no_hash() -> None:
    assert SECRET_HASH.digest.hex() not in repr(build())
    assert repr(SECRET_HASH.digest) not in repr(build())
    assert "secret_hash" not in repr(credential())
