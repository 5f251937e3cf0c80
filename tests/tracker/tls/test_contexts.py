import contextlib
import gc
import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from tests.tracker.tls.certified import AUTHORITY, issue
from tracker.tls import Contexts, server_context
from tracker.tls.contexts import MAX_AGE_SECONDS

PEM = issue("a.example")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_context_is_kept_and_its_key_asked_for_once() -> None:
    asked: list[str] = []
    contexts = Contexts(monotonic=Clock())

    def pem() -> bytes:
        asked.append("key")
        return PEM

    assert contexts.of("a", pem) is contexts.of("a", pem)
    assert asked == ["key"]
    assert contexts.of("b", pem) is not contexts.of("a", pem)


def test_the_one_that_was_used_longest_ago_goes_first() -> None:
    contexts = Contexts(monotonic=Clock(), most=2)
    a, b = contexts.of("a", lambda: PEM), contexts.of("b", lambda: PEM)
    assert contexts.of("a", lambda: PEM) is a
    contexts.of("c", lambda: PEM)
    assert contexts.of("a", lambda: PEM) is a
    assert contexts.of("b", lambda: PEM) is not b


def test_an_old_one_is_made_anew_for_the_sake_of_its_ticket_key() -> None:
    clock = Clock()
    contexts = Contexts(monotonic=clock)
    first = contexts.of("a", lambda: PEM)
    clock.now = MAX_AGE_SECONDS
    assert contexts.of("a", lambda: PEM) is first
    clock.now += 1
    assert contexts.of("a", lambda: PEM) is not first


def test_sessions_that_clients_leave_behind_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.tls.contexts.MAX_SESSIONS", 100)
    contexts = Contexts(monotonic=Clock())
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    AUTHORITY.configure_trust(client)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    client.options |= ssl.OP_NO_TICKET
    most = 0
    for _ in range(600):
        server = contexts.of("a", lambda: PEM)
        shake_hands(client, server)
        most = max(most, server.session_stats()["number"])
    assert 100 < most <= 256


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext) -> None:
    """Shake hands and part in peace: a session without a close_notify is forgotten at once."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = server.wrap_bio(there, back, server_side=True)
    ends = [client.wrap_bio(back, there, server_hostname="a.example"), ours]
    while ends:
        for end in list(ends):
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()
                ends.remove(end)
    with contextlib.suppress(ssl.SSLWantReadError):
        ours.unwrap()


def test_keys_leave_no_descriptor_open() -> None:
    gc.collect()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        server_context(PEM)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_what_is_no_certificate_is_an_error() -> None:
    with pytest.raises(ssl.SSLError):
        server_context(b"no certificate")


def test_a_locked_key_is_an_error_and_nobody_is_asked_for_its_password() -> None:
    key = load_pem_private_key(PEM, None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    with pytest.raises(ValueError, match="locked with a password"):
        server_context(locked + PEM[PEM.index(b"-----BEGIN CERTIFICATE") :])
