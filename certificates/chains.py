"""Reading what an authority issued."""

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from certificates.errors import InvalidChain
from certificates.model import Certificate, Issued


def read_chain(host: str, issued: Issued, *, authority: str, sealed_key: bytes) -> Certificate:
    """Return what was issued with what its first certificate says. Raises `InvalidChain`.

    A certificate for another name or key would make every handshake fail, and nobody here would see it.
    """
    try:
        leaf = x509.load_pem_x509_certificates(issued.chain.encode())[0]
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        key = load_pem_private_key(issued.key, None)
    except (ValueError, TypeError, x509.ExtensionNotFound):
        raise InvalidChain(f"what was issued for {host} is no certificate that can be read") from None
    if host not in names.get_values_for_type(x509.DNSName):
        raise InvalidChain(f"the certificate that was issued for {host} does not name it")
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if leaf.public_key().public_bytes(*form) != key.public_key().public_bytes(*form):
        raise InvalidChain(f"the certificate that was issued for {host} is for another key")
    return Certificate(
        authority=authority,
        chain=issued.chain,
        sealed_key=sealed_key,
        issuer=_issuer(leaf),
        serial=_serial(leaf.serial_number),
        fingerprint=leaf.fingerprint(SHA256()).hex(),
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
    )


def _issuer(leaf: x509.Certificate) -> str:
    """Return who issued it as people know it: organisation and common name, such as `Let's Encrypt E7`."""
    parts = (
        str(attribute.value)
        for kind in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
        for attribute in leaf.issuer.get_attributes_for_oid(kind)
    )
    return " ".join(parts) or leaf.issuer.rfc4514_string()


def _serial(number: int) -> str:
    digits = f"{number:x}"
    return digits.zfill(len(digits) + len(digits) % 2)
