from datetime import UTC

import pytest
import trustme

from certificates.acme_account import new_private_key
from certificates.chains import read_chain
from certificates.errors import InvalidChain
from certificates.model import Certificate, Issued
from tests.certificates.builders import DIRECTORY, HOST, OTHER

AUTHORITY = trustme.CA(organization_name="Test Authority")
HELD = AUTHORITY.issue_cert(HOST, OTHER)
CHAIN = "".join(pem.bytes().decode() for pem in [*HELD.cert_chain_pems, AUTHORITY.cert_pem])
ISSUED = Issued(chain=CHAIN, key=HELD.private_key_pem.bytes())


def read(host: str, issued: Issued) -> Certificate:
    return read_chain(host, issued, authority=DIRECTORY, sealed_key=b"sealed")


@pytest.mark.parametrize("host", [HOST, OTHER])
def test_what_the_first_certificate_says_is_read(host: str) -> None:
    certificate = read(host, ISSUED)
    assert certificate.chain == CHAIN
    assert certificate.sealed_key == b"sealed"
    assert certificate.authority == DIRECTORY
    assert certificate.issuer.startswith("Test Authority")
    assert len(certificate.fingerprint) == 64
    assert len(certificate.serial) % 2 == 0
    assert certificate.not_before < certificate.not_after
    assert certificate.not_after.tzinfo is UTC


@pytest.mark.parametrize(
    ("host", "issued", "reason"),
    [
        ("else.example.com", ISSUED, "does not name it"),
        (HOST, Issued(chain=CHAIN, key=new_private_key()), "for another key"),
        (HOST, Issued(chain="", key=ISSUED.key), "no certificate"),
        (HOST, Issued(chain="<html>", key=ISSUED.key), "no certificate"),
        (HOST, Issued(chain=CHAIN, key=b"no key"), "no certificate"),
    ],
)
def test_what_cannot_be_served_is_refused(host: str, issued: Issued, reason: str) -> None:
    with pytest.raises(InvalidChain, match=reason):
        read(host, issued)


def test_no_key_is_ever_shown() -> None:
    assert "key" not in repr(ISSUED)
    assert "sealed" not in repr(read(HOST, ISSUED))
