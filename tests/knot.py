"""A real Knot DNS of the test's own: an authoritative server in a folder of its own.

    with Knot("127.0.0.2", port, {"customer.test": "track CNAME links.waypost.test."}) as knot:
        knot.add("customer.test", "other CNAME links.waypost.test.")

Each zone has its SOA, and `ns` at this server's address as its only name server.
"""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import dns.exception
import dns.message
import dns.query
import pytest

PATIENCE = 60.0
NEGATIVE_TTL = 6  # seconds that a recursor remembers that a record is missing

_SETTINGS = """
server:
    rundir: "{folder}"
    listen: {address}@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "{folder}"
log:
  - target: stderr
    any: warning
template:
  - id: default
    storage: "{folder}"
    file: "%s.zone"
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
zone:
"""

_ZONE = """
$ORIGIN {zone}.
$TTL 60
@ SOA ns hostmaster 1 3600 600 86400 {negative_ttl}
@ NS ns
ns A {address}
{records}
"""


def require(program: str) -> str:
    """Return where the program is; skip the test where it is not."""
    found = shutil.which(program, path="/usr/bin:/usr/sbin:/usr/local/bin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


def wait_until_it_answers(address: str, port: int, name: str, process: subprocess.Popen[bytes]) -> None:
    """Wait for any answer; fail where there never is one."""
    query = dns.message.make_query(name, "SOA")
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            dns.query.udp(query, address, timeout=0.2, port=port)
        except (OSError, dns.exception.DNSException):
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"no DNS server answers at {address} port {port}")


class Knot:
    """Started and stopped by `with`. `zones` maps names to records as a zone file has them."""

    def __init__(self, address: str, port: int, zones: Mapping[str, str]) -> None:
        self._program, self._control = require("knotd"), require("knotc")
        self.address, self.port = address, port
        self._zones = tuple(zones)
        self._folder = Path(tempfile.mkdtemp(prefix="knot-"))
        settings = _SETTINGS.format(folder=self._folder, address=address, port=port)
        self._file = self._folder / "knot.conf"
        self._file.write_text(settings + "".join(f"  - domain: {zone}\n" for zone in zones))
        for zone, records in zones.items():
            text = _ZONE.format(zone=zone, address=address, records=records, negative_ttl=NEGATIVE_TTL)
            (self._folder / f"{zone}.zone").write_text(text)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen([self._program, "-c", self._file], stderr=subprocess.DEVNULL)
        wait_until_it_answers(self.address, self.port, self._zones[0], self._process)
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
        shutil.rmtree(self._folder)

    def add(self, zone: str, record: str) -> None:
        """Add `OWNER TYPE VALUE`, the owner relative to the zone; it is served when this returns."""
        owner, kind, value = record.split(maxsplit=2)
        self._run("zone-begin", zone)
        self._run("zone-set", zone, owner, "60", kind, value)
        self._run("zone-commit", zone)

    def _run(self, *command: str) -> None:
        arguments = [self._control, "-b", "-c", str(self._file), *command]
        subprocess.run(arguments, check=True, capture_output=True, timeout=PATIENCE)
