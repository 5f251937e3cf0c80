from tests.dns_server import DnsServer
from tests.web.api_server import Api


def test_the_whole_life_of_a_tracking_domain(operator: Api, dns: DnsServer) -> None:
    answer = operator.ask("POST", "/tracking-domains", {"name": "Track.Example.com."})
    assert answer.status == 201
    added = answer.body
    assert answer.headers["location"] == f"/api/v1/tracking-domains/{added['id']}"
    assert added["record"] == {
        "zone": "example.com",
        "name": "track",
        "type": "CNAME",
        "value": "t.waypost.test",
        "ttl": 300,
        "zone_file": "track.example.com. CNAME t.waypost.test.",
    }
    path = f"/tracking-domains/{added['id']}"
    assert operator.get(path) == operator.get("/tracking-domains/TRACK.example.com") == added
    assert operator.post(f"{path}/verify", status=200)["state"] == "pending"
    dns.add("track.example.com", "CNAME", "t.waypost.test")
    verified = operator.post(f"{path}/verify", status=200)
    assert (verified["state"], verified["default"]) == ("verified", True)
    operator.post("/sending-domains", {"name": "example.com", "tracking_domain": "track.example.com"})
    linked = operator.ask("DELETE", path)
    assert (linked.status, linked.code) == (409, "still_linked")
    renamed = operator.ask("PATCH", path, {"name": "new.example.com"}).body
    assert (renamed["id"], renamed["name"], renamed["state"]) == (added["id"], "new.example.com", "pending")
    assert operator.ask("PATCH", path, {"default": True}).code == "not_verified"
    assert operator.ask("PATCH", path, {"default": True, "https": "off"}).code == "invalid_request"
    removal = operator.ask("DELETE", f"{path}?force=true")
    assert removal.body == {"name": "new.example.com", "retired": False, "unlinked": ["example.com"]}
    assert operator.ask("GET", path).code == "not_found"
    [kept] = operator.get("/tracking-domains?retired=true")["data"]
    assert (kept["name"], kept["state"]) == ("track.example.com", "retired")
    history = operator.get("/tracking-domains/track.example.com/history?limit=1")
    assert history["data"][0]["cause"] == "added"
    assert history["next"] is not None


def test_certificates_are_shown_and_ordered_where_they_are_issued(operator: Api) -> None:
    operator.post("/tracking-domains", {"name": "track.example.com"})
    shown = operator.get("/tracking-domains/track.example.com/ssl")
    assert (shown["domain"], shown["state"], shown["problem"]) == ("track.example.com", "unavailable", None)
    refused = operator.ask("POST", "/tracking-domains/track.example.com/ssl")
    assert (refused.status, refused.code) == (409, "no_certificates")
    assert operator.ask("GET", "/tracking-domains/none.example.com/ssl").code == "not_found"


def test_a_sending_domain_is_proven_linked_and_set(operator: Api, dns: DnsServer) -> None:
    added = operator.post("/sending-domains", {"name": "example.com"})
    assert (added["record"]["type"], added["ownership"]) == ("TXT", "unverified")
    assert not operator.post("/sending-domains/example.com/verify", status=200)["verified"]
    dns.add("_waypost.example.com", "TXT", f'"{added["record"]["value"]}"')
    assert operator.post("/sending-domains/example.com/verify", status=200)["verified"]
    operator.post("/tracking-domains", {"name": "track.example.com"})
    changed = operator.ask(
        "PATCH",
        "/sending-domains/example.com",
        {"tracking_domain": "track.example.com", "tracking": "observe", "share": 10},
    ).body
    assert (changed["tracking_domain"], changed["tracking"], changed["share"]) == (
        "track.example.com",
        "observe",
        10,
    )
    unlinked = operator.ask(
        "PATCH", "/sending-domains/example.com", {"tracking_domain": None, "tracking": None}
    )
    assert (unlinked.body["tracking_domain"], unlinked.body["tracking"], unlinked.body["share"]) == (
        None,
        None,
        10,
    )
    assert operator.ask("DELETE", "/sending-domains/example.com").status == 204
    assert operator.ask("DELETE", "/sending-domains/example.com").code == "not_found"


def test_nothing_is_added_where_its_link_cannot_be(operator: Api) -> None:
    refused = operator.ask(
        "POST", "/sending-domains", {"name": "example.com", "tracking_domain": "no.example.com"}
    )
    assert refused.code == "not_found"
    assert operator.get("/sending-domains")["data"] == []


def test_a_name_of_another_project_needs_a_proof(operator: Api, dns: DnsServer) -> None:
    operator.post("/sending-domains?project=shop", {"name": "example.com"})
    needed = operator.ask("POST", "/sending-domains", {"name": "example.com"})
    assert (needed.status, needed.code) == (409, "proof_needed")
    dns.add("_waypost.example.com", "TXT", f'"{needed.body["record"]["value"]}"')
    assert operator.post("/sending-domains", {"name": "example.com"})["ownership"] == "verified"
    assert operator.get("/sending-domains?project=shop")["data"] == []


def test_a_credential_is_shown_once_and_revoked(operator: Api) -> None:
    operator.post("/routes", {"name": "bills", "opens": False})
    made = operator.post("/credentials", {"label": "web", "route": "bills", "messages_per_minute": 9})
    password = made.pop("password")
    assert password.startswith("waypost_smtp_")
    assert operator.get("/credentials")["data"] == [made]
    assert operator.ask("DELETE", "/routes/bills").code == "not_removable"
    assert operator.ask("DELETE", "/routes/bills?force=true").body["credentials"] == [made["username"]]
    assert operator.ask("DELETE", f"/credentials/{made['username']}").status == 204
    assert operator.get("/credentials")["data"] == []
    [revoked] = operator.get("/credentials?revoked=true")["data"]
    assert revoked["revoked_at"] is not None
    assert password not in str(operator.get("/audit-log"))


def test_projects_and_blocks_are_the_operators(operator: Api) -> None:
    operator.post("/projects", {"name": "two"})
    changed = operator.ask(
        "PATCH", "/projects/two", {"tracking": "observe", "add_networks": ["192.0.2.0/24"]}
    )
    assert (changed.body["tracking"], changed.body["networks"]) == ("observe", ["192.0.2.0/24"])
    assert operator.ask("PATCH", "/projects/two", {"add_networks": ["0.0.0.0/0"]}).code == "invalid_network"
    operator.post("/link-blocks", {"kind": "project", "value": "two", "reason": "harm"})
    operator.post("/link-blocks", {"kind": "host", "value": "Shop.example"})
    assert operator.get("/link-blocks")["data"][0]["value"] == "shop.example"
    assert operator.ask("DELETE", "/link-blocks?kind=project&value=two").status == 204
    assert operator.ask("DELETE", "/link-blocks?kind=project&value=two").code == "not_found"
    assert operator.ask("DELETE", "/projects/two").status == 204
    assert operator.ask("DELETE", "/projects/default").code == "not_removable"


def test_lists_of_domains_are_paged_and_searched(operator: Api) -> None:
    for name in ("a.example.com", "b.example.com", "c.example.com"):
        operator.post("/tracking-domains", {"name": name})
        operator.post("/sending-domains", {"name": name})
    for path in ("/tracking-domains", "/sending-domains"):
        first = operator.get(f"{path}?limit=2")
        assert [each["name"] for each in first["data"]] == ["a.example.com", "b.example.com"]
        last = operator.get(f"{path}?limit=2&cursor={first['next']}")
        assert ([each["name"] for each in last["data"]], last["next"]) == (["c.example.com"], None)
        assert [each["name"] for each in operator.get(f"{path}?search=B.EX")["data"]] == ["b.example.com"]
        assert operator.ask("GET", f"{path}?cursor=%C3%A4").code == "invalid_cursor"
    assert operator.get("/tracking-domains?state=verified")["data"] == []
    assert len(operator.get("/tracking-domains?state=pending")["data"]) == 3
    assert operator.ask("GET", "/tracking-domains/1/history?cursor=x").code == "invalid_cursor"
    for number in ("9" * 18, "9" * 40):
        assert operator.ask("GET", f"/tracking-domains/{number}").code == "not_found"


def test_pages_hold_everything_once(operator: Api) -> None:
    names = [f"r{number}" for number in range(5)]
    for name in reversed(names):
        operator.post("/routes", {"name": name})
    seen, cursor = [], ""
    while True:
        page = operator.get(f"/routes?limit=2{cursor}")
        seen += [each["name"] for each in page["data"]]
        if page["next"] is None:
            break
        operator.ask("DELETE", f"/routes/{seen[-1]}")  # what was seen may go meanwhile
        cursor = f"&cursor={page['next']}"
    assert seen == names
    newest = operator.get("/audit-log?limit=3")
    older = operator.get(f"/audit-log?limit=3&cursor={newest['next']}")
    ids = [each["id"] for each in newest["data"] + older["data"]]
    assert ids == sorted(ids, reverse=True)
