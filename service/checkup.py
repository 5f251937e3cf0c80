"""`waypost check`: looks at everything an installation leans on, and says how to mend each finding."""

import asyncio
import os
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from accounts.errors import AccountError
from accounts.model import DEFAULT_PROJECT, Project
from domains.default_host import SID, default_base
from domains.directory import scheme_of
from domains.errors import StoreUnavailable
from domains.model import Scheme, SendingDomain, State, TrackingDomain
from domains.names import display, host_name
from domains.sending_domains import SendingDomainDetails
from relay.listener import parse_host_port
from relay.upstream.connection import Connection
from relay.upstream.port import UpstreamError
from relay.upstream.smtp_server import SmtpServer
from rewriter.policy import Mode
from service.database import (
    open_database,
    open_projects,
    open_sending_domains,
    open_tracking_domains,
)
from service.errors import OperatorError
from service.key_file import load_key_ring
from service.live.snapshot import SnapshotError
from service.live.snapshot_file import read_snapshot
from service.lookup import resolver
from service.settings import Settings, UpstreamSection
from service.settings_checks import listeners
from service.start import shown_age
from service.tracking_switch import off_since
from service.upstream_checks import upstreams
from service.upstream_wiring import smtp_servers, system_default, upstream_directory
from storage.failures import DatabaseUnavailable
from storage.migrate import is_current

PATIENCE_SECONDS = 10


class Level(StrEnum):
    """How bad it is: `FAIL` keeps mail or clicks from working."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at. `remedy` says how to mend it; "" where all is well."""

    level: Level
    subject: str
    message: str
    remedy: str = ""


def check_all(settings: Settings, now: int) -> Iterator[Finding]:
    """Yield the findings one by one, as each is known. `now` in milliseconds."""
    yield _ok("settings", str(settings.source or "defaults and environment"))
    yield from _keys(settings, now)
    yield from _database(settings)
    yield from _snapshot(settings, now)
    yield from _journal(settings)
    yield from _tracking(settings)
    yield from _upstreams(settings)
    yield from _ports(settings)
    yield from _targets(settings)
    yield from _domains(settings)


def _ok(subject: str, message: str) -> Finding:
    return Finding(level=Level.OK, subject=subject, message=message)


def _warn(subject: str, message: str, remedy: str) -> Finding:
    return Finding(level=Level.WARN, subject=subject, message=message, remedy=remedy)


def _fail(subject: str, message: str, remedy: str) -> Finding:
    return Finding(level=Level.FAIL, subject=subject, message=message, remedy=remedy)


def _keys(settings: Settings, now: int) -> Iterator[Finding]:
    try:
        ring = load_key_ring(settings.keys)
    except OperatorError as error:
        yield _fail(
            "keys", str(error), "restore the file from its backup, or run `waypost init` for a new ring"
        )
        return
    key = ring.sealing(now)
    yield _ok(
        "keys", f"key {key.id} seals new links; keep a backup of the ring: without it every link is dead"
    )
    file = settings.keys.file
    if not settings.keys.ring and stat.S_IMODE(file.stat().st_mode) & 0o077:
        yield _fail("keys", f"{file} can be read by others", f"chmod 600 {file}")


def _database(settings: Settings) -> Iterator[Finding]:
    try:
        with open_database(settings) as engine:
            current = is_current(engine)
    except (OperatorError, DatabaseUnavailable) as error:
        yield _fail("database", str(error), "run `waypost db upgrade` where it is new")
        return
    if current:
        yield _ok("database", "reachable and up to date")
    else:
        yield _fail("database", "its tables are of another version", "run `waypost db upgrade`")


def _snapshot(settings: Settings, now: int) -> Iterator[Finding]:
    path = settings.database.snapshot
    if path is None:
        yield _warn(
            "snapshot", "off: while the database is away nothing can start", "set database.snapshot to a file"
        )
        return
    try:
        snapshot = read_snapshot(path, load_key_ring(settings.keys))
    except SnapshotError as error:
        yield _warn("snapshot", f"{path} cannot be used: {error}", "`waypost serve` writes it anew")
    except OperatorError:
        return  # the finding about the keys has said it
    else:
        if snapshot is None:
            yield _warn("snapshot", f"{path} is not there yet", "`waypost serve` writes it")
        else:
            age = shown_age(max(0, now - snapshot.written_at) / 1000)
            yield _ok("snapshot", f"{path} is {age} old; a start goes on with it while the database is away")


def _journal(settings: Settings) -> Iterator[Finding]:
    directory = settings.journal.directory
    yield _writable("journal", directory)
    damaged = sorted(directory.glob("*.damaged"))
    if damaged:
        yield _warn(
            "journal",
            f"{len(damaged)} files of damaged lines in {directory}",
            "look at them, then delete them",
        )


def _writable(subject: str, directory: Path) -> Finding:
    existing = next(folder for folder in (directory, *directory.absolute().parents) if folder.exists())
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return _ok(subject, f"{directory} can be written")
    return _fail(subject, f"{directory} cannot be written", f"mend the owner or permissions of {existing}")


def _tracking(settings: Settings) -> Iterator[Finding]:
    section = settings.tracking
    yield from _switch(section.switch)
    if section.mode is Mode.ON:
        yield _ok("tracking", "links are rewritten")
    else:
        yield _warn(
            "tracking", f"mode is {section.mode}: mail goes out as it came", 'set tracking.mode = "on"'
        )
    if section.default_domain != (system_default(settings) or ""):
        yield _warn(
            "tracking",
            f"default_domain {section.default_domain} is this machine, the upstream is not: it is not used",
            "set tracking.default_domain to a host that readers can reach, or to nothing",
        )


def _switch(file: Path) -> Iterator[Finding]:
    try:
        since = off_since(file)
    except OperatorError as error:
        yield _fail("tracking", str(error), f"mend the owner or permissions of {file.parent}")
        return
    if since is not None:
        message = f"switched off since {since:%Y-%m-%d %H:%M} UTC: mail goes out as it came"
        yield _warn("tracking", message, "run `waypost tracking on` when it may go on")


def _upstreams(settings: Settings) -> Iterator[Finding]:
    for place, section in upstreams(settings).items():
        yield from _upstream(place, section)


def _upstream(place: str, section: UpstreamSection) -> Iterator[Finding]:
    directory = upstream_directory(section)
    if directory is not None:
        yield _writable(place, directory)
        yield _warn(place, "messages go into a folder and no further", f"set {place}.url to deliver mail")
        return
    try:
        servers = smtp_servers(section, place, "localhost")
    except OperatorError as error:
        yield _fail(place, str(error), f"mend the settings of [{place}]")
        return
    for server in servers:
        try:
            asyncio.run(_connect(server))
        except UpstreamError as error:
            yield _fail(
                place,
                f"{server.name} cannot be used: {error}",
                f"mail is answered 451 where no server can; see [{place}]",
            )
        else:
            yield _ok(place, f"{server.name} answers")


async def _connect(server: SmtpServer) -> None:
    connection = await Connection.open(replace(server, connect_timeout=PATIENCE_SECONDS))
    connection.quit()


def _ports(settings: Settings) -> Iterator[Finding]:
    for listener in listeners(settings.relay):
        yield _port("relay", str(listener), listener.path or (listener.host, listener.port))
    for address in settings.tracker.listen:
        yield _port("tracker", address, parse_host_port(address))


def _port(name: str, shown: str, place: tuple[str, int] | str) -> Finding:
    try:
        with _connected(place):
            return _ok(name, f"{shown} answers")
    except OSError:
        return _warn(name, f"nothing answers at {shown}", "start `waypost serve`")


def _connected(place: tuple[str, int] | str) -> socket.socket:
    """Raises OSError."""
    if not isinstance(place, str):
        return socket.create_connection(place, PATIENCE_SECONDS)
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(PATIENCE_SECONDS)
    try:
        sock.connect(place)
    except OSError:
        sock.close()
        raise
    return sock


def _targets(settings: Settings) -> Iterator[Finding]:
    if not settings.domains.cname_targets:
        yield _warn("domains", "no CNAME target is set", "set domains.cname_targets to add tracking domains")
    for target in settings.domains.cname_targets:
        answer = resolver(settings).look_up(host_name(target))
        if answer.addresses:
            yield _ok("domains", f"target {target} has the addresses {', '.join(answer.addresses)}")
        else:
            detail = f": {answer.detail}" if answer.detail else ""
            yield _fail(
                "domains",
                f"target {target} has no address{detail}",
                "create an A record for it: links lead there",
            )


def _domains(settings: Settings) -> Iterator[Finding]:
    try:
        with open_projects(settings) as projects:
            for project in projects.all():
                yield from _upstream_of(project, settings)
                with open_tracking_domains(settings, project.name) as domains:
                    tracking = domains.all()
                with open_sending_domains(settings, project.name) as senders:
                    sending = senders.all_details()
                yield from _domains_of(
                    project, tracking, [each.domain for each in sending], settings.tracking.scheme
                )
                yield from _ownership_of(project, sending)
                yield from _default_of(project, settings)
    except (OperatorError, StoreUnavailable, AccountError):
        return  # the finding about the database has said it


def _upstream_of(project: Project, settings: Settings) -> Iterator[Finding]:
    if project.upstream is not None and project.upstream not in settings.upstreams:
        yield _fail(
            "upstream",
            f"the project {project.name} names {project.upstream}, which the settings lack: mail gets 451",
            f"write [upstreams.{project.upstream}]; or waypost project set {project.name} --upstream inherit",
        )


def _domains_of(
    project: Project,
    tracking: list[TrackingDomain],
    sending: list[SendingDomain],
    before_https: Scheme | None,
) -> Iterator[Finding]:
    verify = "waypost domain verify"
    if project.id != DEFAULT_PROJECT:
        verify += f" --project {project.name}"
    active = {domain.name for domain in tracking if scheme_of(domain, before_https)}
    for domain in tracking:
        if domain.name not in active:
            waits = ", but HTTPS was not seen on it yet" if domain.state is State.VERIFIED else ""
            message = f"{display(domain.name)} is {domain.state}{waits}"
            yield _warn("domains", message, f"{verify} {domain.name}")
    for sender in sending:
        if sender.tracking_domain is not None and sender.tracking_domain not in active:
            message = f"{display(sender.name)} uses the default until {sender.tracking_domain} is verified"
            yield _warn("senders", message, f"{verify} {sender.tracking_domain}")
    if active:
        yield _ok("domains", f"{len(active)} of {len(tracking)} tracking domains are active")


def _ownership_of(project: Project, sending: list[SendingDomainDetails]) -> Iterator[Finding]:
    verify = "waypost sender verify"
    if project.id != DEFAULT_PROJECT:
        verify += f" --project {project.name}"
    for sender in sending:
        name, parent = display(sender.domain.name), display(sender.ownership.parent)
        remedy = f"create the record that `waypost sender show` prints, then {verify} {sender.domain.name}"
        if not sender.ownership.counts:
            lost = "its mail is not tracked, and logins may not send from it"
            yield _warn("senders", f"{name} does not count: {parent} is another project's; {lost}", remedy)
        elif sender.domain.tracking_domain is not None and not sender.carries_link:
            yield _warn("senders", f"{name} uses the default until it is verified", remedy)


def _default_of(project: Project, settings: Settings) -> Iterator[Finding]:
    base = system_default(settings) or ""
    if SID in base:
        host = default_base(base, project.name)
        yield _ok("tracking", f"default host of the project {project.name}: {host}")
