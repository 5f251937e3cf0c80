"""What can be wrong with a link or a key ring. No message ever holds a token, a URL or a secret.

ValueError
├── InvalidToken   not sealed by a key of this ring, or damaged, or spelt another way
├── UrlTooLong     the URL, or the tracked URL made of it, is beyond what mail clients follow
├── UnsafeUrl      nothing that a redirect may lead to: not absolute http or https, or not printable ASCII
└── KeyRingError   a key ring that cannot be read, or a change that would leave it unusable
"""


class InvalidToken(ValueError):
    """The token does not open."""


class UrlTooLong(ValueError):
    """The link is better left as it is: its tracked URL would be cut somewhere."""


class UnsafeUrl(ValueError):
    """No token is made for this URL, since none would be honoured."""


class KeyRingError(ValueError):
    """The message says what is wrong and how to mend it."""
