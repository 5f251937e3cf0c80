import dataclasses
import tomllib
from pathlib import Path

import pytest

from rewriter.policy import Mode
from service.settings import Settings
from service.settings_checks import SettingsError
from service.settings_file import load_settings

ROOT = Path(__file__).parents[2]
BAD = Path(__file__).with_name("bad_settings")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(text: str) -> Path:
    path = Path("waypost.toml")
    path.write_text(text)
    return path


def test_the_example_names_every_key_with_its_default(tmp_path: Path) -> None:
    example = ROOT / "config.example.toml"
    copy = tmp_path / "example.toml"
    copy.write_text(example.read_text())
    tables = tomllib.loads(example.read_text())
    defaults = Settings()
    for section in dataclasses.fields(Settings):
        if section.name not in ("source", "upstreams"):  # the latter: tables like that of `upstream`
            keys = {field.name for field in dataclasses.fields(getattr(defaults, section.name))}
            assert set(tables[section.name]) == keys, section.name
    loaded = dataclasses.replace(load_settings(copy, {}), source=None)
    assert loaded == load_settings_of_nothing(tmp_path)


def load_settings_of_nothing(folder: Path) -> Settings:
    empty = folder / "empty.toml"
    empty.write_text("")
    return dataclasses.replace(load_settings(empty, {}), source=None)


@pytest.mark.parametrize("path", sorted(BAD.glob("*.toml")), ids=lambda path: path.stem)
def test_bad_settings_are_refused_in_one_clear_line(path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(path, {})
    message = str(caught.value)
    assert path.with_suffix(".error").read_text().strip() in message
    assert message.startswith(str(path))
    assert "\n" not in message.removesuffix("\n")
    assert "hunter2" not in message


def test_without_a_file_the_defaults_hold() -> None:
    assert load_settings(None, {}) == Settings()


def test_a_file_that_was_named_must_be_there() -> None:
    with pytest.raises(SettingsError, match=r"gone\.toml: no such file; `waypost init` writes one"):
        load_settings(Path("gone.toml"), {})
    with pytest.raises(SettingsError, match=r"other\.toml: no such file"):
        load_settings(None, {"WAYPOST_CONFIG": "other.toml"})


def test_the_environment_wins_over_the_file() -> None:
    written('[tracking]\nmode = "off"\nclicks = true\n[relay]\nmax_recipients = 5\n')
    settings = load_settings(
        None,
        {
            "WAYPOST_TRACKING__MODE": "observe",
            "WAYPOST_TRACKING__CLICKS": "false",
            "WAYPOST_RELAY__MAX_RECIPIENTS": "7",
            "WAYPOST_DOMAINS__CNAME_TARGETS": "a.example.net, b.example.net",
            "WAYPOST_DOMAINS__DNS_SECONDS": "1.5",
            "WAYPOST_UPSTREAM__PASSWORD_FILE": "",
            "HOME": "/nowhere",
        },
    )
    assert settings.tracking.mode is Mode.OBSERVE
    assert settings.tracking.clicks is False
    assert settings.relay.max_recipients == 7
    assert settings.domains.cname_targets == ("a.example.net", "b.example.net")
    assert settings.domains.dns_seconds == 1.5
    assert settings.upstream.password_file is None


def test_a_mistyped_variable_is_refused_by_its_name() -> None:
    with pytest.raises(
        SettingsError, match=r"WAYPOST_RELAI__LISTEN: unknown section relai; did you mean relay"
    ):
        load_settings(None, {"WAYPOST_RELAI__LISTEN": "127.0.0.1:25"})
    with pytest.raises(SettingsError, match=r"unknown key lisen; did you mean listen"):
        load_settings(None, {"WAYPOST_RELAY__LISEN": "127.0.0.1:25"})


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    path = folder / "waypost.toml"
    path.write_text('[upstream]\npassword_file = "secret"\n[journal]\ndirectory = "/var/lib/journal"\n')
    settings = load_settings(path, {})
    assert settings.keys.file == folder / "var/keys.json"
    assert settings.upstream.url == f"dir:{folder / 'var/outbox'}"
    assert settings.upstream.password_file == folder / "secret"
    assert settings.database.url == f"sqlite:///{folder / 'var/waypost.db'}"
    assert settings.journal.directory == Path("/var/lib/journal")


def test_secrets_do_not_show(tmp_path: Path) -> None:
    path = written('[upstream]\npassword = "hunter2"\n[keys]\nring = "hunter3"\n')
    shown = repr(load_settings(path, {}))
    assert "hunter" not in shown


def test_named_upstreams(tmp_path: Path) -> None:
    file = tmp_path / "waypost.toml"
    file.write_text('[upstreams.far]\nurl = "dir:out"\n[upstreams.near]\nca_file = "ca.pem"\n')
    environment = {"WAYPOST_UPSTREAMS__NEAR__URL": "smtps://near.example"}
    settings = load_settings(file, environment)
    assert settings.upstreams["far"].url == f"dir:{tmp_path}/out"
    assert settings.upstreams["near"].url == "smtps://near.example"
    assert settings.upstreams["near"].ca_file == tmp_path / "ca.pem"
