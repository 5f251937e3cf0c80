import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.message_headers import address_domains, mailbox_domain, read_headers


@pytest.mark.parametrize(
    ("value", "domains"),
    [
        ("a@b.example", ["b.example"]),
        ("<a@b.example>", ["b.example"]),
        ("A B <a@B.Example>", ["b.example"]),
        ('"A, B" <a@b.example>', ["b.example"]),
        ('"x <y@z.example>" <a@b.example>', ["b.example"]),
        ("Doe, John <a@b.example>", ["b.example"]),
        ("a@b.example (a comment, with <x@y.example>)", ["b.example"]),
        ("a@b.example (nested (x@y.example) one)", ["b.example"]),
        ("(comment) a@b.example", ["b.example"]),
        ("a@b.example, c@d.example", ["b.example", "d.example"]),
        ("A <a@b.example>, B <c@d.example>", ["b.example", "d.example"]),
        ("group: a@b.example, c@d.example;", ["b.example", "d.example"]),
        ('"a@b"@c.example', ["c.example"]),
        ("=?utf-8?q?A=2C_x=40y=2Eexample?= <a@b.example>", ["b.example"]),
        ("a@b.example.", ["b.example"]),
        ("a@[192.0.2.1]", []),
        ("a@пример.example", ["пример.example"]),
        ("<a@b.example", ["b.example"]),
        ("a @ b.example", ["b.example"]),
        ("undisclosed:;", []),
        ("nobody", []),
        ("", []),
        ("((((", []),
    ],
)
def test_domains_of_addresses(value: str, domains: list[str]) -> None:
    assert address_domains(value) == domains


def test_of_one_mailbox() -> None:
    assert mailbox_domain("a@B.example") == "b.example"
    assert mailbox_domain("") == ""
    assert mailbox_domain("a@[IPv6:::1]") == ""


def test_the_fields_that_count() -> None:
    headers = read_headers(
        b"Received: from x\r\n\tby y; date\r\n"
        b"Received: from z by x\r\n"
        b"FROM:\r\n  App\r\n <a@b.example>\r\n"
        b"Sender: s@c.example\r\n"
        b"Message-Id: <1@b.example>\r\n"
        b"X-From: no@no.example\r\n"
        b"\r\n"
        b"From: body@no.example\r\n"
    )
    assert headers.from_domains == ("b.example",)
    assert headers.sender_domains == ("c.example",)
    assert headers.message_id == "<1@b.example>"
    assert headers.received == 2
    assert not headers.automatic


@pytest.mark.parametrize("value", [b"auto-replied", b"Auto-Generated; owner=x", b"auto-notified (why)"])
def test_an_automatic_reply(value: bytes) -> None:
    assert read_headers(b"Auto-Submitted: " + value + b"\r\n\r\n").automatic


@pytest.mark.parametrize("value", [b"no", b"No", b" no (by hand)", b"no; x=y", b""])
def test_no_automatic_reply(value: bytes) -> None:
    assert not read_headers(b"Auto-Submitted: " + value + b"\r\n\r\n").automatic


def test_a_field_twice_is_seen_twice() -> None:
    headers = read_headers(b"From: a@b.example\r\nFrom: c@d.example\r\n\r\n")
    assert headers.from_domains == ("b.example", "d.example")


def test_a_message_that_begins_with_its_body_has_no_fields() -> None:
    assert read_headers(b"\r\nFrom: a@b.example\r\n").from_domains == ()


def test_a_message_without_a_body() -> None:
    assert read_headers(b"From: a@b.example\r\n").from_domains == ("b.example",)
    assert read_headers(b"").from_domains == ()


def test_bytes_that_are_no_utf8() -> None:
    assert read_headers(b"From: Caf\xe9 <a@b.example>\r\n\r\n").from_domains == ("b.example",)


def test_a_very_long_list_takes_no_recursion() -> None:
    assert address_domains("(" * 100_000 + "a@b.example") == []
    assert len(address_domains("a@b.example," * 10_000)) == 10_000


@given(st.binary(max_size=300))
def test_never_raises(message: bytes) -> None:
    read_headers(b"From:" + message)


@given(st.text(alphabet=st.sampled_from('<>"\\(),;:@ab. '), max_size=40))
def test_a_domain_is_one_word(value: str) -> None:
    assert all(domain and not set(domain) & set('<>"() @') for domain in address_domains(value))
