import pytest
from hypothesis import given
from hypothesis import strategies as st

from links import ClickToken, Kind, OpenToken, UrlTooLong, click_url, is_tracked, open_url, parse_path, seal
from tests.links.rings import OTHER_SECRET, key, ring

MESSAGE = "01977420dc00010203040506"
CLICK = ClickToken(project=1, message=MESSAGE, recipient=None, link=1, url="https://www.example.com/")
OPEN = OpenToken(project=1, message=MESSAGE, recipient=None)
BASE = "https://track.example.com"


def test_urls_are_base_kind_and_token() -> None:
    assert click_url(BASE, CLICK, key()) == f"{BASE}/c/{seal(CLICK, key())}"
    assert open_url(BASE, OPEN, key()) == f"{BASE}/o/{seal(OPEN, key())}"


def test_a_tracked_url_of_2000_characters_is_made_and_a_longer_one_is_not() -> None:
    length = len(click_url(BASE, CLICK, key()))
    longest = BASE + "x" * (2000 - length)
    assert len(click_url(longest, CLICK, key())) == 2000
    with pytest.raises(UrlTooLong, match="2001 characters"):
        click_url(longest + "x", CLICK, key())


@pytest.mark.parametrize(
    ("path", "parsed"),
    [
        ("/c/abc-DEF_1", (Kind.CLICK, "abc-DEF_1")),
        ("/o/abc-DEF_1", (Kind.OPEN, "abc-DEF_1")),
        ("/c/product/abc", (Kind.CLICK, "abc")),
        ("/c/shop/product-7/abc", (Kind.CLICK, "abc")),
        ("/c/caf%C3%A9/abc", (Kind.CLICK, "abc")),
        ("/c//abc", (Kind.CLICK, "abc")),
        ("/o/product/abc", None),
        ("/c/", None),
        ("/c", None),
        ("/c/abc/", None),
        ("/c/abc.", None),
        ("/c/abc?x=1", None),
        ("/c/abc#x", None),
        ("/c/a%62c", None),
        ("/c/abc\n", None),
        ("/C/abc", None),
        ("/x/abc", None),
        ("/co/abc", None),
        ("c/abc", None),
        ("//c/abc", None),
        ("/", None),
        ("", None),
    ],
)
def test_paths(path: str, parsed: tuple[Kind, str] | None) -> None:
    assert parse_path(path) == parsed


@given(st.text())
def test_no_path_raises(path: str) -> None:
    for tried in (path, "/c/" + path, "/o/" + path):
        parsed = parse_path(tried)
        assert parsed is None or tried.endswith("/" + parsed[1])


def test_ours_are_known_on_any_host_and_with_anything_added() -> None:
    click, opened = seal(CLICK, key()), seal(OPEN, key())
    for url in (
        f"https://track.example.com/c/{click}",
        f"HTTP://OTHER.EXAMPLE:8080/c/{click}",
        f"https://track.example.com/c/app/path/{click}",
        f"https://track.example.com/c/{click}?utm_source=x",
        f"https://track.example.com/c/{click}#top",
        f"https://track.example.com/o/{opened}",
    ):
        assert is_tracked(url, ring()), url


def test_others_are_not() -> None:
    click, opened = seal(CLICK, key()), seal(OPEN, key())
    for url in (
        "https://track.example.com/c/not-a-token",
        f"https://track.example.com/c/{opened}",
        f"https://track.example.com/o/{click}",
        f"https://track.example.com/x/{click}",
        f"ftp://track.example.com/c/{click}",
        f"https:///c/{click}",
        f"/c/{click}",
        f"https://track.example.com/?u=/c/{click}",
        f"https://track.example.com/c/{click[:-1]}",
        "",
    ):
        assert not is_tracked(url, ring()), url
    assert not is_tracked(f"https://track.example.com/c/{click}", ring(key(1, secret=OTHER_SECRET)))


@given(st.text())
def test_no_url_raises(url: str) -> None:
    assert not is_tracked(url, ring())
    assert not is_tracked("https://e/c/" + url, ring())
