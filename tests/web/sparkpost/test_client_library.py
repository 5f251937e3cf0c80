"""SparkPost's client for Node.js: it wraps sending domains, and has `get`, `post` and so on for the rest."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.dns_server import DnsServer
from tests.node_packages import installed
from tests.web.api_server import Api

pytestmark = pytest.mark.long  # npm takes its time

PACKAGE = Path(__file__).parent / "node-sparkpost"
PROGRAM = """
const SparkPost = require("sparkpost");
const [origin, key] = process.argv.slice(1);
const client = new SparkPost(key, {{ origin }});
const uri = "tracking-domains/track.example.com";
const answer = (async () => {step})();
answer.then((found) => console.log(JSON.stringify(found ?? null)),
    (error) => console.log(JSON.stringify({{ status: error.statusCode, errors: error.errors }})));
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the client."""
    return installed(PACKAGE, tmp_path_factory.mktemp("node"))


def test_a_program_manages_its_domains(folder: Path, operator: Api, dns: DnsServer) -> None:
    def does(step: str, key: str = operator.token) -> Any:
        """Return what the client got."""
        origin = f"http://127.0.0.1:{operator.port}/compat/sparkpost"
        command = ["node", "--no-deprecation", "-e", PROGRAM.format(step=step), origin, key]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=30, check=True)
        return json.loads(done.stdout)

    made = does('client.post({ uri: "tracking-domains", json: { domain: "track.example.com" } })')
    assert made == {"results": {"domain": "track.example.com"}}
    [listed] = does('client.get({ uri: "tracking-domains" })')["results"]
    assert listed == does("client.get({ uri })")["results"]
    assert listed["status"]["cname_status"] == "unverified"
    early = does("client.put({ uri, json: { default: true } })")
    assert (early["status"], early["errors"][0]["code"]) == (422, "1300")
    assert does("client.post({ uri: uri + '/verify', json: true })")["results"]["verified"] is False
    dns.add("track.example.com", "CNAME", "t.waypost.test")
    assert does("client.post({ uri: uri + '/verify', json: true })")["results"]["verified"] is True
    assert does("client.put({ uri, json: { default: true } })") == made
    [default] = does('client.get({ uri: "tracking-domains", qs: { default: true } })')["results"]
    assert default["default"] is True

    created = does('client.sendingDomains.create({ domain: "example.com", generate_dkim: true })')
    assert created["results"]["domain"] == "example.com"
    does('client.sendingDomains.update("example.com", { tracking_domain: "track.example.com" })')
    linked = does('client.sendingDomains.get("example.com")')["results"]
    assert linked["tracking_domain"] == "track.example.com"
    assert does('client.sendingDomains.verify("example.com", { dkim_verify: true })')["results"]["dns"]
    refused = does("client.delete({ uri, json: true })")
    assert (refused["status"], refused["errors"][0]["message"]) == (409, "resource conflict")
    does('client.sendingDomains.update("example.com", { tracking_domain: "" })')
    assert "tracking_domain" not in does("client.sendingDomains.list()")["results"][0]
    assert does("client.delete({ uri, json: true })") is None
    assert does("client.get({ uri })")["errors"][0]["code"] == "1600"
    assert does('client.sendingDomains.delete("example.com")') in (None, "")
    wrong = does("client.sendingDomains.list()", key="wrong")
    assert (wrong["status"], wrong["errors"][0]["message"]) == (401, "Unauthorized.")
