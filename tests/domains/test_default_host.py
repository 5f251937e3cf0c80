import pytest

from domains.default_host import check_default_base, default_base, default_sid
from domains.errors import InvalidName


def test_each_project_has_its_own() -> None:
    assert default_base("https://p{sid}.t.example.net", "shop") == "https://pshop.t.example.net"
    assert default_base("https://t.example.net", "shop") == "https://t.example.net"


def test_without_a_known_project_there_is_none() -> None:
    assert default_base("https://p{sid}.t.example.net", None) == ""
    assert default_base("https://t.example.net", None) == "https://t.example.net"
    assert default_base("", "shop") == ""


@pytest.mark.parametrize(
    ("base", "host", "sid"),
    [
        ("https://p{sid}.t.example.net", "pshop.t.example.net", "shop"),
        ("https://x.{sid}-links.example.co.uk:8443", "x.a-7-links.example.co.uk", "a-7"),
        ("https://p{sid}.t.example.net", "p.t.example.net", None),
        ("https://p{sid}.t.example.net", "shop.t.example.net", None),
        ("https://p{sid}.t.example.net", "pa.shop.t.example.net", None),
        ("https://p{sid}.t.example.net", "pshop.t.example.net.evil.test", None),
        ("https://p{sid}p.example.net", "p.example.net", None),  # one p cannot be both
        ("https://t.example.net", "t.example.net", None),
        ("", "t.example.net", None),
    ],
)
def test_the_id_is_read_back(base: str, host: str, sid: str | None) -> None:
    assert default_sid(base, host) == sid


@pytest.mark.parametrize(
    "base",
    [
        "",
        "https://t.example.net",
        "https://p{sid}.t.example.net",
        "https://{sid}.example.net",
        "https://x.{sid}-links.example.co.uk:8443",
        "http://p{sid}.localhost:8080",
    ],
)
def test_what_can_be(base: str) -> None:
    check_default_base(base)


@pytest.mark.parametrize(
    ("base", "why"),
    [
        ("https://p{sid}.{sid}.example.net", "once, in its host"),
        ("https://t.example.net:{sid}", "once, in its host"),
        ("https://{sid}@t.example.net", "once, in its host"),
        ("https://p{sid}.net", "further left"),
        ("https://p{sid}.co.uk", "further left"),
        ("https://p{sid}.github.io", "further left"),
        ("https://t.example.p{sid}", "further left"),
        ("https://-{sid}.t.example.net", "hyphen"),
        ("https://{sid}--x.t.example.net", "hyphens in third and fourth place"),
        ("https://p_{sid}.t.example.net", "underscore"),
        (f"https://{'p' * 32}{{sid}}.t.example.net", "more than 63 characters"),
        (f"https://p{{sid}}.{'t.' * 105}example.net", "characters, but a name can have 253"),
        ("https://{sid}", "no dot"),
    ],
)
def test_what_cannot(base: str, why: str) -> None:
    with pytest.raises(InvalidName, match=why):
        check_default_base(base)
