"""The path at which a certificate authority looks for a proof of control [RFC 8555, section 8.3]."""

import re

_PREFIX = "/.well-known/acme-challenge/"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")  # base64url; those of Let's Encrypt have 43 characters


def challenge_token(path: str) -> str | None:
    """Return the token that a path asks for, None for any other path."""
    if not path.startswith(_PREFIX):
        return None
    token = path.removeprefix(_PREFIX)
    return token if _TOKEN.fullmatch(token) else None
