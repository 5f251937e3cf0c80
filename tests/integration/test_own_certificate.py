"""A whole server with the operator's own certificate: HTTPS for the hosts it names, alerts for others."""

import socket
import ssl
from pathlib import Path

import pytest
import trustme

from tests.running import RunningWaypost, free_port, waypost


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def serving(folder: Path, authority: trustme.CA, port: int) -> RunningWaypost:
    issued = authority.issue_cert("t.example.net", "*.t.example.net")
    (folder / "cert.pem").write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    (folder / "key.pem").write_bytes(issued.private_key_pem.bytes())
    assert waypost(folder, "init", "--demo").returncode == 0
    return RunningWaypost(
        folder,
        WAYPOST_TLS__LISTEN=f"127.0.0.1:{port}",
        WAYPOST_TLS__CERTIFICATE="cert.pem",
        WAYPOST_TLS__KEY="key.pem",
    )


def status(port: int, authority: trustme.CA, name: str, host: str) -> int:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname=name) as connection,
    ):
        connection.sendall(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return int(connection.recv(65536).split()[1])


def test_hosts_of_the_certificate_are_served_and_no_others(tmp_path: Path, authority: trustme.CA) -> None:
    port = free_port()
    with serving(tmp_path, authority, port) as server:
        assert any(f"tracker listening for TLS on 127.0.0.1:{port}" in line for line in server.log)
        assert status(port, authority, "t.example.net", "t.example.net") == 200
        assert status(port, authority, "p7.t.example.net", "p7.t.example.net:443") == 200
        assert status(port, authority, "p7.t.example.net", "t.example.net") == 421
        with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
            status(port, authority, "click.shop.example", "click.shop.example")
