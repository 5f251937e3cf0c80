"""The tracked URLs of one message, as the rewriter asks for them (`rewriter.policy.Links`)."""

from dataclasses import dataclass

from links.errors import UnsafeUrl, UrlTooLong
from links.key_ring import Key, KeyRing
from links.tokens import ClickToken, OpenToken
from links.tracked_urls import click_url, is_tracked, open_url


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLinks:
    """Makes and knows tracked URLs. `base` is like `https://track.example.com`, without a final slash."""

    base: str
    project: int
    message: str  # 24 hex digits
    recipient: str | None  # 16 hex digits; None where recipients share one copy
    key: Key  # seals
    ring: KeyRing  # opens

    def click(self, url: str, number: int, path: str = "") -> str | None:
        """Return the tracked URL for link `number`; None where the link must stay as it is.

        `path` comes before the token, for an app to know the link by.
        """
        token = ClickToken(
            project=self.project, message=self.message, recipient=self.recipient, link=number, url=url
        )
        try:
            return click_url(self.base, token, self.key, path)
        except (UrlTooLong, UnsafeUrl):
            return None

    def open(self) -> str:
        """Return the URL of the open pixel."""
        token = OpenToken(project=self.project, message=self.message, recipient=self.recipient)
        return open_url(self.base, token, self.key)

    def is_tracked(self, url: str) -> bool:
        """Tell whether `url` is a tracked link already, of any message and any tracking domain."""
        return is_tracked(url, self.ring)
