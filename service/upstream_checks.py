"""Settings of the upstream that have the right type and cannot be right all the same.

Errors are ValueErrors whose text begins with the key, and never shows a password.
"""

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from relay.settings import is_loopback
from service.settings import Settings, UpstreamSection, UpstreamServer

UPSTREAM_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}

_NAME: Final = re.compile(r"[a-z0-9-]{1,32}")
_AT_LEAST_ONE = (
    *("pool_size", "pool_wait_seconds", "connection_seconds", "connect_seconds", "reply_seconds"),
    *("data_seconds", "final_reply_seconds"),
)


def is_directory(server: UpstreamServer) -> bool:
    """Tell whether messages go into a folder."""
    return server.url.startswith("dir:")


def upstreams(settings: Settings) -> dict[str, UpstreamSection]:
    """Return the default upstream and the named ones, each by its place in the settings."""
    named = {f"upstreams.{name}": section for name, section in settings.upstreams.items()}
    return {"upstream": settings.upstream, **named}


def servers(section: UpstreamSection, place: str) -> dict[str, UpstreamServer]:
    """Return all servers in the order in which they are tried, each by its place in the settings."""
    fallback = {f"{place}.fallback[{n}]": server for n, server in enumerate(section.fallback, 1)}
    return {place: section, **fallback}


def check_upstreams(settings: Settings) -> None:
    """Raise ValueError for the first value that cannot be used."""
    for name in settings.upstreams:
        if not _NAME.fullmatch(name):
            raise ValueError(f"upstreams.{name}: a name is up to 32 letters a-z, digits and hyphens")
    for place, section in upstreams(settings).items():
        _check_upstream(section, place)


def _check_upstream(section: UpstreamSection, root: str) -> None:
    if is_directory(section) and section.fallback:
        raise ValueError(f"{root}.fallback: a folder needs no other server")
    for place, server in servers(section, root).items():
        if server.password and server.password_file:
            raise ValueError(f"{place}: give password or password_file, not both")
        if server is not section or not is_directory(section):
            _check_server(server, place)
    for name in _AT_LEAST_ONE:
        if getattr(section, name) < 1:
            raise ValueError(f"{root}.{name}: must be at least 1")


def parse_upstream(url: str) -> SplitResult:
    """Split an SMTP upstream's URL. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in UPSTREAM_PORTS:
        raise ValueError(f"must begin with {'://, '.join(UPSTREAM_PORTS)}:// or dir:")
    if parts.username is not None or parts.password is not None:
        raise ValueError("user and password stand in upstream.username and upstream.password, not in the URL")
    try:
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("must be SCHEME://HOST or SCHEME://HOST:PORT")
    return parts


def _check_server(server: UpstreamServer, place: str) -> None:
    if is_directory(server):
        raise ValueError(f"{place}.url: a folder can only be the one upstream")
    try:
        parts = parse_upstream(server.url)
    except ValueError as error:
        raise ValueError(f"{place}.url: {error}") from None
    if server.client_key and not server.client_certificate:
        raise ValueError(f"{place}: client_key needs client_certificate")
    if parts.scheme == "smtp":
        _check_without_tls(server, parts.hostname or "", place)


def _check_without_tls(server: UpstreamServer, host: str, place: str) -> None:
    for name in ("ca_file", "tls_server_name", "client_certificate"):
        if getattr(server, name):
            raise ValueError(f"{place}.{name}: smtp:// has no TLS; write smtp+starttls:// or smtps://")
    if (server.password or server.password_file) and not is_loopback(host):
        raise ValueError(
            f"{place}: the password would go to {host} in clear; write smtp+starttls:// or smtps://"
        )
