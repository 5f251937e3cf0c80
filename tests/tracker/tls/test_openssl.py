"""What OpenSSL's own client makes of the tracker: versions, ciphers, resumption, alerts."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tracker.tls.certified import AUTHORITY, Certified, Secure, secure

HOST = "click.shop.example"

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


@pytest.fixture(scope="module")
def tracker() -> Iterator[Secure]:
    with secure(Certified(HOST)) as running:
        yield running


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("root") / "root.pem"
    AUTHORITY.cert_pem.write_to_path(str(path))
    return path


def s_client(tracker: Secure, root: Path, *options: object, host: str = HOST) -> str:
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{tracker.port}", "-CAfile", root]
    done = subprocess.run(
        [*command, "-servername", host, "-ign_eof", *options],
        input=f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode(),
        capture_output=True,
        timeout=20,
        check=False,
    )
    return (done.stdout + done.stderr).decode("latin-1")


@pytest.mark.parametrize(
    ("options", "agreed"),
    [
        (["-tls1_3"], "TLSv1.3, Cipher is TLS_"),
        (["-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"], "TLSv1.3, Cipher is TLS_CHACHA20"),
        (["-tls1_2"], "TLSv1.2, Cipher is ECDHE-ECDSA-AES"),
        (["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"], "TLSv1.2, Cipher is ECDHE-ECDSA-CHACHA20"),
        (["-groups", "P-256"], "TLSv1.3, Cipher is TLS_"),
        (["-groups", "P-521:P-256"], "TLSv1.3, Cipher is TLS_"),  # a second ClientHello
        (["-alpn", "h2,http/1.1"], "ALPN protocol: http/1.1"),
    ],
)
def test_what_is_agreed_on(tracker: Secure, root: Path, options: list[str], agreed: str) -> None:
    said = s_client(tracker, root, *options)
    assert agreed in said
    assert "Verify return code: 0 (ok)" in said
    assert "HTTP/1.1 200 OK" in said


@pytest.mark.parametrize(
    ("options", "alert"),
    [
        (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], "alert number 70"),
        (["-tls1", "-cipher", "ALL:@SECLEVEL=0"], "alert number 70"),
        (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"], ""),  # CBC
        (["-tls1_2", "-cipher", "AES128-GCM-SHA256"], ""),  # no forward secrecy
        (["-alpn", "h2"], "alert number 120"),
    ],
)
def test_what_is_not(tracker: Secure, root: Path, options: list[str], alert: str) -> None:
    said = s_client(tracker, root, *options)
    assert alert in said
    assert "HTTP/1.1" not in said


def test_unknown_names_get_alert_112(tracker: Secure, root: Path) -> None:
    said = s_client(tracker, root, host="unknown.example")
    assert "alert number 112" in said
    assert "no peer certificate available" in said


@pytest.mark.parametrize("version", ["-tls1_3", "-tls1_2"])
@pytest.mark.parametrize("tickets", [[], ["-no_ticket"]])
def test_sessions_are_resumed(
    tracker: Secure, root: Path, tmp_path: Path, version: str, tickets: list[str]
) -> None:
    session = tmp_path / "session"
    assert "\nNew, " in s_client(tracker, root, version, *tickets, "-sess_out", session)
    again = s_client(tracker, root, version, *tickets, "-sess_in", session)
    assert "\nReused, " in again
    assert "HTTP/1.1 200 OK" in again


def test_a_session_of_one_host_is_none_of_another(tracker: Secure, root: Path, tmp_path: Path) -> None:
    session = tmp_path / "session"
    s_client(tracker, root, "-sess_out", session)
    tracker.certified.pem["other.example"] = tracker.certified.pem[HOST]
    said = s_client(tracker, root, "-sess_in", session, host="other.example")
    assert "\nNew, " in said


def test_renegotiation_is_refused(tracker: Secure, root: Path) -> None:
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{tracker.port}", "-servername", HOST, "-tls1_2"],
        input=b"R\n",
        capture_output=True,
        timeout=20,
        check=False,
    )
    said = done.stdout + done.stderr
    assert b"RENEGOTIATING" in said
    assert b"no renegotiation" in said
