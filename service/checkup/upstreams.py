"""The upstreams: each server is connected to, up to where mail could be given."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from relay.upstream.connection import Connection
from relay.upstream.port import UpstreamError
from relay.upstream.smtp_server import SmtpServer
from service.checkup.finding import Finding, fail, ok, warn
from service.checkup.storage_space import writable
from service.errors import OperatorError
from service.settings import Settings, UpstreamSection
from service.upstream_checks import upstreams
from service.upstream_wiring import smtp_servers, upstream_directory

PATIENCE_SECONDS: Final = 10


def look_at_upstreams(settings: Settings, _: int) -> Iterator[Finding]:
    """Look at those of all projects, with their fallbacks."""
    found, servers = [], {}
    for place, section in upstreams(settings).items():
        directory = upstream_directory(section)
        if directory is not None:
            found.append(writable(place, directory))
            message = "messages go into a folder and no further"
            found.append(warn(place, message, f"set {place}.url to deliver mail"))
            continue
        try:
            servers[place] = _servers(place, section)
        except OperatorError as error:
            found.append(fail(place, str(error), f"mend the settings of [{place}]"))
    yield from found
    yield from asyncio.run(_connect_to_all(servers))


def _servers(place: str, section: UpstreamSection) -> list[SmtpServer]:
    return smtp_servers(section, place, "localhost")


async def _connect_to_all(servers: dict[str, list[SmtpServer]]) -> list[Finding]:
    return await asyncio.gather(*(_look(place, each) for place, listed in servers.items() for each in listed))


async def _look(place: str, server: SmtpServer) -> Finding:
    try:
        connection = await Connection.open(replace(server, connect_timeout=PATIENCE_SECONDS))
        connection.quit()
    except UpstreamError as error:
        remedy = f"mail is answered 451 where no server can; see [{place}]"
        return fail(place, f"{server.name} cannot be used: {error}", remedy)
    return ok(place, f"{server.name} answers")
