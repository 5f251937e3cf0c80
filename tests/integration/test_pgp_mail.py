"""OpenPGP made by gpg, through the relay: gpg still verifies it, and decrypts it to the same part."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.real_mail import normalised
from tests.relaying import Relaying, relaying
from tests.signed_mail import BODIES, HEADER, LINK, each_body, entity, needs, output, run

PERSON = "news@sender.example"
SIGNED = (
    b'Content-Type: multipart/signed; boundary="=b"; micalg=pgp-sha512;\r\n'
    b'\tprotocol="application/pgp-signature"\r\n\r\n'
)
SIGNATURE = b"Content-Type: application/pgp-signature; name=signature.asc\r\n\r\n"
ENCRYPTED = (
    b'Content-Type: multipart/encrypted; boundary="=b"; protocol="application/pgp-encrypted"\r\n\r\n'
    b"--=b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n"
    b"--=b\r\nContent-Type: application/octet-stream\r\n\r\n"
)
KINDS = (b"text/plain", b"text/html")
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.decode())


class Gpg(NamedTuple):
    """The program, and a home of its own with one key pair."""

    program: str
    home: Path

    def __call__(self, *arguments: str, given: bytes = b"") -> bytes:
        """Run it, and return what it printed."""
        return output(self.home, *self._command(arguments), given=given)

    def accepts(self, *arguments: str, given: bytes = b"") -> bool:
        """Tell whether it is content."""
        return run(self.home, *self._command(arguments), given=given).returncode == 0

    def _command(self, arguments: tuple[str, ...]) -> tuple[str, ...]:
        options = ("--homedir", str(self.home), "--batch", "--pinentry-mode", "loopback", "--passphrase", "")
        return (self.program, *options, "--trust-model", "always", *arguments)


@pytest.fixture(scope="module")
def gpg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gpg]:
    program, conf = needs("gpg"), needs("gpgconf")
    home = tmp_path_factory.mktemp("gpg")
    home.chmod(0o700)
    made = Gpg(program, home)
    made("--quick-gen-key", PERSON, "future-default", "default", "never")
    yield made
    run(home, conf, "--homedir", str(home), "--kill", "all")


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relaying]:
    with relaying(tmp_path_factory.mktemp("waypost"), "text = true") as started:
        yield started


def signed(gpg: Gpg, part: bytes) -> bytes:
    """Return a PGP/MIME message: RFC 3156 section 5, the part without the line ending before its boundary."""
    signature = normalised(gpg("--armor", "--detach-sign", given=part))
    return HEADER + SIGNED + b"--=b\r\n" + part + b"\r\n--=b\r\n" + SIGNATURE + signature + b"\r\n--=b--\r\n"


def verifies(gpg: Gpg, message: bytes) -> bool:
    """Take the message apart by its boundary alone, and ask gpg."""
    _, part, signature, _ = message.split(b"--=b")
    (gpg.home / "part").write_bytes(part.removeprefix(b"\r\n").removesuffix(b"\r\n"))
    (gpg.home / "signature").write_bytes(signature.partition(b"\r\n\r\n")[2])
    return gpg.accepts("--verify", "signature", "part")


@each_body
def test_14_a_signed_part_still_verifies(relay: Relaying, gpg: Gpg, body: bytes) -> None:
    assert verifies(gpg, relay.send(signed(gpg, entity(body))))


@each_body
def test_14_an_encrypted_part_can_be_decrypted(relay: Relaying, gpg: Gpg, body: bytes) -> None:
    armor = normalised(gpg("--armor", "--sign", "--encrypt", "-r", PERSON, given=entity(body)))
    received = relay.send(HEADER + ENCRYPTED + armor + b"\r\n--=b--\r\n")
    kept = received.partition(b"octet-stream\r\n\r\n")[2].partition(b"\r\n--=b--")[0]
    assert gpg("--decrypt", given=kept) == entity(body)


@each_kind
@each_body
def test_14_an_inline_signature_still_verifies(relay: Relaying, gpg: Gpg, kind: bytes, body: bytes) -> None:
    clear = normalised(gpg("--clearsign", given=body))
    received = relay.send(HEADER + entity(clear, kind))
    assert gpg.accepts("--verify", given=received.partition(b"\r\n\r\n")[2])
    assert "inline-pgp" in relay.reasons()


@each_kind
def test_14_inline_encryption_can_be_decrypted(relay: Relaying, gpg: Gpg, kind: bytes) -> None:
    armor = normalised(gpg("--armor", "--encrypt", "-r", PERSON, given=LINK))
    received = relay.send(HEADER + entity(b"See https://shop.example/ first:\r\n" + armor, kind))
    assert gpg("--decrypt", given=received.partition(b"\r\n\r\n")[2]) == LINK
    assert "inline-pgp" in relay.reasons()


def test_a_change_is_seen(gpg: Gpg) -> None:
    message = signed(gpg, entity(BODIES["a link"]))
    assert verifies(gpg, message)
    assert not verifies(gpg, message.replace(b"https://shop.example/offer", b"http://t.ex/c/x"))


@each_kind
def test_the_same_part_without_a_signature_is_tracked(relay: Relaying, kind: bytes) -> None:
    assert b"http://localhost:" in relay.send(HEADER + entity(LINK, kind))
