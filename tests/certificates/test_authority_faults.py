"""What authorities do on bad days, by one that does it on demand."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from certificates.authority import AcmeAuthority, AcmeSettings
from certificates.chains import read_chain
from certificates.errors import AuthorityError
from certificates.model import Certificate, Issued
from tests.certificates.builders import DAY, HOST, HOUR, MINUTE, NOW, acme_authority, key_seal, publisher
from tests.certificates.memory_store import MemoryStore
from tests.certificates.scripted_authority import PROBLEM, Answer, ScriptedAuthority, document, problem
from tests.running import free_port

SILENCE: Answer = (0, {}, b"")
BUSY: Answer = (503, {"Content-Type": "text/html", "Retry-After": "120"}, b"<h1>busy</h1>")
WINDOW = {"suggestedWindow": {"start": "2026-04-01T00:00:00Z", "end": "2026-04-03T00:00:00+00:00"}}


class Clock:
    """Moves on by what is slept."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def server() -> Iterator[ScriptedAuthority]:
    with ScriptedAuthority().running() as server:
        yield server


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def authority(server: ScriptedAuthority, store: MemoryStore, clock: Clock) -> AcmeAuthority:
    settings = AcmeSettings(directory=server.directory, terms_agreed=True)
    return AcmeAuthority(settings, store, key_seal(), now=lambda: NOW, clock=clock, sleep=clock.sleep)


def issue(authority: AcmeAuthority, store: MemoryStore, replaces: Certificate | None = None) -> Issued:
    """Order a certificate."""
    return authority.issue(HOST, publisher(store), replaces=replaces)


def certificate(authority: AcmeAuthority, store: MemoryStore) -> Certificate:
    """Return a certificate of this authority."""
    return read_chain(HOST, issue(authority, store), authority=authority.directory, sealed_key=b"sealed")


def refusal(authority: AcmeAuthority, store: MemoryStore) -> AuthorityError:
    """Return what becomes of an order that fails."""
    with pytest.raises(AuthorityError) as refused:
        issue(authority, store)
    assert store.challenges == {}
    return refused.value


def test_without_faults_it_issues(authority: AcmeAuthority, store: MemoryStore, clock: Clock) -> None:
    assert certificate(authority, store).serial == "80ab"
    assert sum(clock.slept) == pytest.approx(0.2)


@pytest.mark.parametrize("type", ["caa", "dns", "connection", "unauthorized", "rateLimited"])
def test_why_a_host_was_refused_is_kept(
    server: ScriptedAuthority, authority: AcmeAuthority, store: MemoryStore, type: str
) -> None:
    server.challenge_error = {"type": PROBLEM + type, "detail": f"{type} of {HOST}"}
    error = refusal(authority, store)
    assert (error.type, error.detail, error.retry_after) == (type, f"{type} of {HOST}", None)


@pytest.mark.parametrize(
    ("answer", "type", "detail", "retry_after"),
    [
        (problem("rateLimited", "too many", 429, Retry_After="3600"), "rateLimited", "too many", NOW + HOUR),
        (
            problem("rateLimited", "too many", 429, Retry_After="Mon, 02 Mar 2026 12:00:00 GMT"),
            "rateLimited",
            "too many",
            NOW.replace(day=2, hour=12, minute=0, second=0, microsecond=0),
        ),
        (problem("rejectedIdentifier", "no"), "rejectedIdentifier", "no", None),
        (problem("userActionRequired", "new terms"), "userActionRequired", "new terms", None),
        (problem("serverInternal", "oh", 500), "serverInternal", "oh", None),
        (BUSY, "serverInternal", "the authority answered with HTTP status 503", NOW + 2 * MINUTE),
        (
            (429, {}, b"slow down"),
            "rateLimited",
            "the authority answered with HTTP status 429",
            None,
        ),
        ((404, {}, b"gone"), "unexpected", "the authority answered with HTTP status 404", None),
        (document([1]), "unexpected", "the authority answered with JSON that is no object", None),
        (problem("malformed", "a\x1b[31m\nb"), "malformed", "a [31m b", None),
    ],
)
def test_each_refusal_of_an_order_is_told_apart(
    server: ScriptedAuthority,
    authority: AcmeAuthority,
    store: MemoryStore,
    answer: Answer,
    type: str,
    detail: str,
    retry_after: object,
) -> None:
    server.answers["order"] = [answer]
    error = refusal(authority, store)
    assert (error.type, error.detail, error.retry_after) == (type, detail, retry_after)


@pytest.mark.parametrize(
    "resource", ["directory", "nonce", "account", "authorization", "challenge", "issued", "finalize"]
)
def test_trouble_at_any_step_ends_the_order(
    server: ScriptedAuthority, authority: AcmeAuthority, store: MemoryStore, resource: str
) -> None:
    server.answers[resource] = [BUSY]
    assert refusal(authority, store).type == "serverInternal"
    issue(authority, store)


def test_several_problems_in_one_are_all_told(
    server: ScriptedAuthority, authority: AcmeAuthority, store: MemoryStore
) -> None:
    subproblems = [{"type": PROBLEM + "caa", "detail": "CAA"}, {"type": PROBLEM + "dns", "detail": "DNS"}]
    body = {"type": PROBLEM + "compound", "detail": "two", "subproblems": subproblems}
    server.answers["order"] = [(403, *document(body)[1:])]
    error = refusal(authority, store)
    assert (error.type, error.detail) == ("caa", "two; CAA; DNS")


def test_an_order_that_fails_after_its_proof_says_why(
    server: ScriptedAuthority, authority: AcmeAuthority, store: MemoryStore
) -> None:
    error = {"type": PROBLEM + "caa", "detail": "CAA at the last moment"}
    server.answers["issued"] = [
        document({"status": "ready", "finalize": f"{server.base}/finalize"}),
        document({"status": "invalid", "error": error}),
    ]
    refused = refusal(authority, store)
    assert (refused.type, refused.detail) == ("caa", "CAA at the last moment")


def test_nonces_are_refused_with_patience(
    server: ScriptedAuthority, authority: AcmeAuthority, store: MemoryStore
) -> None:
    server.answers["order"] = [problem("badNonce", status=400)] * 19
    issue(authority, store)
    server.answers["order"] = [problem("badNonce", status=400)] * 20
    assert refusal(authority, store).type == "badNonce"


def test_the_authority_says_how_long_to_wait(
    server: ScriptedAuthority, authority: AcmeAuthority, store: MemoryStore, clock: Clock
) -> None:
    processing = {"status": "processing"}
    server.answers["issued"] = [
        document({"status": "ready", "finalize": f"{server.base}/finalize"}),
        document(processing, Retry_After="7"),
    ]
    issue(authority, store)
    assert clock.slept == [0.1, 0.0, 0.1, 7.0]


def test_an_order_that_never_ends_is_given_up(
    server: ScriptedAuthority, authority: AcmeAuthority, store: MemoryStore, clock: Clock
) -> None:
    server.answers["issued"] = [document({"status": "pending"})] * 200
    assert refusal(authority, store).type == "timeout"
    assert clock.now == pytest.approx(90)
    assert max(clock.slept) <= 5
    assert len(clock.slept) < 40


def test_a_wish_to_wait_does_not_outlast_the_order(
    server: ScriptedAuthority, authority: AcmeAuthority, store: MemoryStore, clock: Clock
) -> None:
    server.answers["issued"] = [document({"status": "pending"}, Retry_After="86400")]
    assert refusal(authority, store).type == "timeout"
    assert clock.now == pytest.approx(90)


def test_an_authority_that_is_silent_is_given_up(server: ScriptedAuthority, store: MemoryStore) -> None:
    hasty = acme_authority(server.directory, store, seconds=0.3)
    server.answers["order"] = [SILENCE]
    assert refusal(hasty, store).type == "unreachable"


def test_an_authority_that_is_down_is_unreachable(store: MemoryStore) -> None:
    gone = acme_authority(f"http://127.0.0.1:{free_port()}/directory", store)
    error = refusal(gone, store)
    assert error.type == "unreachable"
    assert "refused" in error.detail
    assert "object at" not in error.detail


@pytest.mark.parametrize("answer", [(200, {}, b"<html>"), document({}), document({"newNonce": 1})])
def test_what_is_no_directory_is_said(
    server: ScriptedAuthority, authority: AcmeAuthority, store: MemoryStore, answer: Answer
) -> None:
    server.answers["directory"] = [answer]
    assert refusal(authority, store).type == "unexpected"


def test_without_an_http_challenge_nothing_can_be_proved(
    server: ScriptedAuthority, authority: AcmeAuthority, store: MemoryStore
) -> None:
    other = {
        "type": "dns-01",
        "url": f"{server.base}/challenge",
        "token": "dHR0dHR0dHR0dHR0dHR0dA",
        "status": "pending",
    }
    server.answers["authorization"] = [document({"status": "pending", "challenges": [other]})]
    error = refusal(authority, store)
    assert (error.type, error.detail) == ("noChallenge", "offered were: dns-01")


def test_what_is_proved_already_is_not_proved_again(
    server: ScriptedAuthority, authority: AcmeAuthority, store: MemoryStore
) -> None:
    server.answers["authorization"] = [document({"status": "valid"})]
    issue(authority, store)
    assert "challenge" not in server.asked


def test_advice_on_renewal_is_read(
    server: ScriptedAuthority, authority: AcmeAuthority, store: MemoryStore
) -> None:
    server.offers_advice = True
    server.answers["renewal"] = [document(WINDOW, Retry_After="7200"), document(WINDOW)]
    held = certificate(authority, store)
    advice = authority.renewal_advice(held)
    assert advice is not None
    assert (advice.start.isoformat(), advice.end - advice.start) == ("2026-04-01T00:00:00+00:00", 2 * DAY)
    assert advice.ask_again_at == NOW + 2 * HOUR
    again = authority.renewal_advice(held)
    assert again is not None
    assert again.ask_again_at == NOW + timedelta(hours=6)


def test_an_authority_that_gives_no_advice_is_not_asked(
    server: ScriptedAuthority, authority: AcmeAuthority, store: MemoryStore
) -> None:
    assert authority.renewal_advice(certificate(authority, store)) is None
    assert "renewal" not in server.asked


@pytest.mark.parametrize("answer", [document({}), document({"suggestedWindow": {"start": "x"}}), BUSY])
def test_advice_that_cannot_be_read_is_an_error(
    server: ScriptedAuthority, authority: AcmeAuthority, store: MemoryStore, answer: Answer
) -> None:
    server.offers_advice = True
    server.answers["renewal"] = [answer]
    held = certificate(authority, store)
    with pytest.raises(AuthorityError):
        authority.renewal_advice(held)


def test_a_renewal_says_what_it_replaces(
    server: ScriptedAuthority, authority: AcmeAuthority, store: MemoryStore
) -> None:
    held = certificate(authority, store)
    issue(authority, store, replaces=held)
    assert "replaces" not in server.payloads["order"]  # the authority does not know what that is
    server.offers_advice = True
    issue(authority, store, replaces=held)
    assert server.payloads["order"]["replaces"] == "Af8.AICr"


@pytest.mark.parametrize("status", [409, 403])
def test_what_was_replaced_already_is_ordered_plainly(
    server: ScriptedAuthority, authority: AcmeAuthority, store: MemoryStore, status: int
) -> None:
    held = certificate(authority, store)
    server.offers_advice = True
    server.answers["order"] = [problem("alreadyReplaced", status=status)]
    issue(authority, store, replaces=held)
    assert "replaces" not in server.payloads["order"]


def test_a_conflict_without_a_reason_is_an_error(
    server: ScriptedAuthority, authority: AcmeAuthority, store: MemoryStore
) -> None:
    server.answers["order"] = [problem("malformed", status=409)]
    error = refusal(authority, store)
    assert (error.type, error.detail) == ("unexpected", "the authority answered with HTTP status 409")
