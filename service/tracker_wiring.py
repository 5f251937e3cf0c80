"""From settings to the tracker on its sockets, in whatever process it runs."""

import logging
import socket
from dataclasses import dataclass, replace

from relay.listener import parse_host_port
from service.listening import bind_tcp
from service.settings import Settings
from service.wiring import Live, build_handshakes, build_tracker, networks
from tracker.app import Challenges
from tracker.server import TrackerServer
from tracker.tls import Certificates

log = logging.getLogger("waypost.service")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerSockets:
    """Bound, and listening already: who comes before anybody accepts waits in the kernel."""

    plain: tuple[socket.socket, ...]
    secure: tuple[socket.socket, ...]

    def close(self) -> None:
        """Close them in this process."""
        for sock in (*self.plain, *self.secure):
            sock.close()

    def tell(self) -> None:
        """Log where they are."""
        for sock in self.plain:
            log.info("tracker listening on %s:%d", *sock.getsockname()[:2])
        for sock in self.secure:
            log.info("tracker listening for TLS on %s:%d", *sock.getsockname()[:2])


def bind_tracker(settings: Settings) -> TrackerSockets:
    """Raises StartError."""
    return TrackerSockets(
        plain=tuple(_bind(address, "tracker.listen") for address in settings.tracker.listen),
        secure=tuple(_bind(address, "tls.listen") for address in settings.tls.listen),
    )


def _bind(address: str, setting: str) -> socket.socket:
    return bind_tcp(*parse_host_port(address), setting=setting)


def build_server(
    settings: Settings,
    live: Live,
    sockets: TrackerSockets,
    certificates: Certificates | None,
    challenges: Challenges | None,
) -> TrackerServer:
    """Return the tracker, not started; the sockets belong to it."""
    section = settings.tracker
    return TrackerServer(
        build_tracker(settings, live, challenges),
        sockets.plain,
        tls_sockets=sockets.secure,
        handshakes=build_handshakes(settings.tls, live, certificates),
        proxies=networks(section.proxy_peers),
        max_connections=section.max_connections,
        stop_seconds=section.stop_seconds,
        refused=live.tracker_metrics().turned_away,
    )


def tracker_share(settings: Settings, count: int) -> Settings:
    """Return what each of `count` workers gets of what is limited for all of them together."""
    most = max(1, settings.tracker.max_connections // count)
    return replace(settings, tracker=replace(settings.tracker, max_connections=most))
