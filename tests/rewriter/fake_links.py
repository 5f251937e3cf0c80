"""Tracked URLs that show what they stand for, so that an expected output proves the stored URL, too."""

from urllib.parse import quote

BASE = "https://click.shop.ex"


class FakeLinks:
    """Implements `rewriter.Links` without keys."""

    def click(self, url: str, number: int, path: str = "") -> str | None:
        """Return the path, the number and the URL, percent-encoded."""
        return f"{BASE}/c/{path + '/' if path else ''}{number}-{quote(url, safe='')}"

    def open(self) -> str:
        """Return the URL of the pixel."""
        return f"{BASE}/o/pixel"

    def is_tracked(self, url: str) -> bool:
        """Tell a URL of ours by its host."""
        return url.startswith(f"{BASE}/")
