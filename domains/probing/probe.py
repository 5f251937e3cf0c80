"""Asks a tracking domain for a proof that this very installation answers there."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from domains.evidence import Evidence, HstsPolicy, ProbeAnswer, Reached
from domains.model import Scheme, TrackingDomain
from domains.probing.hsts import parse_policy
from domains.probing.http_exchange import HttpAnswer
from domains.probing.web_client import Unreached, WebClient
from links import KeyRing, holds_proof, probe_path
from links.probe_proof import NONCE_BYTES

MAX_SHOWN = 80  # characters of what a foreign server says about itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One request each, with a nonce of its own. Never raises; safe to share between threads."""

    client: WebClient
    ring: Callable[[], KeyRing]
    random_bytes: Callable[[int], bytes]

    def ask(
        self, scheme: Scheme, domain: TrackingDomain, evidence: Evidence
    ) -> tuple[ProbeAnswer, HstsPolicy | None]:
        """Return who answers at the addresses that DNS gave, and the HSTS policy of an https answer."""
        nonce = self.random_bytes(NONCE_BYTES).hex()
        try:
            answer, address = self.client.get(
                scheme, domain.name, probe_path(nonce), evidence.dns.addresses, evidence.target_addresses
            )
        except Unreached as unreached:
            return unreached.answer, None
        policy = None
        if scheme is Scheme.HTTPS:
            policy = parse_policy(domain.name, answer.header("strict-transport-security"))
        # A proxy of the customer's may ask us by the name that it knows us by.
        ours = holds_proof(self.ring(), nonce, (domain.name, domain.target), answer.body)
        return _probe_answer(answer, address, ours=ours), policy


def _probe_answer(answer: HttpAnswer, address: str, *, ours: bool) -> ProbeAnswer:
    return ProbeAnswer(
        reached=Reached.OURS if ours else Reached.OTHER,
        address=address,
        status=answer.status,
        server=_shown(answer.header("server")),
        detail="" if ours else f"{address} answers {answer.status}{_redirect(answer)}",
    )


def _redirect(answer: HttpAnswer) -> str:
    """Say where a redirect leads, without its path: that repeats the nonce, and is anybody's text."""
    location = answer.header("location")
    if not 300 <= answer.status < 400 or not location:
        return ""
    try:
        parts = urlsplit(location)
        base = f"{parts.scheme}://{parts.netloc}" if parts.netloc else "another page of its own"
    except ValueError:
        base = "a URL that is none"
    return f" and leads on to {_shown(base)}"


def _shown(text: str) -> str:
    """Return foreign text cut, with nothing in it that would steer a terminal or a page."""
    return "".join(each if each.isascii() and each.isprintable() else "?" for each in text[:MAX_SHOWN])
