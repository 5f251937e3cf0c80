from dataclasses import replace
from typing import Any

import pytest

from domains.dns_answer import DnsAnswer, DnsStatus
from domains.evidence import Evidence, HstsPolicy, ProbeAnswer, Reached
from domains.model import Https
from domains.signs import Light, Sign, signs_of
from tests.domains.builders import NOW, tracking_domain

DOMAIN = tracking_domain()
POINTS_HERE = DnsAnswer(
    host=DOMAIN.name, status=DnsStatus.FOUND, chain=(DOMAIN.target,), addresses=("192.0.2.1",)
)
HSTS = HstsPolicy(host="example.com", max_age=300, include_subdomains=True)


def seen(http: Reached, https: Reached, *, status: int | None = None, **more: Any) -> Evidence:
    return Evidence(
        at=NOW,
        dns=POINTS_HERE,
        http=ProbeAnswer(reached=http, status=status),
        https=ProbeAnswer(reached=https),
        **more,
    )


def test_before_the_first_check_there_is_nothing_to_say() -> None:
    signs = signs_of(DOMAIN, None)
    assert {signs.dns, signs.http, signs.https} == {Sign("not checked", Light.NONE)}


@pytest.mark.parametrize(
    ("answer", "sign"),
    [
        (POINTS_HERE, Sign("points here", Light.GOOD)),
        (DnsAnswer(host=DOMAIN.name, status=DnsStatus.NO_RECORD), Sign("no record", Light.BAD)),
        (DnsAnswer(host=DOMAIN.name, status=DnsStatus.UNKNOWN), Sign("unanswered", Light.WAITING)),
        (replace(POINTS_HERE, chain=("us.waypost.test",)), Sign("wrong region", Light.BAD)),
    ],
)
def test_dns_is_what_the_check_found(answer: DnsAnswer, sign: Sign) -> None:
    evidence = replace(seen(Reached.OTHER, Reached.OTHER), dns=answer)
    signs = signs_of(DOMAIN, evidence, ("links.waypost.test", "us.waypost.test"))
    assert signs.dns == sign
    if sign.light is not Light.GOOD:  # who answers elsewhere says nothing
        assert signs.http == signs.https == Sign("not seen", Light.NONE)


@pytest.mark.parametrize(
    ("evidence", "words", "light"),
    [
        (seen(Reached.OURS, Reached.NOBODY), "answers", Light.GOOD),
        (seen(Reached.OURS, Reached.NOBODY, hsts=(HSTS,)), "forbidden by HSTS", Light.BAD),
        (seen(Reached.OURS, Reached.OURS, hsts=(HSTS,)), "answers", Light.GOOD),
        (seen(Reached.OTHER, Reached.OURS, status=308), "sent on to HTTPS", Light.GOOD),
        (seen(Reached.OTHER, Reached.OURS, status=200), "another server", Light.BAD),
        (seen(Reached.OTHER, Reached.NOBODY, status=308), "another server", Light.BAD),
        (seen(Reached.NOBODY, Reached.OURS), "HTTPS alone", Light.NONE),
        (seen(Reached.NOBODY, Reached.NOBODY), "nobody answers", Light.BAD),
        (seen(Reached.NOT_ALLOWED, Reached.NOT_PROBED), "private address", Light.BAD),
        (seen(Reached.NOT_PROBED, Reached.NOT_PROBED), "not seen", Light.NONE),
    ],
)
def test_http_is_green_where_links_open_over_it(evidence: Evidence, words: str, light: Light) -> None:
    assert signs_of(DOMAIN, evidence).http == Sign(words, light)


@pytest.mark.parametrize(
    ("https", "was_seen", "reached", "words", "light"),
    [
        (Https.AUTO, False, Reached.OURS, "works", Light.GOOD),
        (Https.AUTO, False, Reached.NOBODY, "not served", Light.NONE),
        (Https.AUTO, True, Reached.NOBODY, "nobody answers", Light.BAD),
        (Https.REQUIRE, False, Reached.NOBODY, "nobody answers", Light.BAD),
        (Https.AUTO, False, Reached.UNTRUSTED, "not trusted", Light.BAD),
        (Https.AUTO, False, Reached.OTHER, "another server", Light.BAD),
        (Https.AUTO, False, Reached.NOT_PROBED, "not seen", Light.NONE),
        (Https.OFF, False, Reached.UNTRUSTED, "switched off", Light.NONE),
    ],
)
def test_https_is_green_where_it_works(
    https: Https, was_seen: bool, reached: Reached, words: str, light: Light
) -> None:
    domain = replace(DOMAIN, https=https, https_since=NOW if was_seen else None)
    assert signs_of(domain, seen(Reached.OURS, reached)).https == Sign(words, light)
