import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.errors import InvalidName
from domains.names import (
    MAX_NAME,
    display,
    host_name,
    normalised,
    parents_within_registrable,
    registrable,
    tracking_domain_name,
)

ACCEPTED = {
    "as it is": ("track.example.com", "track.example.com"),
    "upper case": ("Track.EXAMPLE.com", "track.example.com"),
    "trailing dot": ("track.example.com.", "track.example.com"),
    "digits and hyphens": ("t-1.2.example.com", "t-1.2.example.com"),
    "IDN": ("Bücher.example", "xn--bcher-kva.example"),
    "IDN as an A-label": ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
    "sharp s, kept by IDNA 2008": ("faß.example", "xn--fa-hia.example"),
    "ideographic full stop": ("track。example.com", "track.example.com"),
    "label of 63": (f"{'a' * 63}.example", f"{'a' * 63}.example"),
    "name of 253": (".".join(["a" * 49] * 5) + ".abc", ".".join(["a" * 49] * 5) + ".abc"),
    "root domain": ("example.com", "example.com"),
}

REFUSED = {
    "empty": ("", "empty"),
    "dot alone": (".", "empty part"),
    "white space": ("track .example.com", "white space"),
    "white space around": ("track.example.com\n", "white space"),
    "ideographic space": ("track\u3000.example.com", "white space"),
    "scheme": ("https://track.example.com", "leave out the scheme"),
    "address": ("me@example.com", "email address"),
    "path": ("track.example.com/c", "path"),
    "full-width solidus": ("track.example.com／c", "path"),
    "query": ("track.example.com?x", "query"),
    "fragment": ("track.example.com#x", "fragment"),
    "port": ("track.example.com:8080", "port"),
    "wildcard": ("*.example.com", "wildcard"),
    "underscore": ("_dmarc.example.com", "underscore"),
    "IPv4": ("192.0.2.1", "IP address"),
    "IPv4, full-width digits": ("１92.0.2.1", "IP address"),
    "IPv4, short": ("127.1", "IP address"),
    "IPv6": ("2001:db8::1", "IP address"),
    "IPv6 in brackets": ("[2001:db8::1]", "IP address"),
    "single label": ("localhost", "no dot"),
    "empty label": ("track..example.com", "empty part"),
    "leading dot": (".example.com", "empty part"),
    "label of 64": (f"{'a' * 64}.example.com", "more than 63"),
    "IDN label too long as an A-label": (f"{'ü' * 60}.example.com", "more than 63"),
    "name of 254": (".".join(["a" * 49] * 5) + ".abcd", "254 characters"),
    "absurdly long": ("a." * 5_000 + "com", "too long"),
    "leading hyphen": ("-track.example.com", "hyphen"),
    "trailing hyphen": ("track-.example.com", "hyphen"),
    "reserved hyphens": ("ab--c.example.com", "third and fourth"),
    "emoji": ("☕.example.com", "character"),
    "symbol": ("tr%ck.example.com", "character"),
    "broken A-label": ("xn--zzzzzz9.example.com", "character"),
    "lone surrogate": ("\udc80.example.com", "character"),
}


@pytest.mark.parametrize(("text", "stored"), ACCEPTED.values(), ids=ACCEPTED)
def test_host_name_accepts(text: str, stored: str) -> None:
    assert host_name(text) == stored


@pytest.mark.parametrize(("text", "mistake"), REFUSED.values(), ids=REFUSED)
def test_host_name_refuses_with_its_own_sentence(text: str, mistake: str) -> None:
    with pytest.raises(InvalidName, match=mistake):
        host_name(text)


def test_a_refusal_is_one_line_without_control_characters() -> None:
    with pytest.raises(InvalidName) as refusal:
        host_name("a\x1b[31m\r\nb.example.com")
    assert str(refusal.value).isprintable()


def test_a_refusal_stays_short() -> None:
    with pytest.raises(InvalidName) as refusal:
        host_name("a" * 100_000)
    assert len(str(refusal.value)) < 500


@pytest.mark.parametrize(
    "text", ["track.example.com", "track.example.co.uk", "a.b.example.com", "track.bücher.de", "t.corp.test"]
)
def test_tracking_domain_name_accepts_subdomains(text: str) -> None:
    assert tracking_domain_name(text) == host_name(text)


@pytest.mark.parametrize("text", ["example.com", "Example.CO.UK.", "bücher.de", "example.test", "github.io"])
def test_tracking_domain_name_refuses_root_domains(text: str) -> None:
    with pytest.raises(InvalidName, match=f"use a subdomain such as track.{text.rstrip('.').lower()}"):
        tracking_domain_name(text)


@pytest.mark.parametrize("text", ["co.uk", "kobe.jp"])
def test_tracking_domain_name_refuses_public_suffixes(text: str) -> None:
    with pytest.raises(InvalidName, match="public suffix"):
        tracking_domain_name(text)


def test_the_owner_of_a_private_suffix_may_track_below_it() -> None:
    assert registrable("track.myshopify.com") == "track.myshopify.com"
    assert tracking_domain_name("track.myshopify.com") == "track.myshopify.com"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("track.example.com", "track.example.com"),
        ("xn--bcher-kva.example", "bücher.example"),
        ("xn--zzzzzz9.example", "xn--zzzzzz9.example"),
        ("", ""),
    ],
)
def test_display(name: str, shown: str) -> None:
    assert display(name) == shown


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("example.com", "example.com"),
        ("a.b.example.com", "example.com"),
        ("A.Example.COM.", "example.com"),
        ("shop.example.co.uk", "example.co.uk"),
        ("shop.bücher.de", "xn--bcher-kva.de"),
        ("me.github.io", "me.github.io"),
        ("host.corp.test", "corp.test"),
        ("github.io", ""),
        ("co.uk", ""),
        ("com", ""),
        ("localhost", ""),
        ("192.0.2.1", ""),
        ("2001:db8::1", ""),
        ("[2001:db8::1]", ""),
        ("", ""),
        (".", ""),
        ("a..b", ""),
        (f"{'a.' * 200}example.com", ""),
    ],
)
def test_registrable(host: str, site: str) -> None:
    assert registrable(host) == site


@pytest.mark.parametrize(
    ("host", "parents"),
    [
        ("a.b.example.com", ("b.example.com", "example.com")),
        ("b.example.co.uk", ("example.co.uk",)),
        ("example.com", ()),
        ("co.uk", ()),
        ("192.0.2.1", ()),
    ],
)
def test_parents_end_at_the_registrable_domain(host: str, parents: tuple[str, ...]) -> None:
    assert parents_within_registrable(host) == parents


@given(st.text())
def test_any_text_is_accepted_or_refused(text: str) -> None:
    try:
        name = host_name(text)
    except InvalidName as refusal:
        sentence = str(refusal)
    else:
        sentence = ""
        assert set(name) <= set(string.ascii_lowercase + string.digits + "-.")
        assert len(name) <= MAX_NAME
        assert host_name(name) == name
    assert sentence.isprintable()


@given(st.text())
def test_look_ups_never_raise(text: str) -> None:
    normalised(text)
    display(text)
    assert all(parent.endswith(registrable(text)) for parent in parents_within_registrable(text))


LABELS = st.text(alphabet=string.ascii_letters + string.digits + "üßéñ字", min_size=1, max_size=12)


@given(st.lists(LABELS, min_size=2, max_size=6))
def test_stored_form_and_display_are_two_spellings_of_one_name(labels: list[str]) -> None:
    try:
        name = host_name(".".join(labels))
    except InvalidName:
        return
    assert host_name(display(name)) == name
    assert host_name(name.upper() + ".") == name
    assert normalised(display(name) + ".") == name
