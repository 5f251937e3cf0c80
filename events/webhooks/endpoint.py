"""The URL of an endpoint: which ones are taken, and what is shown of one. Pure."""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import idna

from events.webhooks.errors import InvalidEndpoint

MOST_CHARACTERS: Final = 2_000
_PORTS: Final = {"https": 443, "http": 80}
_TARGET: Final = re.compile(r"[!-~]*")  # printable ASCII without the space


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A URL in its parts. `host` is an address without brackets, or a name in A-labels."""

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)  # path and query

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def endpoint(url: str) -> Endpoint:
    """Return the parts of a URL. Raises `InvalidEndpoint`, which never quotes it."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise InvalidEndpoint("the URL cannot be read; write https://HOST/PATH") from None
    if parts.scheme not in _PORTS or not host:
        raise InvalidEndpoint("the URL must be https://HOST/PATH")
    if parts.username is not None or parts.password is not None:
        raise InvalidEndpoint("the URL must hold no user or password; receivers check the signature instead")
    if parts.fragment:
        raise InvalidEndpoint("the URL must end before the #: what is behind it is never sent")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if len(url) > MOST_CHARACTERS or not _TARGET.fullmatch(target):
        raise InvalidEndpoint(
            f"the URL must have at most {MOST_CHARACTERS} characters, with %XX for all that are not ASCII"
        )
    return Endpoint(scheme=parts.scheme, host=_ascii(host), port=port or _PORTS[parts.scheme], target=target)


def shown(url: str) -> str:
    """Return the URL without its query, which may be a secret."""
    base, mark, _ = url.partition("?")
    return f"{base}?…" if mark else base


def _ascii(host: str) -> str:
    if ":" in host or host.replace(".", "").isdigit():
        return host
    try:
        return idna.encode(host, uts46=True).decode("ascii") if not host.isascii() else _checked(host)
    except idna.IDNAError:
        raise InvalidEndpoint("the URL's host is no name that can be looked up") from None


def _checked(host: str) -> str:
    if not re.fullmatch(r"[a-z0-9_.-]{1,253}", host):
        raise InvalidEndpoint("the URL's host is no name that can be looked up")
    return host
