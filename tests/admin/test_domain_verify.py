import json
import threading

import pytest

import admin.domain_verify
import admin.domain_wait
import service.domain_checks.check
import service.domain_use_cases
from domains.evidence import Evidence
from domains.model import TrackingDomain
from service.domain_checks.check import CheckOnDemand
from service.domain_checks.lookup import resolver
from tests.admin.conftest import Run
from tests.dns_server import DnsServer, Failure

HOST = "track.example.com"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin.domain_wait, "BETWEEN_SECONDS", 0.02)


def points_here(dns: DnsServer, *names: str) -> None:
    for name in names:
        dns.add(name, "CNAME", "t.waypost.test")


@pytest.mark.usefixtures("quick")
def test_wait_tells_what_is_seen_until_it_is_verified(run: Run, dns: DnsServer) -> None:
    run("domain", "add", HOST)
    asked_twice = threading.Event()

    def publish() -> None:
        while sum(question.name == HOST for question in dns.questions) < 2:
            asked_twice.wait(0.01)
        points_here(dns, HOST)

    publisher = threading.Thread(target=publish)
    publisher.start()
    output = run("domain", "verify", HOST, "--wait", "--timeout", "60").output
    publisher.join()
    told = output.splitlines()
    assert told[0] == f"domain:  {HOST}"
    assert told[1] == "DNS:     no record"
    assert "DNS:     t.waypost.test → 192.0.2.10" in told
    assert told[-1].startswith("verdict: verified. ")
    assert output.count("DNS:     no record") == 1


@pytest.mark.usefixtures("quick")
def test_wait_ends_when_the_time_is_over(run: Run) -> None:
    run("domain", "add", HOST)
    output = run("domain", "verify", HOST, "--wait", "--timeout", "1s", code=1).output
    assert "verdict: pending. " in output
    assert "Not verified in time. `waypost serve` goes on checking it" in output
    [row] = json.loads(run("domain", "list", "--json").output)
    assert row["state"] == "pending"


@pytest.mark.usefixtures("quick")
def test_wait_for_programs_says_the_result_alone(run: Run, dns: DnsServer) -> None:
    run("domain", "add", HOST)
    points_here(dns, HOST)
    assert json.loads(run("domain", "verify", HOST, "--wait", "--json").output)["state"] == "verified"


def test_ctrl_c_ends_the_wait_and_says_how_it_stands(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("domain", "add", HOST)

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(admin.domain_verify, "Wait", _waiting_with(interrupted))
    stopped = run("domain", "verify", HOST, "--wait", code=1)
    assert f"Stopped waiting: {HOST} is pending, and nothing is lost." in stopped.stderr


def _waiting_with(sleep):  # type: ignore[no-untyped-def]
    return lambda **arguments: admin.domain_wait.Wait(**arguments, sleep=sleep)


@pytest.fixture
def many(run: Run, dns: DnsServer) -> Run:
    """Verified `a` and `b`, and `d` without a record; `c` of the project shop is verified."""
    run("project", "add", "shop")
    points_here(dns, *(f"{each}.example.com" for each in "abc"))
    for each in "abd":
        run("domain", "add", f"{each}.example.com")
    run("domain", "add", "c.example.com", "--project", "shop")
    return run


def test_all_of_a_project(many: Run) -> None:
    told = many("domain", "verify", "--all", code=1)
    assert told.stdout.splitlines() == [
        "project\tdomain\twas\tis\tseen",
        "default\ta.example.com\tpending\tverified\ta.example.com points to t.waypost.test.",
        "default\tb.example.com\tpending\tverified\tb.example.com points to t.waypost.test.",
        "default\td.example.com\tpending\tpending\tNo DNS record for d.example.com was found.",
        "2 of 3 verified, 2 changed.",
    ]
    assert told.stderr == ""
    assert many("domain", "verify", "--all", code=1).stdout.splitlines()[1:] == [
        "default\td.example.com\tpending\tpending\tNo DNS record for d.example.com was found.",
        "2 of 3 verified, 0 changed.",
    ]


def test_all_of_another_project_is_well(many: Run) -> None:
    told = many("domain", "verify", "--all", "--project", "shop").stdout
    assert told.endswith("1 of 1 verified, 1 changed.\n")
    assert many("domain", "verify", "--all", "--project", "shop").stdout == "1 of 1 verified, 0 changed.\n"


def test_all_of_all_projects_for_programs(many: Run) -> None:
    told = json.loads(many("domain", "verify", "--all-projects", "--json", code=1).stdout)
    assert [(each["project"], each["name"], each["after"]) for each in told] == [
        ("default", "a.example.com", "verified"),
        ("default", "b.example.com", "verified"),
        ("default", "d.example.com", "pending"),
        ("shop", "c.example.com", "verified"),
    ]


def test_one_whose_dns_fails_keeps_no_other_from_its_check(many: Run, dns: DnsServer) -> None:
    dns.fail("a.example.com", Failure.SERVFAIL)
    told = many("domain", "verify", "--all", code=1).stdout
    assert "a.example.com\tpending\tpending\tDNS could not be asked about a.example.com." in told
    assert "b.example.com\tpending\tverified" in told


def test_one_resolver_serves_all_projects(many: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    built = []
    monkeypatch.setattr(
        service.domain_use_cases, "resolver", lambda settings: built.append(resolver(settings)) or built[-1]
    )
    monkeypatch.setattr(service.domain_checks.check, "resolver", pytest.fail)
    many("domain", "verify", "--all-projects", code=1)
    assert len(built) == 1


def test_one_that_is_removed_meanwhile_is_told_as_unknown(many: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    look_at = CheckOnDemand.look_at
    removed = threading.Event()

    def removing(self: CheckOnDemand, domain: TrackingDomain, seen: object) -> Evidence:
        if domain.name == "d.example.com":
            many("domain", "remove", domain.name)
            removed.set()
        return look_at(self, domain, lambda _: None)

    monkeypatch.setattr(CheckOnDemand, "look_at", removing)
    told = many("domain", "verify", "--all", code=1).stdout
    assert removed.is_set()
    assert "d.example.com\tpending\tunknown\tno tracking domain is called d.example.com" in told


def test_ctrl_c_says_how_many_were_checked(many: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: object, domain: TrackingDomain, seen: object) -> Evidence:
        raise KeyboardInterrupt

    monkeypatch.setattr(CheckOnDemand, "look_at", interrupted)
    told = many("domain", "verify", "--all", code=1)
    assert "Stopped: 0 of 3 were checked, and that is stored." in told.stderr
    monkeypatch.undo()


def test_a_project_that_there_is_not(run: Run) -> None:
    assert "no project" in run("domain", "verify", "--all", "--project", "nobody", code=1).stderr


def test_without_domains_all_are_well(run: Run) -> None:
    assert run("domain", "verify", "--all").stdout == "0 of 0 verified, 0 changed.\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "name one domain"),
        ((HOST, "--all"), "name one domain"),
        ((HOST, "--all-projects"), "name one domain"),
        (("--all", "--wait"), "--wait goes with one domain"),
        ((HOST, "--wait", "--timeout", "soon"), "is no length of time"),
    ],
)
def test_usage(run: Run, arguments: tuple[str, ...], says: str) -> None:
    assert says in run("domain", "verify", *arguments, code=2).stderr
