"""API and dashboard with 10,000 tracking and as many sending domains, 10 clients; lists of a million events.

The server is a process of its own, `waypost serve --only web`; the clients, a thread each here, keep their
connections. `python -m benchmarks.web 0` leaves out the events.
"""

import http.client
import json
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Final

from sqlalchemy import Engine

from accounts.actors import Scope
from benchmarks.event_load import AT, END, load
from benchmarks.freshness import postgresql, sqlite
from benchmarks.processes import cpu_seconds, running
from domains.dns_answer import DnsAnswer, DnsStatus
from domains.evidence import CaaAnswer, CaaStatus, Evidence, ProbeAnswer, Reached
from domains.evidence_format import to_json
from domains.history import Cause
from domains.model import State
from service.installation import install
from service.use_cases import UseCases
from storage.domain_tables import domain_history, sending_domains, tracking_domains
from storage.engine import open_engine, transaction
from storage.event_sums import SqlSummingStore
from storage.partitions import SqlHitPartitions
from storage.sum_tables import DAY
from storage.versions import raise_version
from tests.running import COMMAND, clean_environment, free_port
from tests.web.browser import Browser

_RELAYED: Final = (
    "INSERT INTO outcomes (id, at, message, verdict, code, reply)"
    " SELECT id || '00000000', at + 400, id, 'relayed', 250, '250 2.0.0 Ok' FROM messages"
)

COUNT: Final = 10_000
EVENTS: Final = 1_000_000
CLIENTS: Final = 10
SECONDS: Final = 3.0  # of each question
ENTRIES: Final = 20  # of the history of each hundredth domain
NOW: Final = datetime(2026, 3, 1, tzinfo=UTC)
STATES: Final = (State.VERIFIED, State.VERIFIED, State.VERIFIED, State.PENDING, State.FAILED)
PATIENCE: Final = 60.0
MIDDLE: Final = "track.customer-5000.example"

API: Final = "/api/v1"
DATABASES: Final[Mapping[str, Callable[[], AbstractContextManager[str]]]] = {
    "SQLite": sqlite,
    "PostgreSQL": postgresql,
}


def main(events: int = EVENTS) -> None:
    print(f"web: {COUNT:,} tracking and {COUNT:,} sending domains, {events:,} events, {CLIENTS} clients")
    for name, database in DATABASES.items():
        with (
            database() as url,
            tempfile.TemporaryDirectory() as folder,
            served(Path(folder), url, events) as api,
        ):
            print(f"\n{name:38} {'median':>7} {'95 %':>7} {'a second':>9} {'CPU each':>9}")
            for question, path in api.questions(events).items():
                print(f"{question:38} {api.measured(path, CLIENTS)}", flush=True)
                print(f"{'    one client':38} {api.measured(path, 1)}", flush=True)
            for question, path in numbers().items() if events else ():
                print(f"{question:38} {api.measured(path, 1)}", flush=True)


class Server:
    """What is asked, and how."""

    def __init__(self, port: int, pid: int, headers: dict[str, str]) -> None:
        self._port = port
        self._pid = pid
        self._headers = headers

    def questions(self, events: int) -> dict[str, str]:
        """Return the path of each."""
        domains, senders = f"{API}/tracking-domains", f"{API}/sending-domains"
        behind = self._get(f"{domains}?limit=200&search=customer-5")["next"]
        number = self._get(f"{domains}/{MIDDLE}")["id"]
        asked = {
            "tracking domains, the first 50": domains,
            "… 50 in the middle": f"{domains}?cursor={behind}",
            "… 50 that are found by a part": f"{domains}?search=mer-77",
            "… 50 that failed": f"{domains}?state=failed",
            "a tracking domain by its id": f"{domains}/{number}",
            "… by its name": f"{domains}/{MIDDLE}",
            "… its history": f"{domains}/track.customer-5000.example/history",
            "… its certificate": f"{domains}/{MIDDLE}/ssl",
            "sending domains, the first 50": senders,
            "a sending domain": f"{senders}/news.customer-5000.example",
        }
        pages, own = "/p/default/tracking-domains", "/p/default/sending-domains"
        asked |= {
            "page of tracking domains, the first": pages,
            "… the first that failed": f"{pages}?state=failed",
            "page of a tracking domain": f"{pages}/{MIDDLE}",
            "page of sending domains, the first": own,
            "page of a sending domain": f"{own}/news.customer-5000.example",
        }
        if events:
            asked["events, the first 50"] = f"{API}/events"
            asked["… clicks of the last day"] = f"{API}/events?kind=click&since={_day(END - DAY)}"
            asked["page of events"] = "/p/default/events"
        return asked

    def measured(self, path: str, clients: int) -> str:
        """Ask with so many clients at once for a while; return what was seen."""
        self._ask(path, 0.0, [])
        used, began = cpu_seconds(self._pid), perf_counter()
        taken: list[float] = []
        asking = [
            threading.Thread(target=self._ask, args=(path, began + SECONDS, taken)) for _ in range(clients)
        ]
        for each in asking:
            each.start()
        for each in asking:
            each.join()
        seconds, cpu = perf_counter() - began, (cpu_seconds(self._pid) - used) / len(taken)
        slow = quantiles(taken, n=20)[-1]
        rate = len(taken) / seconds
        return f"{median(taken) * 1000:7.1f} {slow * 1000:7.1f} {rate:9.0f} {cpu * 1000:9.2f}"

    def _ask(self, path: str, until: float, taken: list[float]) -> None:
        with closing(self._connection()) as client:
            while True:
                began = perf_counter()
                client.request("GET", path, headers=self._headers)
                answer = client.getresponse()
                body = answer.read()
                if answer.status != 200:
                    raise RuntimeError(body)
                taken.append(perf_counter() - began)
                if began >= until:
                    return

    def _get(self, path: str) -> dict[str, object]:
        with closing(self._connection()) as client:
            client.request("GET", path, headers=self._headers)
            found: dict[str, object] = json.loads(client.getresponse().read())
            return found

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)


def numbers() -> dict[str, str]:
    """Return the path of each question about all events, which one client asks."""
    asked = {}
    for days in (30, 90):
        since, until = _day(END - days * DAY), _day(END)
        for by in ("", "link", "sender"):
            name = f"stats of {days} days{f' by {by}' if by else ''}, 1 client"
            asked[name] = f"{API}/stats?since={since}&until={until}{f'&by={by}' if by else ''}"
        first, last = since[:10], _day(END - DAY)[:10]
        asked[f"page of reports, {days} days, 1 client"] = f"/p/default/reports?from={first}&to={last}"
    return asked


@contextmanager
def served(folder: Path, url: str, events: int) -> Iterator[Server]:
    """Make an installation in the folder, fill its database, and serve it."""
    port = free_port()
    environment = {"WAYPOST_DATABASE__URL": url, "WAYPOST_WEB__LISTEN": f"127.0.0.1:{port}"}
    config = folder / "waypost.toml"
    done = install(config, clean_environment(environment), now=0, demonstration=True, keep=False)
    engine = open_engine(url)
    fill(engine, events)
    key = UseCases(done.settings, engine).api_keys(None).add(Scope.ADMIN).token
    engine.dispose()
    command = [COMMAND, "--config", config, "serve", "--only", "web"]
    with (
        (folder / "log").open("wb") as log,
        running(command, port, greets=False, env=clean_environment(environment), stderr=log) as pid,
    ):
        browser = Browser(port=port)
        browser.submit("/sign-in", "/sign-in", {"key": key})
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        yield Server(port, pid, {"Authorization": f"Bearer {key}", "Cookie": cookies})


def fill(engine: Engine, events: int) -> None:
    """Put everything in, past the use cases, all of it of the project `default`."""
    with transaction(engine, writes=True, raising=RuntimeError) as connection:
        raise_version(connection, "domains")
        connection.execute(tracking_domains.insert(), list(map(_tracking, range(COUNT))))
        connection.execute(sending_domains.insert(), list(map(_sending, range(COUNT))))
        connection.execute(
            domain_history.insert(), [_entry(n) for n in range(0, COUNT, 100) for _ in range(ENTRIES)]
        )
        connection.exec_driver_sql("ANALYZE")
    if events:
        SqlHitPartitions(engine).make_ahead(AT)
        load(engine, events)
        with transaction(engine, writes=True, raising=RuntimeError) as connection:
            connection.exec_driver_sql(_RELAYED)
        summing = SqlSummingStore(engine)
        while summing.sum_newest(END + 10 * DAY, lambda project: 0):
            pass


def _tracking(number: int) -> dict[str, object]:
    name = f"track.customer-{number}.example"
    return {
        "id": number + 1,
        "project": 1,
        "name": name,
        "target": "links.waypost.example",
        "state": STATES[number % len(STATES)],
        "is_default": number == 0,
        "diagnosis": f"{name} leads to links.waypost.example, and HTTP and HTTPS arrive here.",
        "created_at": NOW,
        "checked_at": NOW,
        "next_check_at": NOW,
        "verified_at": NOW,
        "evidence": _evidence(name),
    }


def _sending(number: int) -> dict[str, object]:
    """Every second one is below another one."""
    above = f"customer-{number - number % 2}.example"
    return {
        "project": 1,
        "name": f"news.{above}" if number % 2 else above,
        "tracking_domain": number + 1,
        "created_at": NOW,
        "verified_at": NOW if number % 3 else None,
        "token": f"{number:032}",
    }


def _entry(number: int) -> dict[str, object]:
    name = f"track.customer-{number}.example"
    return {
        "project": 1,
        "domain": name,
        "at": NOW,
        "cause": Cause.CHECKED,
        "before": State.PENDING,
        "after": State.VERIFIED,
        "detail": f"{name} leads to links.waypost.example, and HTTP and HTTPS arrive here.",
        "evidence": _evidence(name),
    }


def _evidence(name: str) -> dict[str, object]:
    """As a check makes it: about two kilobytes."""
    chain = ("links.waypost.example", "eu.links.waypost.example")
    probe = ProbeAnswer(reached=Reached.OURS, status=200, server="waypost")
    return to_json(
        Evidence(
            at=NOW,
            dns=DnsAnswer(
                host=name, status=DnsStatus.FOUND, chain=chain, addresses=("192.0.2.1", "2001:db8::1")
            ),
            target_addresses=("192.0.2.1", "2001:db8::1"),
            caa=CaaAnswer(status=CaaStatus.ALLOWED),
            http=probe,
            https=probe,
        )
    )


def _day(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat().replace("+00:00", "Z")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
