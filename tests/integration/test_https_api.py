"""Certificates over the API: a real authority, a real server."""

import json
from typing import Any

import pytest

from tests.integration.https_installation import HttpsInstallation
from tests.integration.test_https import installation, pebble
from tests.integration.test_story import wait_until
from tests.running import RunningWaypost, free_port
from tests.web.api_server import Api

__all__ = ["installation", "pebble"]

HOST = "track.example.com"
SSL = f"/tracking-domains/{HOST}/ssl"


@pytest.mark.long  # a server, an authority and three orders
def test_a_certificate_is_shown_and_ordered_again(installation: HttpsInstallation) -> None:
    port = free_port()
    made = json.loads(installation.run("apikey", "add", "--scope", "write", "--json"))
    api = Api(port=port, run=installation.run, token=made["key"])  # type: ignore[arg-type]

    def status() -> Any:
        return api.get(SSL)

    with RunningWaypost(installation.folder, WAYPOST_WEB__LISTEN=f"127.0.0.1:{port}"):
        api.post("/tracking-domains", {"name": HOST})
        assert status()["state"] == "unavailable"
        installation.point(HOST)
        assert api.post(f"/tracking-domains/{HOST}/verify", status=200)["state"] == "verified"
        wait_until(lambda: status()["state"] == "active")
        first = status()
        assert "Pebble" in first["issuer"]
        assert first["valid_from"] < first["next_order_at"] < first["valid_until"]
        ordered = api.post(SSL, status=202)
        assert ordered["serial"] == first["serial"]  # the answer does not wait for the authority
        wait_until(lambda: status()["serial"] != first["serial"])
        assert (status()["state"], status()["problem"]) == ("active", None)
        installation.pebble.stop()
        api.post(SSL, status=202)
        wait_until(lambda: status()["problem"] is not None)
        assert (status()["state"], status()["problem"]["meaning"] != "") == ("active", True)
