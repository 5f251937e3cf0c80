"""`waypost domain add`: a host that another project had."""

import json
import re

from tests.admin.conftest import Run
from tests.dns_server import DnsServer

RECORD = re.compile(r'_waypost\.track\.example\.com\. TXT "(waypost-verify=[a-z2-7]{32})"')


def test_a_host_of_a_removed_project_is_taken_over(run: Run, dns: DnsServer) -> None:
    run("project", "add", "old")
    run("domain", "add", "track.example.com", "--project", "old")
    dns.add("track.example.com", "CNAME", "t.waypost.test")
    run("domain", "verify", "track.example.com", "--project", "old")
    assert "already (verified)" in run("domain", "add", "track.example.com", code=1).stderr
    run("domain", "remove", "track.example.com", "--project", "old")
    run("project", "remove", "old")

    refused = run("domain", "add", "track.example.com", code=1)
    found = RECORD.search(refused.stderr)
    assert found is not None
    assert f"Value: {found[1]}" in refused.stdout
    asked = run("domain", "add", "track.example.com", "--json", code=1)
    assert json.loads(asked.stdout)["proof_needed"]["name"] == "_waypost.track"
    dns.add("_waypost.track.example.com", "TXT", f'"{found[1]}"')
    assert "Added track.example.com" in run("domain", "add", "track.example.com").output
    run("domain", "verify", "track.example.com")
    [listed] = json.loads(run("domain", "list", "--json").output)
    assert (listed["project"], listed["state"], listed["is_default"]) == (1, "verified", True)
