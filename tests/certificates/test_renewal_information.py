from dataclasses import replace
from datetime import timedelta

import pytest
import trustme

from certificates.renewal_information import certificate_id, read_advice
from certificates.rules import ASK_AGAIN
from tests.certificates.builders import CERTIFICATE, DAY, HOUR, MINUTE, NOW

WINDOW = {"start": "2026-04-01T00:00:00Z", "end": "2026-04-02T00:00:00Z"}

# RFC 9773, appendix A.
EXAMPLE = """-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----
"""


def test_the_identifier_of_the_standards_example() -> None:
    assert certificate_id(replace(CERTIFICATE, chain=EXAMPLE)) == "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"


def test_a_certificate_that_names_no_issuing_key_has_no_identifier() -> None:
    root = trustme.CA().cert_pem.bytes().decode()
    assert certificate_id(replace(CERTIFICATE, chain=root)) is None


@pytest.mark.parametrize(
    ("wish", "wait"),
    [
        (None, ASK_AGAIN),
        (NOW + HOUR, HOUR),
        (NOW - HOUR, MINUTE),
        (NOW + timedelta(seconds=1), MINUTE),
        (NOW + 30 * DAY, DAY),
    ],
)
def test_when_to_ask_again_stays_within_bounds(wish: None, wait: timedelta) -> None:
    advice = read_advice({"suggestedWindow": WINDOW}, asked=NOW, again=wish)
    assert advice.ask_again_at == NOW + wait
    assert advice.end - advice.start == DAY


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"suggestedWindow": None},
        {"suggestedWindow": {"start": WINDOW["start"]}},
        {"suggestedWindow": WINDOW | {"end": 5}},
        {"suggestedWindow": WINDOW | {"end": "tomorrow"}},
        {"suggestedWindow": WINDOW | {"end": "2026-04-02T00:00:00"}},
    ],
)
def test_what_cannot_be_read_is_an_error(document: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"renewal information|isoformat"):
        read_advice(document, asked=NOW, again=None)
