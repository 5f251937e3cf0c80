"""Upstreams, ports, CNAME targets, default hosts: what has to answer, and whether it is ours."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from domains.check import Check
from domains.dns_answer import DnsAnswer, DnsStatus
from domains.evidence import CaaAnswer, CaaStatus, Evidence, ProbeAnswer, Reached
from domains.model import TrackingDomain
from service.checkup import Level, check_all
from service.checkup.accounts import look_at_projects
from service.checkup.ports import look_at_ports
from service.checkup.targets import look_at_targets
from service.checkup.upstreams import look_at_upstreams
from service.database import open_projects
from service.settings import Settings, UpstreamSection
from tests.dns_server import DnsServer, Failure
from tests.running import RunningWaypost, UpstreamInThread, free_port
from tests.service.checkup.findings import MILLISECONDS, NOW, bad, with_section
from tests.smtp_upstream import ScriptedUpstream
from tests.web_server import WebServer, ok, says, waits


def test_an_upstream_that_answers_and_one_that_does_not(settings: Settings) -> None:
    away = free_port()
    with UpstreamInThread(ScriptedUpstream()) as upstream:
        real = with_section(settings, "upstream", url=f"smtp://127.0.0.1:{upstream.port}")
        assert bad(look_at_upstreams(real, MILLISECONDS)) == []
    gone = with_section(settings, "upstream", url=f"smtp://127.0.0.1:{away}")
    assert "fail upstream: " in bad(look_at_upstreams(gone, MILLISECONDS))


def test_a_folder_is_no_delivery(settings: Settings) -> None:
    assert "warn upstream: messages go into a folder" in bad(look_at_upstreams(settings, MILLISECONDS))


def listening(settings: Settings, smtp: int, http: int) -> Settings:
    settings = with_section(settings, "relay", listen=(f"127.0.0.1:{smtp}",))
    return with_section(settings, "tracker", listen=(f"127.0.0.1:{http}",))


def test_ports_of_a_running_waypost(settings: Settings) -> None:
    smtp, http = free_port(), free_port()
    Path("waypost.toml").write_text(
        f'[relay]\nlisten = ["127.0.0.1:{smtp}"]\n[tracker]\nlisten = ["127.0.0.1:{http}"]\n'
        "[domains]\nbackground_checks = false\n"
    )
    settings = listening(settings, smtp, http)
    found = bad(look_at_ports(settings, MILLISECONDS))
    assert f"warn relay: nothing answers at 127.0.0.1:{smtp}" in found
    assert f"warn tracker: nothing answers at 127.0.0.1:{http}" in found
    with RunningWaypost(Path()):
        assert bad(look_at_ports(settings, MILLISECONDS)) == []


def test_a_port_that_wants_a_proxy_header_from_here(settings: Settings) -> None:
    with WebServer(waits()) as tracker:
        behind = listening(settings, free_port(), tracker.port)
        found = look_at_ports(with_section(behind, "tracker", proxy_peers=("127.0.0.0/8",)), MILLISECONDS)
        assert [each.level for each in found if each.subject == "tracker"] == [Level.OK]


def test_ports_that_other_programs_hold(settings: Settings) -> None:
    with ExitStack() as stack:
        web = stack.enter_context(WebServer(says(ok(b"<html>", b"Server: nginx"))))
        mail = stack.enter_context(UpstreamInThread(ScriptedUpstream()))
        found = bad(look_at_ports(listening(settings, mail.port, web.port), MILLISECONDS))
    assert f"fail tracker: another program holds 127.0.0.1:{web.port}: 'nginx'" in found
    assert f"fail relay: another program holds 127.0.0.1:{mail.port}: '220" in found


def test_a_port_that_says_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.checkup.ports.PATIENCE_SECONDS", 0.05)
    with WebServer(waits()) as silent:
        found = bad(look_at_ports(listening(settings, silent.port, free_port()), MILLISECONDS))
    assert "takes connections and says nothing" in found


def seeing(monkeypatch: pytest.MonkeyPatch, **seen: object) -> None:
    """Let every target be seen like that."""
    dns = DnsAnswer(host="t.waypost.test", status=DnsStatus.ADDRESS_ONLY, addresses=("203.0.114.1",))

    def look_at(self: Check, domain: TrackingDomain, told: object) -> Evidence:
        return Evidence(**{"at": NOW, "dns": dns, **seen})  # type: ignore[arg-type]

    monkeypatch.setattr(Check, "look_at", look_at)


def test_a_target_that_is_well(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = ProbeAnswer(reached=Reached.OURS, address="203.0.114.1", status=200)
    seeing(monkeypatch, http=ours, caa=CaaAnswer(status=CaaStatus.ALLOWED))
    found = list(look_at_targets(settings, MILLISECONDS))
    assert bad(found) == []
    assert found[-1].message == "http://t.waypost.test reaches this installation"


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (
            {"http": ProbeAnswer(reached=Reached.OTHER, detail="203.0.114.1 answers 200")},
            "fail domains: http://t.waypost.test reaches another server: 203.0.114.1 answers 200",
        ),
        (
            {"http": ProbeAnswer(reached=Reached.NOBODY, detail="refused")},
            "warn domains: nobody answers at http://t.waypost.test: refused",
        ),
        (
            {"caa": CaaAnswer(status=CaaStatus.FORBIDDEN, found_at="waypost.test")},
            "CAA records of waypost.test keep letsencrypt.org from issuing for t.waypost.test → add this",
        ),
        (
            {"caa": CaaAnswer(status=CaaStatus.UNKNOWN, detail="SERVFAIL")},
            "warn domains: the CAA records of t.waypost.test could not be had: SERVFAIL",
        ),
    ],
)
def test_a_target_that_is_not_well(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, seen: dict[str, object], expected: str
) -> None:
    seeing(monkeypatch, **seen)
    assert expected in bad(look_at_targets(settings, MILLISECONDS))


def test_a_target_by_dns(settings: Settings, dns: DnsServer) -> None:
    assert "the world cannot reach: 192.0.2.10" in bad(look_at_targets(settings, MILLISECONDS))
    internal = with_section(settings, "domains", allow_private_addresses=True)
    assert bad(look_at_targets(internal, MILLISECONDS)) == []
    dns.remove("t.waypost.test")
    assert "fail domains: target t.waypost.test has no address" in bad(
        look_at_targets(settings, MILLISECONDS)
    )
    none = with_section(settings, "domains", cname_targets=())
    assert "warn domains: no CNAME target is set" in bad(look_at_targets(none, MILLISECONDS))


def test_targets_without_keys(settings: Settings) -> None:
    settings.keys.file.unlink()
    assert "cannot be looked at" in bad(look_at_targets(settings, MILLISECONDS))


def test_a_default_host(settings: Settings, dns: DnsServer) -> None:
    branded = with_section(settings, "tracking", default_domain="https://p{sid}.t.example.net")
    found = bad(look_at_projects(branded, MILLISECONDS))
    assert "fail tracking: the default host pdefault.t.example.net has no address" in found
    dns.add("pdefault.t.example.net", "A", "192.0.2.10")
    assert bad(look_at_projects(branded, MILLISECONDS)) == []
    dns.fail("pdefault.t.example.net", Failure.SERVFAIL)
    assert "no address that could be seen" in bad(look_at_projects(branded, MILLISECONDS))


@pytest.mark.parametrize("base", ["", "http://localhost:8080", "http://192.0.2.1", "http://[2001:db8::1]"])
def test_a_default_host_that_is_in_no_dns(settings: Settings, dns: DnsServer, base: str) -> None:
    assert bad(look_at_projects(with_section(settings, "tracking", default_domain=base), MILLISECONDS)) == []
    assert dns.questions == []


def test_a_project_with_an_upstream_that_is_gone(settings: Settings) -> None:
    own = replace(settings, upstreams={"own": UpstreamSection(url="dir:var/own")})
    with open_projects(own) as projects:
        projects.add("shop")
        projects.change("shop", {"upstream": "own"})
    assert bad(look_at_projects(own, MILLISECONDS)) == []
    assert "the project shop names own, which the settings lack" in bad(
        look_at_projects(settings, MILLISECONDS)
    )


def test_dns_that_is_dead_is_told_of_each_target(settings: Settings, dns: DnsServer) -> None:
    dns.fail_all(Failure.DROP)
    names = tuple(f"t{number}.waypost.test" for number in range(8))
    dead = with_section(settings, "domains", cname_targets=names)
    dead = with_section(dead, "tracking", default_domain="https://p{sid}.t.example.net")
    found = list(check_all(dead, MILLISECONDS))
    assert sum(each.level is Level.FAIL and "has no address" in each.message for each in found) == 8
