"""Settings that load, and that hardly anybody means."""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from domains.model import Scheme
from relay.listener import parse_host_port
from service.checkup.finding import Finding, fail, ok, warn
from service.settings import Settings, TlsMode, TrackerSection


def look_at_settings(settings: Settings, _: int) -> Iterator[Finding]:
    """Unknown keys and values that cannot be right are refused before it comes to this."""
    yield ok("settings", str(settings.source or "defaults and environment"))
    yield from _networks(settings.relay.networks)
    yield from _open(
        "monitoring.listen",
        settings.monitoring.listen,
        "may be open to the world",
        "listen on 127.0.0.1 or a private address",
    )
    yield from _open(
        "web.listen",
        settings.web.listen,
        "may be open to the world, and passwords and keys are read on the way",
        "listen on 127.0.0.1 behind a proxy that speaks TLS",
    )
    yield from _schemes(settings)
    yield from _believed(settings)
    yield from _fronts(settings.tracker, settings.tls.mode)
    if settings.domains.allow_private_addresses:
        yield warn(
            "settings",
            "checks may connect to private addresses that a tenant's DNS names",
            "set domains.allow_private_addresses = false where tenants are not your own people",
        )


def _networks(networks: tuple[str, ...]) -> Iterator[Finding]:
    for network in map(ip_network, networks):
        if not network.prefixlen:
            yield fail(
                "settings",
                f"relay.networks holds {network}: everybody may relay, and spammers will",
                "name the networks of your own clients, or have them log in",
            )


def _open(setting: str, listen: str, what: str, remedy: str) -> Iterator[Finding]:
    host = parse_host_port(listen)[0] if listen else ""
    try:
        address = ip_address(host)
    except ValueError:
        return
    if address.is_unspecified or address.is_global:
        yield warn("settings", f"{setting} = {listen} {what}", remedy)


def _schemes(settings: Settings) -> Iterator[Finding]:
    base = settings.tracking.default_domain
    if settings.tracking.scheme is Scheme.HTTPS and base.startswith("http:"):
        yield warn(
            "settings",
            f"tracking.scheme is https, and default_domain is {base}",
            'write it as https:// where the proxy in front serves it too; else set tracking.scheme = "http"',
        )


def _believed(settings: Settings) -> Iterator[Finding]:
    """X-Forwarded-For and the PROXY header are claims: whose are believed decides who clicked or guessed."""
    listed = {
        "tracker.trusted_proxies": settings.tracker.trusted_proxies,
        "tracker.proxy_peers": settings.tracker.proxy_peers,
        "web.trusted_proxies": settings.web.trusted_proxies,
    }
    for name, networks in listed.items():
        for network in map(ip_network, networks):
            if not network.prefixlen:
                yield fail(
                    "settings",
                    f"{name} holds {network}: every client may say that it is somebody else",
                    "name the addresses of your own proxies",
                )


def _fronts(tracker: TrackerSection, mode: TlsMode) -> Iterator[Finding]:
    if mode is TlsMode.EXTERNAL and not tracker.trusted_proxies and not tracker.proxy_peers:
        yield warn(
            "settings",
            "tls.mode is external, and no proxy is believed: every click counts as the proxy's own",
            "name the proxy's address in tracker.trusted_proxies, or in tracker.proxy_peers where it sends a "
            "PROXY header",
        )
