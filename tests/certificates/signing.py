"""Certificates that last ninety days, whenever the test takes place."""

from datetime import datetime

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from certificates.acme_account import new_private_key
from certificates.model import Issued
from tests.certificates.builders import DAY

ROOT = trustme.CA()
SERIAL = 0x80AB  # its first bit is set


def sign(key: CertificatePublicKeyTypes, names: x509.SubjectAlternativeName, now: datetime) -> str:
    """Return a chain for the key."""
    root = x509.load_pem_x509_certificate(ROOT.cert_pem.bytes())
    root_key = load_pem_private_key(ROOT.private_key_pem.bytes(), None)
    assert isinstance(root_key, ec.EllipticCurvePrivateKey)
    builder = (
        x509.CertificateBuilder(root.subject, x509.Name([]), key)
        .serial_number(SERIAL)
        .not_valid_before(now)
        .not_valid_after(now + 90 * DAY)
        .add_extension(names, critical=True)
        .add_extension(x509.AuthorityKeyIdentifier(b"\x01\xff", None, None), critical=False)
    )
    leaf = builder.sign(root_key, SHA256())
    return leaf.public_bytes(Encoding.PEM).decode() + ROOT.cert_pem.bytes().decode()


def issued(host: str, now: datetime) -> Issued:
    """Return a certificate for a host, with a key of its own."""
    key = new_private_key()
    public = load_pem_private_key(key, None).public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    return Issued(chain=sign(public, x509.SubjectAlternativeName([x509.DNSName(host)]), now), key=key)
