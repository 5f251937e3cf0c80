"""A DKIM signature that the policy respects still verifies behind the relay: by dkimpy, not by our code."""

import base64
from collections.abc import Iterator
from typing import NamedTuple

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.relaying import Relaying, relaying
from tests.signed_mail import BODIES, HEADER, each_body, entity

CANONICAL = [(head, body) for head in (b"relaxed", b"simple") for body in (b"relaxed", b"simple")]
TRACKED = b'href="http://localhost:'


class Key(NamedTuple):
    """A signing key as dkimpy takes it, and the TXT record of its public half (RFC 6376, RFC 8463)."""

    algorithm: bytes
    private: bytes
    record: bytes


def rsa_key() -> Key:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Key(b"rsa-sha256", private, b"v=DKIM1; k=rsa; p=" + base64.b64encode(public))


def ed25519_key() -> Key:
    key = Ed25519PrivateKey.generate()
    private, public = key.private_bytes_raw(), key.public_key().public_bytes_raw()
    record = b"v=DKIM1; k=ed25519; p=" + base64.b64encode(public)
    return Key(b"ed25519-sha256", base64.b64encode(private), record)


@pytest.fixture(scope="module", params=[rsa_key, ed25519_key], ids=["rsa", "ed25519"])
def key(request: pytest.FixtureRequest) -> Key:
    made: Key = request.param()
    return made


@pytest.fixture(scope="module")
def respecting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relaying]:
    with relaying(tmp_path_factory.mktemp("waypost"), "text = true") as started:
        yield started


@pytest.fixture(scope="module")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relaying]:
    folder = tmp_path_factory.mktemp("waypost")
    with relaying(folder, 'text = true\nsigned_mail = "track"') as started:
        yield started


def signed(message: bytes, key: Key, canonical: tuple[bytes, bytes]) -> bytes:
    signature: bytes = dkim.sign(
        message,
        b"selector",
        b"sender.example",
        key.private,
        canonicalize=canonical,
        signature_algorithm=key.algorithm,
    )
    return signature + message


def verifies(message: bytes, key: Key) -> bool:
    def dns(name: bytes, timeout: float = 5) -> bytes:
        assert name == b"selector._domainkey.sender.example."
        return key.record

    valid: bool = dkim.verify(message, dnsfunc=dns)
    return valid


@each_body
@pytest.mark.parametrize("canonical", CANONICAL, ids=lambda names: b"-".join(names).decode())
def test_14_a_signed_message_still_verifies(
    respecting: Relaying, key: Key, canonical: tuple[bytes, bytes], body: bytes
) -> None:
    message = signed(HEADER + entity(body), key, canonical)
    received = respecting.send(message)
    assert verifies(received, key)
    assert "dkim-signed" in respecting.reasons()


@pytest.mark.parametrize("canonical", CANONICAL, ids=lambda names: b"-".join(names).decode())
def test_a_signature_that_is_not_respected_breaks(
    tracking: Relaying, key: Key, canonical: tuple[bytes, bytes]
) -> None:
    message = signed(HEADER + entity(BODIES["a link"]), key, canonical)
    received = tracking.send(message)
    assert TRACKED in received
    assert verifies(message, key)
    assert not verifies(received, key)


def test_the_same_message_without_a_signature_is_tracked(respecting: Relaying) -> None:
    assert TRACKED in respecting.send(HEADER + entity(BODIES["a link"]))
