from datetime import timedelta

import pytest

from service.database import open_unattended
from service.settings_file import load_settings
from storage.webhook_tables import webhook_deliveries
from tests.domains.builders import NOW
from tests.running import free_port
from tests.web.api_server import Api

URL = "https://hooks.example.com/in?token=hunter2"


def test_the_whole_life_of_a_webhook(operator: Api) -> None:
    answer = operator.ask("POST", "/webhooks", {"url": URL, "kinds": ["click"], "label": "crm"})
    assert answer.status == 201
    made = answer.body
    assert answer.headers["location"] == f"/api/v1/webhooks/{made['id']}"
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert (made["url"], made["kinds"], made["state"]) == (
        "https://hooks.example.com/in?…",
        ["click"],
        "active",
    )
    path = f"/webhooks/{made['id']}"
    assert operator.get(path) == made | {"waiting": 0}
    assert operator.get("/webhooks")["data"] == [made]
    paused = operator.post(f"{path}/pause", status=200)
    assert (paused["state"], paused["paused_why"]) == ("paused", "by hand")
    assert operator.post(f"{path}/resume", status=200) == made
    rotated = operator.post(f"{path}/rotate", {}, status=200)
    assert rotated["secret"] != secret
    assert rotated["former_secret_until"] is not None
    assert operator.post(f"{path}/rotate", {"grace_seconds": 0}, status=200)["former_secret_until"] is None
    assert operator.ask("DELETE", path).status == 204
    assert operator.ask("GET", path).code == "not_found"
    told = str(operator.get("/audit-log"))
    assert "hunter2" not in told
    assert secret not in told


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "http://hooks.example.com/"}, "invalid_endpoint"),
        ({"url": "https://a:hunter2@hooks.example.com/"}, "invalid_endpoint"),
        ({"url": "https://hooks.example.com/", "kinds": ["all"]}, "invalid_request"),
    ],
)
def test_what_is_no_webhook_is_refused(operator: Api, body: object, code: str) -> None:
    refused = operator.ask("POST", "/webhooks", body)
    assert (refused.status, refused.code) == (422, code)
    assert "hunter2" not in refused.body["detail"]
    assert operator.get("/webhooks")["data"] == []


def test_those_of_all_projects_are_the_installations(operator: Api) -> None:
    everywhere = operator.post("/webhooks?all_projects=true", {"url": URL})["id"]
    assert operator.get("/webhooks")["data"] == []
    assert [each["id"] for each in operator.get("/webhooks?all_projects=true")["data"]] == [everywhere]
    own = operator.key("admin", "shop")
    assert own.ask("GET", "/webhooks?all_projects=true").code == "missing_scope"
    for key in (own, operator):
        assert key.ask("GET", f"/webhooks/{everywhere}").code == "not_found"


def test_one_is_tried_but_not_within_the_operators_network(operator: Api) -> None:
    closed = operator.post("/webhooks", {"url": f"https://127.0.0.1:{free_port()}/in"})["id"]
    tried = operator.post(f"/webhooks/{closed}/test", status=200)
    assert tried["delivered"] is False
    assert "webhooks.allow_private" in tried["detail"]


def given_up(webhook: str, *numbers: int) -> list[str]:
    """Store deliveries that failed, two of them made at the same time, and return their ids."""
    rows = [
        {
            "id": f"msg_{number:024x}",
            "webhook": webhook,
            "created_at": NOW + timedelta(seconds=number // 2),
            "begun_at": NOW,
            "events": [[f"{number:032x}", "click", 1, 1, None]],
            "attempts": 9,
            "ended_at": NOW,
            "detail": "answered 500",
        }
        for number in numbers
    ]
    with open_unattended(load_settings(None, {})) as engine, engine.begin() as connection:
        connection.execute(webhook_deliveries.insert(), rows)
    return [str(row["id"]) for row in rows]


def test_deliveries_are_listed_each_once_and_replayed(operator: Api) -> None:
    webhook = operator.post("/webhooks", {"url": URL})["id"]
    ids = given_up(webhook, 2, 3, 4, 5, 6)
    path = f"/webhooks/{webhook}/deliveries"
    seen, cursor = [], ""
    while True:
        page = operator.get(f"{path}?limit=2{cursor}")
        seen += [each["id"] for each in page["data"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [ids[4], ids[2], ids[3], ids[0], ids[1]]
    [only] = operator.get(f"{path}?limit=1")["data"]
    assert (only["state"], only["attempts"], only["detail"]) == ("failed", 9, "answered 500")
    assert only["events"] == [{"id": f"{6:032x}", "kind": "click", "at": 1}]

    replay = f"/webhooks/{webhook}/replay"
    assert operator.post(replay, {"deliveries": ids[:1]}, status=200) == {"deliveries": 1, "paused": False}
    assert operator.ask("POST", replay, {"deliveries": ["msg_1"]}).code == "not_found"
    since = (NOW + timedelta(seconds=3)).isoformat()
    assert operator.post(replay, {"since": since}, status=200)["deliveries"] == 1
    operator.post(f"/webhooks/{webhook}/pause", status=200)
    assert operator.post(replay, {"failed": True}, status=200) == {"deliveries": 3, "paused": True}
    assert operator.get(f"{path}?state=failed")["data"] == []
    assert len(operator.get(f"{path}?state=waiting")["data"]) == 5
    replays = [each["after"] for each in operator.get("/audit-log")["data"] if "replayed" in each["after"]]
    assert replays == [{"replayed": 3}, {"replayed": 1}, {"replayed": 1}]
    assert operator.post(replay, {"failed": True}, status=200)["deliveries"] == 0


@pytest.mark.parametrize("body", [{}, {"failed": False}, {"failed": True, "deliveries": ["msg_1"]}])
def test_a_replay_says_of_what(operator: Api, body: object) -> None:
    webhook = operator.post("/webhooks", {"url": URL})["id"]
    assert operator.ask("POST", f"/webhooks/{webhook}/replay", body).code == "invalid_request"


@pytest.mark.parametrize("cursor", ["x", "YWJj", "MjAyNi0xMS0yMSAx"])
def test_what_is_no_place_in_deliveries_is_refused(operator: Api, cursor: str) -> None:
    webhook = operator.post("/webhooks", {"url": URL})["id"]
    assert operator.ask("GET", f"/webhooks/{webhook}/deliveries?cursor={cursor}").code == "invalid_cursor"
