"""SparkPost's client for Node.js: it wraps sending domains, and has `get`, `post` and so on for the rest."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
const client = new SparkPost(process.env.WAYPOST_KEY, { origin: process.argv[1] });
const wrong = new SparkPost("wrong", { origin: process.argv[1] });
const uri = "tracking-domains/track.example.com";
(async () => {
    for await (const step of require("readline").createInterface({ input: process.stdin })) {
        const found = await eval(step).catch(({ statusCode, errors }) => ({ statusCode, errors }));
        console.log(JSON.stringify(found ?? null));
    }
})();
"""
"""Takes a step a line, and tells what the client got of it as a line of JSON."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the client."""
    return installed(PACKAGE, tmp_path_factory.mktemp("node"))


@contextmanager
def program(folder: Path, api: Api) -> Iterator[Callable[[str], Any]]:
    """Run it; yield what takes a step."""
    command = ["node", "--no-deprecation", "-e", PROGRAM, f"http://127.0.0.1:{api.port}/compat/sparkpost"]
    environment = os.environ | {"WAYPOST_KEY": api.token}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=folder, env=environment, text=True, bufsize=1, **pipes) as process:

        def does(step: str) -> Any:
            process.stdin.write(f"{step}\n")
            return json.loads(process.stdout.readline())

        yield does


def test_a_program_manages_its_domains(folder: Path, operator: Api, dns: DnsServer) -> None:
    with program(folder, operator) as does:
        manage_domains(does, dns)


def manage_domains(does: Callable[[str], Any], dns: DnsServer) -> None:
    made = does('client.post({ uri: "tracking-domains", json: { domain: "track.example.com" } })')
    assert made == {"results": {"domain": "track.example.com"}}
    [listed] = does('client.get({ uri: "tracking-domains" })')["results"]
    assert listed == does("client.get({ uri })")["results"]
    assert listed["status"]["cname_status"] == "unverified"
    early = does("client.put({ uri, json: { default: true } })")
    assert (early["statusCode"], early["errors"][0]["code"]) == (422, "1300")
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
    assert (refused["statusCode"], refused["errors"][0]["message"]) == (409, "resource conflict")
    does('client.sendingDomains.update("example.com", { tracking_domain: "" })')
    assert "tracking_domain" not in does("client.sendingDomains.list()")["results"][0]
    assert does("client.delete({ uri, json: true })") is None
    assert does("client.get({ uri })")["errors"][0]["code"] == "1600"
    assert does('client.sendingDomains.delete("example.com")') in (None, "")
    wrong = does("wrong.sendingDomains.list()")
    assert (wrong["statusCode"], wrong["errors"][0]["message"]) == (401, "Unauthorized.")


def test_the_example_of_the_documentation_works(folder: Path, operator: Api, dns: DnsServer) -> None:
    document = (Path(__file__).parents[3] / "docs" / "sparkpost.md").read_text()
    [example] = re.findall(r"```js\n(.*?)```", document, re.DOTALL)
    program = example.replace("127.0.0.1:8081", f"127.0.0.1:{operator.port}")
    wrapped = f'const SparkPost = require("sparkpost");\n(async () => {{ {program} }})();'
    dns.add("track.example.com", "CNAME", "t.waypost.test")
    environment = os.environ | {"WAYPOST_KEY": operator.token}
    command = ["node", "--no-deprecation", "-e", wrapped]
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=30, check=True)
    assert operator.get("/tracking-domains/track.example.com")["state"] == "verified"
    assert operator.get("/sending-domains/example.com")["tracking_domain"] == "track.example.com"
