import re
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from accounts.directory import AccountDirectory
from accounts.model import DEFAULT_PROJECT
from relay.control.vendors import Profile
from relay.upstream.directory_upstream import DirectoryUpstream
from relay.upstream.smtp_server import Security, SmtpServer
from relay.upstream.smtp_upstream import SmtpUpstream
from service.errors import OperatorError
from service.relay_wiring import worker_share
from service.settings import Settings
from service.settings_file import load_settings
from service.upstream_wiring import build_upstreams, profiles, smtp_servers, system_default
from tests.accounts.builders import project

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


NAMED = '[upstream]\nurl = "dir:out"\n[upstreams.far]\nurl = "{}"\nprofile = "sparkpost"\npool_size = 8\n'


def accounts(upstream: str | None) -> AccountDirectory:
    return AccountDirectory.build([replace(project(), upstream=upstream)], [], [])


def test_a_project_has_the_upstream_that_it_names_with_its_profile(tmp_path: Path) -> None:
    loaded = settings(tmp_path, NAMED.format("smtp://far.example"))
    for name, kind, profile in [
        (None, DirectoryUpstream, Profile.NONE),
        ("far", SmtpUpstream, Profile.SPARKPOST),
    ]:
        built = build_upstreams(loaded, "relay.test", lambda: accounts(name), lambda health: None)  # noqa: B023
        assert isinstance(built.of(DEFAULT_PROJECT), kind)
        assert profiles(loaded, lambda: accounts(name))(DEFAULT_PROJECT) is profile  # noqa: B023


def test_a_name_that_the_settings_lack_is_not_the_default(tmp_path: Path) -> None:
    loaded = settings(tmp_path, NAMED.format("smtp://far.example"))
    built = build_upstreams(loaded, "relay.test", lambda: accounts("gone"), lambda health: None)
    assert not isinstance(built.of(DEFAULT_PROJECT), DirectoryUpstream | SmtpUpstream)
    assert profiles(loaded, lambda: accounts("gone"))(DEFAULT_PROJECT) is Profile.NONE


def test_workers_share_the_connections_of_a_named_upstream(tmp_path: Path) -> None:
    share = worker_share(settings(tmp_path, NAMED.format("smtp://far.example")), 3)
    assert (share.upstream.pool_size, share.upstreams["far"].pool_size) == (6, 2)


@pytest.mark.parametrize(("url", "used"), [("smtp://127.0.0.1:25", True), ("smtp://far.example", False)])
def test_a_loopback_link_never_leaves_by_a_named_upstream_either(
    tmp_path: Path, url: str, used: bool
) -> None:
    base = "http://localhost:8080"
    loaded = settings(tmp_path, f'[tracking]\ndefault_domain = "{base}"\n{NAMED.format(url)}')
    assert system_default(loaded) == (base if used else None)
