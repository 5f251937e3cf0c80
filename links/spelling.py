"""How the bytes of a token are written in a URL: base64url without padding, in groups.

Spam filters score long runs of letters and digits, so a `-` follows every 44 of them. Programs that find
URLs in plain text drop a final `_` (GitHub's Markdown, section 6.9) or `-`, so a `0` follows one.
"""

import binascii

from links.errors import InvalidToken

GROUP = 44  # characters; 33 bytes
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_PLAIN = bytes.maketrans(b"-_", b"+/")


def spell(raw: bytes) -> str:
    """Return the one spelling of these bytes, ASCII. No run of letters and digits passes `GROUP`."""
    text = binascii.b2a_base64(raw, newline=False).translate(_URL_SAFE, b"=").decode("ascii")
    if text.endswith(("-", "_")):
        text += "0"
    return "-".join([text[i : i + GROUP] for i in range(0, len(text), GROUP)])


def read(text: str) -> bytes:
    """Return the bytes that `spell` wrote so. Raises `InvalidToken` for any other spelling."""
    body = "".join([text[i : i + GROUP] for i in range(0, len(text), GROUP + 1)])
    if len(body) % 4 == 1:  # no length of base64: the last character is the guard
        body = body[:-1]
    try:  # padding that is too much is passed over
        raw = binascii.a2b_base64(body.encode("ascii").translate(_PLAIN) + b"==")
    except ValueError:
        raise InvalidToken("not base64url") from None
    # Decoders skip foreign characters and ignore spare bits: one link must not have many spellings.
    if spell(raw) != text:
        raise InvalidToken("not the canonical spelling")
    return raw
