from links import ClickToken, MessageLinks, OpenToken, open_token
from tests.links.rings import OTHER_SECRET, key, ring

MESSAGE = "01977420dc00010203040506"
RECIPIENT = "a1b2c3d4e5f60718"


def message_links(recipient: str | None = RECIPIENT) -> MessageLinks:
    rotated = ring().rotate(OTHER_SECRET, now=0, seals_from=0)
    return MessageLinks(
        base="https://track.example.com",
        project=4,
        message=MESSAGE,
        recipient=recipient,
        key=rotated.sealing(0),
        ring=rotated,
    )


def test_click_opens_to_the_link() -> None:
    links = message_links()
    tracked = links.click("https://www.example.com/a b", 2)
    assert tracked is not None
    assert tracked.startswith("https://track.example.com/c/")
    assert open_token(tracked.rpartition("/")[2], links.ring) == ClickToken(
        project=4, message=MESSAGE, recipient=RECIPIENT, link=2, url="https://www.example.com/a b"
    )


def test_a_path_stands_before_the_token() -> None:
    links = message_links()
    plain, tracked = (links.click("https://www.example.com/", 1, path) for path in ("", "promo/summer-25"))
    assert plain is not None
    assert tracked is not None
    assert tracked == plain.replace("/c/", "/c/promo/summer-25/")
    assert links.is_tracked(tracked)
    assert links.click("https://www.example.com/", 1, "a" * 2000) is None


def test_open_opens_to_the_message() -> None:
    links = message_links(recipient=None)
    tracked = links.open()
    assert tracked.startswith("https://track.example.com/o/")
    assert open_token(tracked.rpartition("/")[2], links.ring) == OpenToken(
        project=4, message=MESSAGE, recipient=None
    )


def test_links_that_cannot_be_tracked_are_left() -> None:
    links = message_links()
    noise = "".join(f"{i * 2654435761 % 2**32:08x}" for i in range(400))
    assert links.click("https://www.example.com/" + noise, 1) is None
    assert links.click("https://www.example.com/" + "a" * 5000, 1) is None
    assert links.click("https://www.example.com/é", 1) is None
    assert links.click("mailto:someone@example.com", 1) is None


def test_knows_its_own_and_those_of_older_keys() -> None:
    links = message_links()
    older = MessageLinks(
        base="http://other.example", project=9, message=MESSAGE, recipient=None, key=key(), ring=links.ring
    )
    for tracked in (links.click("https://e.example/", 1), links.open(), older.open()):
        assert tracked is not None
        assert links.is_tracked(tracked)
    assert not links.is_tracked("https://track.example.com/c/another")


def test_one_url_for_one_link() -> None:
    links = message_links()
    assert links.click("https://e.example/", 1) == links.click("https://e.example/", 1)
    assert links.click("https://e.example/", 1) != links.click("https://e.example/", 2)
