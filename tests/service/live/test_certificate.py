import logging
import os
import ssl
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from service.errors import OperatorError
from service.live.certificate import LOOK_SECONDS, LiveCertificate, smtp_context


class Files:
    """A certificate and its key in a folder, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.certificate, self.key = folder / "cert.pem", folder / "key.pem"
        self.now = 0.0
        self.written = 0
        self.write(trustme.CA().issue_cert("relay.test"))

    def write(self, issued: trustme.LeafCert, key: bytes | None = None) -> None:
        self.written += 1
        self.certificate.write_bytes(issued.cert_chain_pems[0].bytes())
        self.key.write_bytes(key or issued.private_key_pem.bytes())
        for path in (self.certificate, self.key):
            os.utime(path, ns=(self.written, self.written))

    def live(self) -> LiveCertificate[ssl.SSLContext]:
        return LiveCertificate(
            self.certificate,
            self.key,
            setting="relay.tls_certificate",
            read=smtp_context,
            monotonic=lambda: self.now,
        )


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_a_renewed_certificate_is_used_some_seconds_later(files: Files) -> None:
    live = files.live()
    first = live.current()
    files.write(trustme.CA().issue_cert("relay.test"))
    assert live.current() is first
    files.now = LOOK_SECONDS
    assert live.current() is not first


def test_what_did_not_change_is_not_read_again(files: Files) -> None:
    live = files.live()
    first = live.current()
    files.now = LOOK_SECONDS
    assert live.current() is first


def test_a_bad_pair_changes_nothing_and_is_told_once(files: Files, caplog: pytest.LogCaptureFixture) -> None:
    live = files.live()
    first = live.current()
    authority = trustme.CA()
    files.write(
        authority.issue_cert("relay.test"), key=authority.issue_cert("x.test").private_key_pem.bytes()
    )
    for files.now in (LOOK_SECONDS, 2 * LOOK_SECONDS, 3 * LOOK_SECONDS):
        assert live.current() is first
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "KEY_VALUES_MISMATCH" in caplog.text.upper().replace(" ", "_")
    files.write(authority.issue_cert("relay.test"))
    files.now = 4 * LOOK_SECONDS
    assert live.current() is not first


def test_files_that_are_gone_change_nothing(files: Files, caplog: pytest.LogCaptureFixture) -> None:
    live = files.live()
    first = live.current()
    files.key.unlink()
    files.now = LOOK_SECONDS
    assert live.current() is first
    assert "cannot be read: No such file" in caplog.text


def test_it_speaks_tls_1_2_at_least(files: Files) -> None:
    assert files.live().current().minimum_version is ssl.TLSVersion.TLSv1_2


def test_no_certificate_is_asked_of_clients(files: Files) -> None:
    assert files.live().current().verify_mode is ssl.CERT_NONE


@pytest.mark.parametrize("content", [b"", b"no PEM at all"])
def test_without_a_pair_that_works_there_is_no_start(files: Files, content: bytes) -> None:
    files.certificate.write_bytes(content)
    with pytest.raises(OperatorError, match=r"relay\.tls_certificate: .*cert\.pem"):
        files.live()


def test_a_key_with_a_password_is_refused_and_nobody_asked(files: Files) -> None:
    key = load_pem_private_key(files.key.read_bytes(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    files.key.write_bytes(locked)
    with pytest.raises(OperatorError, match="locked with a password"):
        files.live()
