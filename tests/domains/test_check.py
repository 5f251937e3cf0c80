"""The order of a check and its end. What each step sees is tested with that step."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, cast

from domains.check import Check
from domains.dns_answer import DnsAnswer, DnsStatus
from domains.evidence import CaaAnswer, CaaStatus, Evidence, HstsPolicy, ProbeAnswer, Reached
from domains.model import Scheme, TrackingDomain
from domains.probing.hsts import ParentPolicies
from domains.probing.probe import Probe
from tests.domains.builders import NOW, tracking_domain

DOMAIN = tracking_domain("track.eu.example.com")
DNS = DnsAnswer(host=DOMAIN.name, status=DnsStatus.FOUND, chain=(DOMAIN.target,), addresses=("192.0.2.1",))
CAA = CaaAnswer(status=CaaStatus.ALLOWED)
HTTP, HTTPS = ProbeAnswer(reached=Reached.OURS), ProbeAnswer(reached=Reached.NOBODY)
OWN, PARENT, ROOT = (
    HstsPolicy(host=host, max_age=60, include_subdomains=True)
    for host in ("track.eu.example.com", "eu.example.com", "example.com")
)


@dataclass
class World:
    """Everything that a check asks; each question takes `pace` seconds."""

    pace: float = 1.0
    now: float = 0.0
    policy: HstsPolicy | None = OWN
    parents: tuple[HstsPolicy, ...] = (PARENT, ROOT)
    authorities: list[str] = field(default_factory=list)

    def look_up(self, host: str) -> DnsAnswer:
        self.now += self.pace
        assert host == DOMAIN.name
        return DNS

    def addresses_of(self, host: str) -> tuple[str, ...]:
        self.now += self.pace
        assert host == DOMAIN.target
        return ("192.0.2.1", "192.0.2.2")

    def caa_for(self, host: str, authority: str) -> CaaAnswer:
        self.now += self.pace
        self.authorities.append(authority)
        return CAA

    def ask(
        self, scheme: Scheme, domain: TrackingDomain, evidence: Evidence
    ) -> tuple[ProbeAnswer, HstsPolicy | None]:
        self.now += self.pace
        assert (domain, evidence.dns) == (DOMAIN, DNS)
        return (HTTP, None) if scheme is Scheme.HTTP else (HTTPS, self.policy)

    def over(self, host: str) -> Iterable[HstsPolicy]:
        for policy in self.parents:
            self.now += self.pace
            yield policy

    def check(self, **settings: Any) -> Check:
        defaults: dict[str, Any] = {"authority": "letsencrypt.org", "seconds": 100.0}
        return Check(
            lookup=self,
            addresses=self,
            caa=self,
            probe=cast(Probe, self),
            parents=cast(ParentPolicies, self),
            clock=lambda: NOW,
            monotonic=lambda: self.now,
            **(defaults | settings),
        )


def test_all_that_was_seen() -> None:
    world = World()
    seen: list[Evidence] = []
    evidence = world.check().look_at(DOMAIN, seen.append)
    assert evidence == Evidence(
        at=NOW,
        dns=DNS,
        target_addresses=("192.0.2.1", "192.0.2.2"),
        caa=replace(CAA, authority="letsencrypt.org"),
        http=HTTP,
        https=HTTPS,
        hsts=(OWN, PARENT, ROOT),
    )
    assert seen[0] == Evidence(at=NOW, dns=DNS)
    assert seen[-1] == evidence
    assert len(seen) == 6
    assert world.authorities == ["letsencrypt.org"]


def test_without_an_authority_caa_is_not_asked() -> None:
    world = World()
    evidence = world.check(authority="").look_at(DOMAIN, lambda _: None)
    assert evidence.caa.status is CaaStatus.NOT_ASKED
    assert world.authorities == []


def test_without_policies_nothing_more_is_told() -> None:
    seen: list[Evidence] = []
    evidence = World(policy=None, parents=()).check().look_at(DOMAIN, seen.append)
    assert evidence.hsts == ()
    assert len(seen) == 5


def test_no_step_begins_when_the_time_is_over() -> None:
    world = World(pace=10)
    evidence = world.check(seconds=25).look_at(DOMAIN, lambda _: None)
    assert evidence.caa.status is CaaStatus.ALLOWED
    assert evidence.http.reached is evidence.https.reached is Reached.NOT_PROBED
    assert evidence.hsts == ()
    assert world.now == 30


def test_parents_are_asked_until_the_time_is_over() -> None:
    world = World(pace=10)
    assert world.check(seconds=55).look_at(DOMAIN, lambda _: None).hsts == (OWN, PARENT)
