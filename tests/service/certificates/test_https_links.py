"""What the settings mean for the scheme of links before HTTPS was seen."""

import pytest

from domains.model import Scheme
from service.certificates.https_links import before_https
from service.settings import Settings, TlsMode, TlsSection, TrackingSection


@pytest.mark.parametrize(
    ("mode", "scheme", "expected"),
    [
        (TlsMode.OFF, Scheme.HTTP, Scheme.HTTP),
        (TlsMode.OFF, Scheme.HTTPS, Scheme.HTTPS),
        (TlsMode.ACME, Scheme.HTTP, None),
        (TlsMode.ACME, Scheme.HTTPS, None),
        (TlsMode.EXTERNAL, Scheme.HTTP, None),
        (TlsMode.EXTERNAL, Scheme.HTTPS, Scheme.HTTPS),
    ],
)
def test_the_scheme_before_https_was_seen(mode: TlsMode, scheme: Scheme, expected: Scheme | None) -> None:
    settings = Settings(tls=TlsSection(mode=mode), tracking=TrackingSection(scheme=scheme))
    assert before_https(settings) is expected


def test_an_authority_to_try_out_changes_nothing() -> None:
    staging = TlsSection(mode=TlsMode.ACME, directory="letsencrypt-staging")
    assert before_https(Settings(tls=staging)) is Scheme.HTTP
