import pytest

from relay.listener import Listener, Protocol, Tls, parse_listener

LMTP = Protocol.LMTP


@pytest.mark.parametrize(
    ("text", "listener"),
    [
        ("127.0.0.1:2525", Listener(host="127.0.0.1", port=2525)),
        ("[::1]:25", Listener(host="::1", port=25)),
        ("smtp://127.0.0.1:2525", Listener(host="127.0.0.1", port=2525)),
        ("smtp://[::1]:0", Listener(host="::1", port=0)),
        ("lmtp://127.0.0.1:2424", Listener(protocol=LMTP, host="127.0.0.1", port=2424)),
        ("lmtp:///run/waypost/lmtp", Listener(protocol=LMTP, path="/run/waypost/lmtp")),
    ],
)
def test_an_entry_of_relay_listen(text: str, listener: Listener) -> None:
    assert parse_listener(text, certificate=False) == listener


@pytest.mark.parametrize(
    ("text", "tls"),
    [
        ("127.0.0.1:2525", Tls.OFFERED),
        ("127.0.0.1:2525?starttls=off", Tls.OFF),
        ("smtp://127.0.0.1:2525?starttls=required", Tls.REQUIRED),
        ("smtps://127.0.0.1:465", Tls.IMPLICIT),
        ("lmtp://127.0.0.1:2424", Tls.OFFERED),
    ],
)
def test_with_a_certificate_tls_is_offered_unless_said_otherwise(text: str, tls: Tls) -> None:
    assert parse_listener(text, certificate=True).tls is tls


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("lmtp://127.0.0.1:25", "must not be spoken on port 25"),
        ("ftp://127.0.0.1:21", "must begin with smtp://"),
        ("smtp:///run/smtp", "is not HOST:PORT"),
        ("127.0.0.1", "is not HOST:PORT"),
        ("127.0.0.1:65536", "is not HOST:PORT"),
        (":25", "is not HOST:PORT"),
        ("127.0.0.1:25?starttls=maybe", "off, offered or required"),
        ("127.0.0.1:25?startls=off", "unknown option startls; known: starttls"),
        ("smtps://127.0.0.1:465?starttls=off", "begins with TLS"),
        ("lmtp:///" + "x" * 107, "may have 107 bytes"),
        ("lmtp:///", "no path for a Unix socket"),
    ],
)
def test_what_is_no_listener(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_listener(text, certificate=True)


@pytest.mark.parametrize("text", ["smtps://127.0.0.1:465", "127.0.0.1:25?starttls=required"])
def test_tls_needs_a_certificate(text: str) -> None:
    with pytest.raises(ValueError, match=r"needs relay\.tls_certificate"):
        parse_listener(text, certificate=False)


@pytest.mark.parametrize(
    "text", ["127.0.0.1:2525", "[::1]:25", "smtps://127.0.0.1:465", "lmtp://[::1]:24", "lmtp:///run/lmtp"]
)
def test_it_is_shown_as_it_was_written(text: str) -> None:
    assert str(parse_listener(text, certificate=True)) == text
