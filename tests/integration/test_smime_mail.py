"""S/MIME made by openssl, through the relay: openssl still verifies it, and decrypts it to the same part."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.real_mail import normalised
from tests.relaying import Relaying, relaying
from tests.signed_mail import BODIES, HEADER, LINK, each_body, entity, needs, output, run

TOOLS = ("smime", "cms")
each_tool = pytest.mark.parametrize("tool", TOOLS)


class Openssl(NamedTuple):
    """The program, and a folder with `key.pem` and `cert.pem`."""

    program: str
    folder: Path

    def sign(self, tool: str, part: bytes, *options: str) -> bytes:
        """Return a signed message."""
        command = (tool, "-sign", "-signer", "cert.pem", "-inkey", "key.pem", *options)
        return self._message(output(self.folder, self.program, *command, given=part))

    def encrypt(self, tool: str, part: bytes) -> bytes:
        """Return an encrypted message."""
        return self._message(
            output(self.folder, self.program, tool, "-encrypt", "-aes-256-cbc", "cert.pem", given=part)
        )

    def verified(self, tool: str, message: bytes) -> bytes | None:
        """Return the part that was signed; None where the signature is not good."""
        done = run(self.folder, self.program, tool, "-verify", "-CAfile", "cert.pem", given=message)
        return done.stdout if done.returncode == 0 else None

    def decrypted(self, tool: str, message: bytes) -> bytes:
        """Return the part that was encrypted."""
        command = (tool, "-decrypt", "-recip", "cert.pem", "-inkey", "key.pem")
        return output(self.folder, self.program, *command, given=message)

    def _message(self, smime: bytes) -> bytes:
        return HEADER + normalised(smime).removeprefix(b"MIME-Version: 1.0\r\n")


@pytest.fixture(scope="module")
def openssl(tmp_path_factory: pytest.TempPathFactory) -> Openssl:
    made = Openssl(needs("openssl"), tmp_path_factory.mktemp("keys"))
    request = "req -x509 -newkey rsa:2048 -nodes -subj /CN=news -days 2 -keyout key.pem -out cert.pem"
    usage = ("-addext", "extendedKeyUsage=emailProtection")
    output(made.folder, made.program, *request.split(), *usage)
    return made


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relaying]:
    with relaying(tmp_path_factory.mktemp("waypost"), "text = true") as started:
        yield started


@each_tool
@each_body
def test_14_a_signed_part_still_verifies(relay: Relaying, openssl: Openssl, tool: str, body: bytes) -> None:
    received = relay.send(openssl.sign(tool, entity(body)))
    assert b"multipart/signed" in received
    assert openssl.verified(tool, received) == entity(body)
    assert "left_alone=" in relay.reasons()


@each_tool
@each_body
def test_14_an_enveloped_signature_still_verifies(
    relay: Relaying, openssl: Openssl, tool: str, body: bytes
) -> None:
    received = relay.send(openssl.sign(tool, entity(body), "-nodetach"))
    assert b"pkcs7-mime" in received
    assert openssl.verified(tool, received) == entity(body)


@each_tool
@each_body
def test_14_an_encrypted_part_can_be_decrypted(
    relay: Relaying, openssl: Openssl, tool: str, body: bytes
) -> None:
    received = relay.send(openssl.encrypt(tool, entity(body)))
    assert openssl.decrypted(tool, received) == entity(body)


@each_tool
def test_a_signed_part_whose_link_is_changed_does_not_verify(openssl: Openssl, tool: str) -> None:
    message = openssl.sign(tool, entity(BODIES["a link"]))
    assert openssl.verified(tool, message) == entity(BODIES["a link"])
    assert openssl.verified(tool, message.replace(b"https://shop.example/offer", b"http://t.ex/c/x")) is None


def test_the_same_part_without_a_signature_is_tracked(relay: Relaying) -> None:
    assert b'href="http://localhost:' in relay.send(HEADER + entity(LINK))
