"""Certificates: which verified domains have none and why, and which will run out."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from certificates.errors import StoreUnavailable
from certificates.model import State as CertificateState
from certificates.problems import in_plain_words
from domains.errors import StoreUnavailable as DomainsUnavailable
from domains.model import Https, State
from domains.names import display
from relay.listener import parse_host_port
from service.certificates.https_links import is_trial
from service.certificates.use_cases import HostStatus, open_certificate_views
from service.checkup.finding import Finding, fail, ok, warn
from service.checkup.naming import few
from service.errors import OperatorError
from service.settings import Settings, TlsMode

SUBJECT: Final = "certificates"
HTTP_PORT: Final = 80  # the only one at which authorities look [RFC 8555, section 8.3]
LATE: Final = 0.2  # of the lifetime is left: a renewal begins while a third is


def look_at_certificates(settings: Settings, now: int) -> Iterator[Finding]:
    """Look at those that are issued here."""
    if settings.tls.mode is not TlsMode.ACME:
        return
    yield from _settings(settings)
    try:
        with open_certificate_views(settings) as views:
            listed = [each for each in views.all() if _is_wanted(each)]
    except (OperatorError, StoreUnavailable, DomainsUnavailable):
        return  # the finding about the database has said it
    at = datetime.fromtimestamp(now / 1000, UTC)
    active = sum(each.state is CertificateState.ACTIVE for each in listed)
    if active:
        yield ok(SUBJECT, f"{active} of {len(listed)} verified domains have one")
    yield from few(finding for each in listed if (finding := _of_host(each, at)) is not None)


def _settings(settings: Settings) -> Iterator[Finding]:
    ports = {parse_host_port(address)[1] for address in settings.tracker.listen}
    if HTTP_PORT not in ports:
        message = f"the tracker does not listen on port {HTTP_PORT}, where the authority looks for its answer"
        remedy = "add 0.0.0.0:80 to tracker.listen, or let what has that port pass /.well-known/ on to it"
        yield warn(SUBJECT, message, remedy)
    if is_trial(settings.tls):
        message = "those of letsencrypt-staging are trusted by no browser: links stay as they were"
        yield warn(SUBJECT, message, 'set tls.directory = "letsencrypt" when it works')


def _is_wanted(status: HostStatus) -> bool:
    domain = status.domain
    return domain is not None and domain.state is State.VERIFIED and domain.https is not Https.OFF


def _of_host(status: HostStatus, now: datetime) -> Finding | None:
    certificate, problem, host = status.record.certificate, status.record.problem, display(status.host)
    why = f": {in_plain_words(problem.type)} ({problem.detail})" if problem else ""
    remedy = f"then run waypost tls issue {status.host}" if problem else f"waypost tls issue {status.host}"
    if status.state is not CertificateState.ACTIVE or certificate is None:
        level = fail if problem else warn
        return level(SUBJECT, f"{host} has none{why}", remedy)
    left: timedelta = certificate.not_after - now
    if left < LATE * (certificate.not_after - certificate.not_before):
        return warn(
            SUBJECT, f"that of {host} runs out on {certificate.not_after:%Y-%m-%d %H:%M}{why}", remedy
        )
    return warn(SUBJECT, f"that of {host} could not be renewed yet{why}", remedy) if problem else None
