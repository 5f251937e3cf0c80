"""The ports of relay and tracker: whether Waypost answers there, or another program has taken them."""

import secrets
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Final

from connections.addresses import is_among
from domains.dns_answer import DnsAnswer, DnsStatus
from domains.evidence import Evidence, ProbeAnswer, Reached
from domains.model import Scheme
from domains.probing.probe import Probe
from relay.listener import Listener, Tls, parse_host_port
from service.checkup.finding import Finding, fail, ok, warn
from service.checkup.own_host import as_tracking_domain
from service.domain_checks.check import web_client
from service.errors import OperatorError
from service.key_file import load_key_ring
from service.settings import Settings
from service.settings_checks import listeners

PATIENCE_SECONDS: Final = 5
GREETING: Final = b"Waypost"
START: Final = "start `waypost serve`"


def look_at_ports(settings: Settings, _: int) -> Iterator[Finding]:
    """Connect to each."""
    for listener in listeners(settings.relay):
        yield _relay(listener, greets=not settings.relay.proxy_peers)
    for address in settings.tracker.listen:
        yield from _tracker(address, settings)


def _relay(listener: Listener, *, greets: bool) -> Finding:
    shown = str(listener)
    try:
        with _connected(listener.path or (listener.host, listener.port)) as connection:
            greeting = connection.recv(512) if greets and listener.tls is not Tls.IMPLICIT else GREETING
    except TimeoutError:
        return warn(
            "relay", f"{shown} takes connections and says nothing", "look at the log of `waypost serve`"
        )
    except OSError:
        return warn("relay", f"nothing answers at {shown}", START)
    if GREETING in greeting:
        return ok("relay", f"{shown} answers")
    return _held("relay", shown, greeting.decode("ascii", "replace").strip(), "relay.listen")


def _tracker(address: str, settings: Settings) -> Iterator[Finding]:
    host, port = parse_host_port(address)
    try:
        with _connected((host, port)) as connection:
            reached_at = str(connection.getpeername()[0])
            coming_from = str(connection.getsockname()[0])
        if is_among(coming_from, tuple(map(ip_network, settings.tracker.proxy_peers))):
            yield ok("tracker", f"{address} takes connections, and wants a PROXY header from {coming_from}")
            return
        answer = _probe(reached_at, port, settings)
    except OSError:
        yield warn("tracker", f"nothing answers at {address}", START)
    except OperatorError:
        return  # the finding about the keys has said it
    else:
        yield _answered(address, answer)


def _answered(address: str, answer: ProbeAnswer) -> Finding:
    if answer.reached is Reached.OURS:
        return ok("tracker", f"{address} answers")
    if answer.reached is Reached.OTHER:
        return _held("tracker", address, answer.server or answer.detail, "tracker.listen")
    return warn("tracker", f"{address} takes connections and does not answer: {answer.detail}", START)


def _probe(ip_address: str, port: int, settings: Settings) -> ProbeAnswer:
    ring = load_key_ring(settings.keys)
    client = replace(web_client(settings.domains), http_port=port, allow_private=True)
    probe = Probe(client=client, ring=lambda: ring, random_bytes=secrets.token_bytes)
    dns = DnsAnswer(host="localhost", status=DnsStatus.ADDRESS_ONLY, addresses=(ip_address,))
    seen = Evidence(at=datetime.now(UTC), dns=dns)
    return probe.ask(Scheme.HTTP, as_tracking_domain("localhost"), seen)[0]


def _held(subject: str, shown: str, said: str, setting: str) -> Finding:
    message = f"another program holds {shown}: {said!r}" if said else f"another program holds {shown}"
    return fail(subject, message, f"end that program, or set {setting} to another port")


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
