from tests.web.api_server import Api


def test_the_rules_of_a_sending_domain(operator: Api) -> None:
    added = operator.post("/sending-domains", {"name": "example.com"})
    assert added["recipients"] is None
    assert set(added["rules"].values()) == {None}
    path = "/sending-domains/example.com"
    rules = {"excluded_hosts": ["*.Bank.example"], "visible_url": "track", "clicks": False}
    changed = operator.ask("PATCH", path, {"recipients": "none", "rules": rules}).body
    assert changed["recipients"] == "none"
    assert (changed["rules"]["excluded_hosts"], changed["rules"]["visible_url"]) == (
        ["*.bank.example"],
        "track",
    )
    later = operator.ask("PATCH", path, {"rules": {"clicks": None, "excluded_hosts": []}}).body["rules"]
    assert (later["clicks"], later["excluded_hosts"], later["visible_url"]) == (None, [], "track")
    assert operator.ask("PATCH", path, {"recipients": None}).body["recipients"] is None
    assert (
        operator.ask("PATCH", path, {"rules": {"click": True}}).body["errors"][0]["pointer"]
        == "#/rules/click"
    )


def test_a_change_that_cannot_be_whole_changes_nothing(operator: Api) -> None:
    operator.post("/sending-domains", {"name": "example.com"})
    operator.post("/tracking-domains", {"name": "track.example.com"})
    before = operator.get("/sending-domains/example.com")
    for change in (
        {"tracking_domain": "track.example.com", "rules": {"excluded_hosts": ["a b"]}},
        {"tracking_domain": "no.example.com", "share": 10},
    ):
        assert operator.ask("PATCH", "/sending-domains/example.com", change).status in (404, 422)
        assert operator.get("/sending-domains/example.com") == before


def test_the_privacy_of_a_project(operator: Api) -> None:
    assert set(operator.get("/projects/shop")["privacy"].values()) == {None}
    said = {"recipients": "anonymous", "event_days": 90, "client_addresses": "truncated"}
    changed = operator.ask("PATCH", "/projects/shop", {"privacy": said}).body
    assert changed["privacy"] == said | {"message_days": None}
    later = operator.ask("PATCH", "/projects/shop", {"privacy": {"event_days": None}}).body
    assert (later["privacy"]["event_days"], later["privacy"]["recipients"]) == (None, "anonymous")
    refused = operator.ask("PATCH", "/projects/shop", {"privacy": {"event_days": 36_501}})
    assert refused.body["errors"][0]["pointer"] == "#/privacy/event_days"


def test_keys_are_made_shown_once_and_revoked(operator: Api) -> None:
    admin = operator.key("admin", "shop")
    made = admin.post("/api-keys", {"scope": "write", "label": "back office"})
    token = made.pop("key")
    shop = Api(port=operator.port, run=operator.run, token=token)
    assert shop.get("/projects")["data"][0]["name"] == "shop"
    assert {each["id"] for each in admin.get("/api-keys")["data"]} == {made["id"], admin.token.split("_")[2]}
    assert token not in str(admin.get("/api-keys"))
    for refused in (shop.ask("GET", "/api-keys"), shop.ask("POST", "/api-keys", {"scope": "admin"})):
        assert refused.code == "missing_scope"
    assert admin.ask("DELETE", f"/api-keys/{made['id']}").status == 204
    assert shop.ask("GET", "/projects").code == "wrong_key"
    assert [each["id"] for each in admin.get("/api-keys?revoked=true")["data"] if each["revoked_at"]] == [
        made["id"]
    ]


def test_keys_of_the_installation_are_the_installations(operator: Api) -> None:
    admin = operator.key("admin", "shop")
    own = operator.token.split("_")[2]
    for method, path, body in (
        ("GET", "/api-keys?all_projects=true", None),
        ("POST", "/api-keys?all_projects=true", {"scope": "read"}),
        ("DELETE", f"/api-keys/{own}?all_projects=true", None),
    ):
        assert admin.ask(method, path, body).code == "missing_scope"
    assert admin.ask("DELETE", f"/api-keys/{own}").code == "not_found"
    assert [each["id"] for each in operator.get("/api-keys?all_projects=true")["data"]] == [own]


def test_files_for_apps(operator: Api) -> None:
    operator.post("/tracking-domains", {"name": "track.example.com"})
    path = "/tracking-domains/track.example.com/app-files"
    assert operator.get(path) == {"apple_app_site_association": None, "assetlinks": None}
    links = {"applinks": {"details": []}}
    put = operator.ask("PUT", f"{path}/apple-app-site-association", links)
    assert (put.status, put.body["apple_app_site_association"]) == (200, links)
    operator.ask("PUT", f"{path}/assetlinks", [])
    assert operator.get(path) == {"apple_app_site_association": links, "assetlinks": []}
    for wrong in (b"[]", b'{"a":NaN}', b'{"a":"\\ud800"}', b'{"a":"%s"}' % (b"x" * 131_072)):
        refused = operator.ask("PUT", f"{path}/apple-app-site-association", raw=wrong)
        assert (refused.status, refused.code) == (422, "invalid_app_file"), wrong[:20]
    assert operator.ask("PUT", f"{path}/robots", {}).code == "invalid_request"
    assert operator.ask("DELETE", f"{path}/assetlinks").status == 204
    assert operator.get(path)["assetlinks"] is None
    assert operator.ask("GET", "/tracking-domains/no.example.com/app-files").code == "not_found"
