import pytest

from tests.web.api_server import Api


def test_only_live_keys_are_let_in(nobody: Api, operator: Api) -> None:
    refused = nobody.ask("GET", "/projects")
    assert (refused.status, refused.code) == (401, "wrong_key")
    assert refused.headers["www-authenticate"] == "Bearer"
    assert operator.ask("GET", "/projects").status == 200
    forged = Api(port=nobody.port, run=nobody.run, token=operator.token[:-1] + "!")
    assert forged.ask("GET", "/projects").code == "wrong_key"
    basic = Api(port=nobody.port, run=nobody.run, headers={"Authorization": f"Basic {operator.token}"})
    assert basic.ask("GET", "/projects").code == "wrong_key"
    operator.run("apikey", "revoke", operator.token.split("_")[2], "--all-projects")
    assert operator.ask("GET", "/projects").code == "wrong_key"


def test_nothing_is_told_of_a_path_before_the_key(nobody: Api) -> None:
    for method, path in (("GET", "/nothing"), ("POST", "/projects"), ("PUT", "/projects")):
        assert nobody.ask(method, path, raw=b"{").code == "wrong_key"
    assert nobody.ask("GET", "/openapi.json").status == 200


def test_who_fails_often_is_sent_away_for_a_while(nobody: Api, operator: Api) -> None:
    wrong = Api(port=nobody.port, run=nobody.run, token="waypost_api_00000000_" + "0" * 32)
    codes = [wrong.ask("GET", "/projects").status for _ in range(11)]
    assert codes == [401] * 10 + [429]
    locked = operator.ask("GET", "/projects")
    assert locked.code == "too_many_failures"
    assert int(locked.headers["retry-after"]) == 600


@pytest.mark.parametrize(
    ("scope", "read", "write", "admin"),
    [("read", 200, 403, 403), ("write", 200, 201, 403), ("admin", 200, 201, 201)],
)
def test_a_key_may_what_its_scope_says(nobody: Api, scope: str, read: int, write: int, admin: int) -> None:
    api = nobody.key(scope, "shop")
    assert api.ask("GET", "/routes").status == read
    assert api.ask("POST", "/routes", {"name": "bills"}).status == write
    assert api.ask("POST", "/credentials", {}).status == admin
    operator_only = api.ask("POST", "/projects", {"name": "another"})
    assert operator_only.code == "missing_scope"
    listed = nobody.run("audit", "list", "--json").output
    assert "another" not in listed


def test_changes_are_written_down_as_the_keys(nobody: Api) -> None:
    api = nobody.key("admin", "shop")
    api.post("/routes", {"name": "bills"})
    entry, *_ = api.get("/audit-log")["data"]
    assert (entry["actor"], entry["kind"], entry["name"]) == (
        f"key:{api.token.split('_')[2]}",
        "route",
        "bills",
    )
    others = nobody.key("admin", "default").get("/audit-log")["data"]
    assert {each["kind"] for each in others} == {"API key"}
