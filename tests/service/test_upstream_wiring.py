import re
from pathlib import Path

import pytest
import trustme

from relay.upstream.smtp_server import Security, SmtpServer
from service.errors import OperatorError
from service.settings import Settings
from service.settings_file import load_settings
from service.upstream_wiring import smtp_servers, system_default

TWO = '[upstream]\nurl = "smtps://a.example"\n[[upstream.fallback]]\nurl = "smtps://b.example"\n'
GUIDE = Path(__file__).parents[2] / "docs" / "upstreams.md"


def settings(folder: Path, text: str, **environment: str) -> Settings:
    path = folder / "waypost.toml"
    path.write_text(text)
    return load_settings(path, environment)


def servers(folder: Path, text: str, **environment: str) -> list[SmtpServer]:
    return smtp_servers(settings(folder, text, **environment).upstream, "upstream", "relay.test")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a password, a key and certificate, and an authority."""
    authority = trustme.CA()
    certificate = authority.issue_cert("relay.test")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "relay.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "relay.key")
    (tmp_path / "upstream-password").write_text("hunter2\n")
    return tmp_path


def test_the_guides_settings_are_servers_in_their_order(files: Path) -> None:
    found = re.search(r"```toml\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found is not None
    first, second = servers(files, found[1].replace("/etc/waypost/", ""))  # relative: to the file's folder
    assert (first.name, first.security) == ("mx1.example.com:587", Security.STARTTLS)
    assert (first.username, first.password) == ("waypost", "hunter2")
    assert (second.name, second.security, second.username) == ("mx2.example.net:465", Security.TLS, "")
    assert first.tls is not None
    assert first.tls is not second.tls


def test_one_server_fits_into_the_environment(files: Path) -> None:
    [server] = servers(
        files,
        "",
        WAYPOST_UPSTREAM__URL="smtps://mx.example",
        WAYPOST_UPSTREAM__USERNAME="me",
        WAYPOST_UPSTREAM__PASSWORD_FILE="upstream-password",
        WAYPOST_UPSTREAM__TLS_SERVER_NAME="other.example",
        WAYPOST_UPSTREAM__REPLY_SECONDS="7",
        WAYPOST_UPSTREAM__PIPELINING="off",
        WAYPOST_UPSTREAM__FALLBACK="",
    )
    assert (server.name, server.tls_name, server.password) == ("mx.example:465", "other.example", "hunter2")
    assert (server.reply_timeout, server.pipelining, server.chunking) == (7, False, True)


def test_certificate_and_name_are_always_checked(files: Path) -> None:
    for server in servers(files, '[upstream]\nurl = "smtps://x.example"\nca_file = "ca.pem"\n'):
        assert server.tls is not None
        assert server.tls.check_hostname
        assert len(server.tls.get_ca_certs()) == 1


@pytest.mark.parametrize(
    ("key", "complaint"),
    [
        ("password_file", "upstream.fallback[1].password_file: {}/gone cannot be read"),
        ("ca_file", "upstream.fallback[1].ca_file: {}/gone cannot be used"),
        ("client_certificate", "upstream.fallback[1].client_certificate: {}/gone cannot be used"),
    ],
)
def test_a_file_that_is_not_there_is_told_with_its_place(files: Path, key: str, complaint: str) -> None:
    with pytest.raises(OperatorError) as caught:
        servers(files, f'{TWO}{key} = "gone"\n')
    assert str(caught.value).startswith(complaint.format(files))


def test_a_key_that_is_not_the_certificates_is_refused(files: Path) -> None:
    trustme.CA().issue_cert("x").private_key_pem.write_to_path(files / "relay.key")
    text = (
        '[upstream]\nurl = "smtps://b.example"\nclient_certificate = "relay.pem"\nclient_key = "relay.key"\n'
    )
    with pytest.raises(OperatorError, match=r"upstream\.client_certificate"):
        servers(files, text)


@pytest.mark.parametrize(
    ("urls", "used"),
    [
        (["dir:x"], True),
        (["smtp://127.0.0.1", "smtp://localhost"], True),
        (["smtp://mx.example"], False),
        (["smtp://127.0.0.1", "smtp://mx.example"], False),
    ],
)
def test_no_server_elsewhere_gets_links_to_this_machine(tmp_path: Path, urls: list[str], used: bool) -> None:
    first, *others = urls
    text = f'[tracking]\ndefault_domain = "http://localhost:8080"\n[upstream]\nurl = "{first}"\n'
    text += "".join(f'[[upstream.fallback]]\nurl = "{url}"\n' for url in others)
    assert (system_default(settings(tmp_path, text)) is not None) is used


def test_passwords_of_all_servers_do_not_show(tmp_path: Path) -> None:
    loaded = settings(tmp_path, f'{TWO}password = "hunter2"\n')
    assert loaded.upstream.fallback[0].password == "hunter2"
    assert "hunter2" not in repr(loaded)
