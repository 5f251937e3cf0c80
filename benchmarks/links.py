"""What a token costs: µs to seal and to open, and characters, for URLs of several lengths."""

from collections.abc import Callable
from functools import partial
from random import Random
from timeit import repeat

from links import ClickToken, KeyRing, MessageLinks, OpenToken, open_token, seal

BASE = "https://track.example.com"
MESSAGE = "01977420dc00010203040506"
RECIPIENT = "a1b2c3d4e5f60718"
CAMPAIGN = "?utm_source=newsletter&utm_medium=email&utm_campaign=summer_sale_2025&utm_content=hero&id="
RUNS = 2000


def campaign_url(length: int) -> str:
    """Return a URL as campaigns have them, with a path and, where it is long, an opaque identifier."""
    random = Random(length)
    url = "https://www.example.com/shoes" if length < 60 else "https://www.example.com/mens/shoes" + CAMPAIGN
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    return url[:length] + "".join(random.choice(letters) for _ in range(length - len(url)))


def microseconds(work: Callable[[], object]) -> float:
    return min(repeat(work, number=RUNS, repeat=7)) / RUNS * 1e6


def main() -> None:
    ring = KeyRing.first(bytes(range(32)), now=0)
    key = ring.sealing(0)
    links = MessageLinks(base=BASE, project=1, message=MESSAGE, recipient=RECIPIENT, key=key, ring=ring)
    print("links: sealed tokens, one core")
    print(f"{'':14} {'token':>6} {'tracked URL':>12} {'seal':>8} {'open':>8}")
    for length in (30, 100, 300, 1000):
        url = campaign_url(length)
        token = ClickToken(project=1, message=MESSAGE, recipient=RECIPIENT, link=1, url=url)
        text = seal(token, key)
        row(f"URL of {length}", text, partial(links.click, url, 1), partial(open_token, text, ring))
    text = seal(OpenToken(project=1, message=MESSAGE, recipient=RECIPIENT), key)
    row("open pixel", text, links.open, partial(open_token, text, ring))
    foreign = microseconds(
        lambda: links.is_tracked("https://www.example.com/mens/shoes?utm_source=newsletter")
    )
    print(f"is_tracked of a URL that is not ours: {foreign:.2f} µs")


def row(name: str, text: str, sealing: Callable[[], object], opening: Callable[[], object]) -> None:
    total = len(BASE) + len("/c/") + len(text)
    times = f"{microseconds(sealing):5.1f} µs {microseconds(opening):5.1f} µs"
    print(f"{name:14} {len(text):6} {total:12} {times}")


if __name__ == "__main__":
    main()
