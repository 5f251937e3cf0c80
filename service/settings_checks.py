"""Values that have the right type and cannot be right all the same: told at load, with the place."""

import ipaddress
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from urllib.parse import SplitResult, urlsplit

from accounts.privacy import FOR_EVER, MOST_DAYS
from domains.default_host import check_default_base
from domains.errors import InvalidName
from domains.names import host_name
from relay.listener import Listener, parse_host_port, parse_listener
from service.errors import OperatorError
from service.settings import (
    DatabaseSection,
    DomainsSection,
    PrivacySection,
    RelaySection,
    Settings,
    TlsMode,
    TlsSection,
    WebhooksSection,
)
from service.upstream_checks import check_upstreams

MAX_PORT = 65_535
AT_LEAST_ONE = (
    *("max_connections", "max_connections_per_address", "max_message_size", "max_bytes_in_flight"),
    *("max_recipients", "session_seconds"),
)

MOST_WORKERS = 256  # each holds all domains, and takes a second of CPU to start

MOST_DNS_SECONDS = 60
MOST_CHECKS = 256  # each has a thread, and some sockets
MOST_DELIVERIES = 256  # the same

DIRECTORIES = {
    "letsencrypt": "https://acme-v02.api.letsencrypt.org/directory",
    "letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}
"""What the setting may say instead of a URL."""


class SettingsError(OperatorError):
    """The settings cannot be used; the message is one line that says where and why."""


def check_values(settings: Settings, origin: str) -> None:
    """Raise SettingsError for the first value that cannot be used."""
    relay, tracker = settings.relay, settings.tracker
    _each(f"{origin}: relay.listen", relay.listen, _listener(relay))
    _each(f"{origin}: tracker.listen", tracker.listen, parse_host_port)
    _each(f"{origin}: web.listen", filter(None, [settings.web.listen]), parse_host_port)
    _each(f"{origin}: web.trusted_proxies", settings.web.trusted_proxies, _network)
    _each(f"{origin}: monitoring.listen", filter(None, [settings.monitoring.listen]), parse_host_port)
    _each(f"{origin}: relay.networks", relay.networks, _network)
    _each(f"{origin}: relay.proxy_peers", relay.proxy_peers, _network)
    _each(f"{origin}: tracker.proxy_peers", tracker.proxy_peers, _network)
    _check_tls(settings.tls, f"{origin}: tls")
    _each(f"{origin}: tracker.trusted_proxies", tracker.trusted_proxies, _network)
    _each(f"{origin}: tracking.default_domain", filter(None, [settings.tracking.default_domain]), _base_url)
    _check_domains(settings.domains, f"{origin}: domains")
    _check_webhooks(settings.webhooks, f"{origin}: webhooks")
    _check_database(settings.database, f"{origin}: database")
    _check_privacy(settings.privacy, f"{origin}: privacy")
    if (relay.tls_certificate is None) != (relay.tls_key is None):
        raise SettingsError(f"{origin}: relay: tls_certificate and tls_key need each other")
    for name in AT_LEAST_ONE:
        if getattr(relay, name) < 1:
            raise SettingsError(f"{origin}: relay.{name}: must be at least 1")
    if tracker.max_connections < 1:
        raise SettingsError(f"{origin}: tracker.max_connections: must be at least 1")
    for name, workers in {"relay": relay.workers, "tracker": tracker.workers}.items():
        if workers > MOST_WORKERS:
            raise SettingsError(f"{origin}: {name}.workers: must be at most {MOST_WORKERS}; 0 is one a core")
    try:
        check_upstreams(settings)
    except ValueError as error:
        raise SettingsError(f"{origin}: {error}") from None


def _check_tls(section: TlsSection, place: str) -> None:
    _each(f"{place}.listen", section.listen, parse_host_port)
    if (section.certificate is None) != (section.key is None):
        raise SettingsError(f"{place}: certificate and key need each other")
    if section.listen and section.certificate is None and section.mode is not TlsMode.ACME:
        raise SettingsError(f'{place}.listen: needs tls.certificate and tls.key, or tls.mode = "acme"')
    if section.handshake_wait_seconds <= 0:
        raise SettingsError(f"{place}.handshake_wait_seconds: must be more than 0")
    _each(f"{place}.directory", [section.directory], directory_url)
    _each(f"{place}.contact", section.contact, _mail_address)
    if section.orders_per_hour < 1:
        raise SettingsError(f"{place}.orders_per_hour: must be at least 1")
    if section.mode is TlsMode.ACME:
        _check_acme(section, place)


def _check_acme(section: TlsSection, place: str) -> None:
    if not section.listen:
        raise SettingsError(
            f'{place}.listen: mode = "acme" serves HTTPS itself; name a port, such as 0.0.0.0:443'
        )
    if not section.terms_agreed:
        raise SettingsError(
            f"{place}.terms_agreed: read the terms of the certificate authority, then set it to true"
        )


def directory_url(text: str) -> str:
    """Return the URL of the ACME directory that the setting names. Raises ValueError."""
    url = DIRECTORIES.get(text, text)
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError(
            f"{text!r} must be {', '.join(DIRECTORIES)}, or the https:// URL of an ACME directory"
        )
    return url


def _mail_address(text: str) -> None:
    if re.fullmatch(r"[!-?A-~]+@[!-?A-~]+", text) is None or text.startswith("mailto:"):
        raise ValueError(f"{text!r} is no mail address, such as ops@example.com")


def _each(place: str, values: Iterable[str], parse: Callable[[str], Any]) -> None:
    for value in values:
        try:
            parse(value)
        except (ValueError, InvalidName) as error:
            raise SettingsError(f"{place}: {error}") from None


def listeners(relay: RelaySection) -> tuple[Listener, ...]:
    """Return where the relay listens. Raises ValueError."""
    return tuple(_listener(relay)(text) for text in relay.listen)


def _listener(relay: RelaySection) -> Callable[[str], Listener]:
    return partial(parse_listener, certificate=relay.tls_certificate is not None)


def _network(text: str) -> None:
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError(f"{error}; write it as 192.0.2.0/24") from None


def _base_url(text: str) -> None:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError(
            f"{text!r} must be http://HOST or https://HOST, with a port where it is not the usual one"
        )
    if parts.path or parts.query or parts.fragment:
        raise ValueError(f"{text!r} must end after the host, without a slash")
    _ = parts.port
    check_default_base(text)


def _names_a_database(parts: SplitResult) -> bool:
    """What follows an unescaped @, / or # of a password would be taken for the host, and shown in errors."""
    try:
        parsed = parts.port != 0
    except ValueError:
        return False
    return (
        parsed
        and parts.netloc.count("@") <= 1
        and re.fullmatch("/[^/@]+", parts.path) is not None
        and not parts.fragment
    )


def _check_domains(section: DomainsSection, place: str) -> None:
    _each(f"{place}.cname_targets", section.cname_targets, host_name)
    _each(f"{place}.nameservers", section.nameservers, ipaddress.ip_address)
    _each(f"{place}.certificate_authority", filter(None, [section.certificate_authority]), host_name)
    if not 0 < section.dns_seconds <= MOST_DNS_SECONDS:
        raise SettingsError(f"{place}.dns_seconds: must be more than 0 and at most {MOST_DNS_SECONDS}")
    if not 1 <= section.concurrent_checks <= MOST_CHECKS:
        raise SettingsError(f"{place}.concurrent_checks: must be from 1 to {MOST_CHECKS}")
    _check_probes(section, place)


def _check_probes(section: DomainsSection, place: str) -> None:
    ports = {"probe_http_port": section.probe_http_port, "probe_https_port": section.probe_https_port}
    for name, port in ports.items():
        if not 0 <= port <= MAX_PORT:
            raise SettingsError(f"{place}.{name}: {port} is no port; give 1 to {MAX_PORT}, or 0 for no probe")
    if section.require_probe and not any(ports.values()):
        raise SettingsError(f"{place}.require_probe: set probe_http_port or probe_https_port too")


def _check_webhooks(section: WebhooksSection, place: str) -> None:
    _each(f"{place}.allow_private", section.allow_private, _network)
    if not 1 <= section.concurrent_deliveries <= MOST_DELIVERIES:
        raise SettingsError(f"{place}.concurrent_deliveries: must be from 1 to {MOST_DELIVERIES}")
    if section.keep_days < 1:
        raise SettingsError(f"{place}.keep_days: must be at least 1, the day that a delivery is tried for")


def _check_privacy(section: PrivacySection, place: str) -> None:
    for name in ("message_days", "event_days"):
        if getattr(section, name) > MOST_DAYS:
            raise SettingsError(f"{place}.{name}: must be at most {MOST_DAYS}; 0 is for ever")
    if section.event_days != FOR_EVER and not 0 < section.message_days <= section.event_days:
        raise SettingsError(
            f"{place}.message_days: must be from 1 to privacy.event_days, with which all of a message goes"
        )


def _check_database(section: DatabaseSection, place: str) -> None:
    """Never quote the URL: it may hold a password."""
    if section.url.startswith("sqlite:///") and not section.url.endswith(":memory:"):
        return
    parts = urlsplit(section.url)
    if parts.scheme != "postgresql" or not _names_a_database(parts):
        raise SettingsError(
            f"{place}.url: must be sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME, "
            "with %23 for # in a password, %2F for / and so on"
        )
    if parts.password is not None and section.password_file is not None:
        raise SettingsError(f"{place}: give a password in the URL or password_file, not both")
