"""From settings to the upstream."""

import random
import ssl
import time
from collections.abc import Callable
from pathlib import Path

from accounts.directory import AccountDirectory
from relay.control.vendors import Profile
from relay.settings import usable_system_default
from relay.upstream.connection_pool import PoolLimits
from relay.upstream.directory_upstream import DirectoryUpstream
from relay.upstream.health import Health
from relay.upstream.per_project import Upstreams
from relay.upstream.port import Upstream
from relay.upstream.smtp_server import Security, SmtpServer
from relay.upstream.smtp_upstream import SmtpUpstream
from service.errors import OperatorError
from service.password_file import read_password
from service.settings import Settings, UpstreamSection, UpstreamServer
from service.upstream_checks import UPSTREAM_PORTS, is_directory, parse_upstream, servers, upstreams


def build_upstreams(
    settings: Settings,
    hostname: str,
    accounts: Callable[[], AccountDirectory],
    watch: Callable[[Health], None],
) -> Upstreams:
    """Return the upstreams that the settings describe. Raises OperatorError."""
    built = {
        place: _upstream(section, place, hostname, watch) for place, section in upstreams(settings).items()
    }
    return Upstreams(
        built["upstream"],
        {name: built[f"upstreams.{name}"] for name in settings.upstreams},
        lambda project: _upstream_name(accounts(), project),
    )


def profiles(settings: Settings, accounts: Callable[[], AccountDirectory]) -> Callable[[int], Profile]:
    """Return what tells whose servers a project's upstream is."""

    def profile(project: int) -> Profile:
        name = _upstream_name(accounts(), project)
        section = settings.upstream if name is None else settings.upstreams.get(name)
        return section.profile if section else Profile.NONE

    return profile


def _upstream_name(accounts: AccountDirectory, project: int) -> str | None:
    known = accounts.project(project)
    return known.upstream if known else None


def _upstream(
    section: UpstreamSection, place: str, hostname: str, watch: Callable[[Health], None]
) -> Upstream:
    directory = upstream_directory(section)
    if directory is not None:
        return DirectoryUpstream(directory)
    limits = PoolLimits(
        size=section.pool_size,
        wait=section.pool_wait_seconds,
        idle=section.idle_seconds,
        lifetime=section.connection_seconds,
        messages=section.connection_messages,
    )
    return SmtpUpstream(
        smtp_servers(section, place, hostname),
        limits,
        monotonic=time.monotonic,
        jitter=random.random,
        watch=watch,
    )


def upstream_directory(section: UpstreamSection) -> Path | None:
    """Return the folder of a `dir:` upstream, else None."""
    return Path(section.url.removeprefix("dir:")) if is_directory(section) else None


def smtp_servers(section: UpstreamSection, place: str, hostname: str) -> list[SmtpServer]:
    """Return where and how to connect, in the order of trying.

    Raises OperatorError for a file that cannot be read.
    """
    return [
        _smtp_server(section, server, where, hostname) for where, server in servers(section, place).items()
    ]


def system_default(settings: Settings) -> str | None:
    """Return the base URL of the last resort, where there is one that mail may carry."""
    base = settings.tracking.default_domain
    hosts = [
        None if is_directory(server) else parse_upstream(server.url).hostname
        for place, section in upstreams(settings).items()
        for server in servers(section, place).values()
    ]
    return base if all(usable_system_default(base, host) for host in hosts) else None


def _smtp_server(section: UpstreamSection, server: UpstreamServer, place: str, hostname: str) -> SmtpServer:
    parts = parse_upstream(server.url)
    security = Security(parts.scheme)
    return SmtpServer(
        host=parts.hostname or "",
        port=parts.port or UPSTREAM_PORTS[parts.scheme],
        security=security,
        tls=None if security is Security.NONE else _tls(server, place),
        tls_name=server.tls_server_name,
        username=server.username,
        password=_password(server, place),
        hostname=hostname,
        pipelining=section.pipelining,
        chunking=section.chunking,
        connect_timeout=section.connect_seconds,
        reply_timeout=section.reply_seconds,
        data_timeout=section.data_seconds,
        final_timeout=section.final_reply_seconds,
    )


def _password(server: UpstreamServer, place: str) -> str:
    if server.password_file is None:
        return server.password
    return read_password(server.password_file, f"{place}.password_file")


def _tls(server: UpstreamServer, place: str) -> ssl.SSLContext:
    """Certificate and name are always checked: a server of one's own has its authority in `ca_file`."""
    try:
        context = ssl.create_default_context(cafile=server.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise OperatorError(f"{place}.ca_file: {server.ca_file} cannot be used: {error}") from None
    if server.client_certificate is not None:
        try:
            # An empty password: OpenSSL would ask for one on the terminal where the key has one.
            context.load_cert_chain(server.client_certificate, server.client_key, password="")
        except (OSError, ssl.SSLError) as error:
            raise OperatorError(
                f"{place}.client_certificate: {server.client_certificate} cannot be used: {error}"
            ) from None
    return context
