"""What a DNS look-up costs: CPU and time, at the authorities (Knot DNS) and through a recursor (Unbound).

Each domain is a zone of its own with a name server of its own, so nothing is remembered from one to the next
but the target. The servers run in processes of their own; CPU time is this process's alone.
"""

import shutil
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from domains.dns_answer import DnsStatus
from domains.lookup.authoritative import Authorities
from domains.lookup.delegations import Delegations
from domains.lookup.recursor import Recursor
from domains.lookup.resolver import Resolver
from tests.knot import Knot
from tests.running import free_port
from tests.unbound import Unbound

DOMAINS = 1_000
THREADS = 32
TARGET = "links.waypost.test"
SEARCH_PATH = "/usr/bin:/usr/sbin:/usr/local/bin:/usr/local/sbin"


def main() -> None:
    missing = [program for program in ("knotd", "unbound") if not shutil.which(program, path=SEARCH_PATH)]
    if missing:
        print(f"not measured: {' and '.join(missing)} not installed")
        return
    customers = {f"c{number}.test": f"track CNAME {TARGET}." for number in range(DOMAINS)}
    zones = {"test": "", "waypost.test": "links A 192.0.2.10\nlinks AAAA 2001:db8::10"} | customers
    hosts = [f"track.{zone}" for zone in customers]
    port = free_port()
    print(f"dns: {DOMAINS} look-ups, each of a zone of its own, over loopback\n")
    print(f"{'':28} {'CPU ms':>7} {'ms, median':>11} {'an hour, 1 thread':>18} {f'{THREADS} threads':>11}")
    with Knot("127.0.0.2", port, zones), Unbound("127.0.0.1", port, dict.fromkeys(zones, "127.0.0.2")):
        row("authorities, nothing known", lambda: direct(port), hosts)
        row("authorities, again", lambda: direct(port), hosts, rounds=2)
        row("the recursor alone", lambda: Resolver(Recursor(["127.0.0.1"], port)), hosts)


def direct(port: int) -> Resolver:
    recursor = Recursor(["127.0.0.1"], port)
    delegations = Delegations(recursor, may_ask=lambda _: True, monotonic=time.monotonic, port=port)
    return Resolver(recursor, Authorities(delegations))


def row(name: str, new: Callable[[], Resolver], hosts: list[str], rounds: int = 1) -> None:
    """Measure the last of so many rounds with one resolver, by one thread and by many."""
    resolver = new()
    for _ in range(rounds):
        before, started = time.process_time(), time.monotonic()
        times = [timed(resolver, host) for host in hosts]
        cpu, alone = time.process_time() - before, time.monotonic() - started
    resolver = new()
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in range(rounds):
            started = time.monotonic()
            list(pool.map(lambda host: timed(resolver, host), hosts))
            together = time.monotonic() - started
    hourly = len(hosts) * 3600
    print(
        f"{name:28} {cpu / len(hosts) * 1e3:7.2f} {statistics.median(times) * 1e3:11.2f} "
        f"{hourly / alone:18,.0f} {hourly / together:11,.0f}"
    )


def timed(resolver: Resolver, host: str) -> float:
    started = time.monotonic()
    answer = resolver.look_up(host)
    if answer.status is not DnsStatus.FOUND or not answer.addresses:
        raise AssertionError(f"not as served: {answer}")
    return time.monotonic() - started


if __name__ == "__main__":
    main()
