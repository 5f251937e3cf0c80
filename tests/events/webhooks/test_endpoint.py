import pytest

from events.webhooks.endpoint import Endpoint, endpoint, shown
from events.webhooks.errors import InvalidEndpoint


@pytest.mark.parametrize(
    ("url", "parts", "authority"),
    [
        ("https://hooks.example.com", ("https", "hooks.example.com", 443, "/"), "hooks.example.com"),
        (
            "https://HOOKS.example.com/a?b=c",
            ("https", "hooks.example.com", 443, "/a?b=c"),
            "hooks.example.com",
        ),
        ("http://10.0.0.5:8080/x", ("http", "10.0.0.5", 8080, "/x"), "10.0.0.5:8080"),
        ("https://[2001:db8::1]:444/", ("https", "2001:db8::1", 444, "/"), "[2001:db8::1]:444"),
        ("https://bücher.example/", ("https", "xn--bcher-kva.example", 443, "/"), "xn--bcher-kva.example"),
        ("http://my_app:80/hook", ("http", "my_app", 80, "/hook"), "my_app"),
    ],
)
def test_parts_of_a_url(url: str, parts: tuple[str, str, int, str], authority: str) -> None:
    scheme, host, port, target = parts
    found = endpoint(url)
    assert found == Endpoint(scheme=scheme, host=host, port=port, target=target)
    assert found.authority == authority


@pytest.mark.parametrize(
    "url",
    [
        *("hooks.example.com/a", "ftp://hooks.example.com/", "https://", "https:///a", "https://a:b/"),
        *(
            "https://hunter2@hooks.example.com/",
            "https://a:hunter2@hooks.example.com/",
            "https://a.example/#x",
        ),
        *(
            "https://a.example/a b",
            "https://a.example/\r\nX: y",
            "https://a.example/ä",
            "https://a b.example/",
        ),
        *(
            "https://a.example/" + "x" * 2_000,
            "https://[::1/",
            "https://a.example:99999/",
            "https://a\0b.example/",
        ),
    ],
)
def test_what_is_refused(url: str) -> None:
    with pytest.raises(InvalidEndpoint) as refused:
        endpoint(url)
    assert "hunter2" not in str(refused.value)


def test_the_query_is_not_shown() -> None:
    assert shown("https://a.example/b?token=hunter2") == "https://a.example/b?…"
    assert shown("https://a.example/b") == "https://a.example/b"
