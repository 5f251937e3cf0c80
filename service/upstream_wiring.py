"""From settings to the upstream."""

import ssl
import time
from pathlib import Path

from relay.settings import usable_system_default
from relay.upstream.connection import Security, SmtpServer
from relay.upstream.directory_upstream import DirectoryUpstream
from relay.upstream.port import Upstream
from relay.upstream.smtp_upstream import SmtpUpstream
from service.errors import OperatorError
from service.settings import Settings, UpstreamSection
from service.settings_checks import UPSTREAM_PORTS, parse_upstream

POOL_WAIT_SECONDS = 30.0


def build_upstream(settings: Settings, hostname: str) -> Upstream:
    """Return the upstream that the settings describe. Raises OperatorError."""
    section = settings.upstream
    directory = upstream_directory(section)
    if directory is not None:
        return DirectoryUpstream(directory)
    return SmtpUpstream(
        smtp_server(section, hostname),
        pool_size=section.pool_size,
        idle_limit=section.idle_seconds,
        pool_wait=POOL_WAIT_SECONDS,
        monotonic=time.monotonic,
    )


def upstream_directory(section: UpstreamSection) -> Path | None:
    """Return the folder of a `dir:` upstream, else None."""
    return Path(section.url.removeprefix("dir:")) if section.url.startswith("dir:") else None


def smtp_server(section: UpstreamSection, hostname: str) -> SmtpServer:
    """Return where and how to connect. Raises OperatorError for a file that cannot be read."""
    parts = parse_upstream(section.url)
    security = Security(parts.scheme)
    return SmtpServer(
        host=parts.hostname or "",
        port=parts.port or UPSTREAM_PORTS[parts.scheme],
        security=security,
        tls=None if security is Security.NONE else _trust(section),
        username=section.username,
        password=_password(section),
        hostname=hostname,
        connect_timeout=section.connect_seconds,
        reply_timeout=section.reply_seconds,
        final_timeout=section.final_reply_seconds,
    )


def system_default(settings: Settings) -> str | None:
    """Return the base URL of the last resort, where there is one that mail may carry."""
    section = settings.upstream
    host = None if upstream_directory(section) else parse_upstream(section.url).hostname
    return usable_system_default(settings.tracking.default_domain, host)


def _password(section: UpstreamSection) -> str:
    if section.password_file is None:
        return section.password
    try:
        return section.password_file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(
            f"upstream.password_file: {section.password_file} cannot be read: {error}"
        ) from None


def _trust(section: UpstreamSection) -> ssl.SSLContext | None:
    if section.ca_file is None:
        return None
    try:
        return ssl.create_default_context(cafile=section.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise OperatorError(f"upstream.ca_file: {section.ca_file} cannot be used: {error}") from None
