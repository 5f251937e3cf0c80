"""What a shell completes, asked of bash itself where that matters."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from admin import names
from admin.completion import COMMAND, VARIABLE
from admin.main import main
from tests.admin.conftest import Run
from tests.running import clean_environment

BIN = Path(sys.executable).parent


def completed(*words: str) -> list[str]:
    """Return what is offered for the last word."""
    *before, incomplete = words
    shell = ShellComplete(main, {}, COMMAND, VARIABLE)
    return [item.value for item in shell.get_completions(before, incomplete)]


@pytest.fixture
def named(run: Run) -> Run:
    run("project", "add", "shop")
    for name in ("track.example.com", "track.example.org", "links.example.com"):
        run("domain", "add", name)
    run("domain", "add", "shop.example.net", "--project", "shop")
    run("sender", "add", "example.com")
    return run


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("domain", "verify", "track"), ["track.example.com", "track.example.org"]),
        (("domain", "show", "TRACK.example.C"), ["track.example.com"]),
        (("domain", "show", "--project", "shop", ""), ["shop.example.net"]),
        (("domain", "add", ""), []),
        (("domain", "list", "--project", "s"), ["shop"]),
        (("project", "show", ""), ["default", "shop"]),
        (("sender", "link", "example.com", "l"), ["links.example.com"]),
        (("sender", "verify", ""), ["example.com"]),
        (("dom",), ["domain"]),
        (("domain", "ver"), ["verify"]),
    ],
)
def test_what_is_offered(words: tuple[str, ...], offered: list[str]) -> None:
    assert completed(*words) == offered


def test_settings_of_the_command_line_count(
    named: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = str(tmp_path / "waypost.toml")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert completed("domain", "show", "") == []
    assert completed("--config", settings, "domain", "show", "l") == ["links.example.com"]


@pytest.mark.parametrize("spoilt", ["var/waypost.db", "waypost.toml"])
def test_nothing_is_offered_quietly_without_the_database(
    named: Run, capfd: pytest.CaptureFixture[str], spoilt: str
) -> None:
    Path(spoilt).write_text("spoilt")
    assert completed("domain", "show", "") == []
    assert capfd.readouterr() == ("", "")


def test_a_database_that_says_nothing_is_not_waited_for(named: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(names, "PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(names, "names", lambda *asked: ended.wait(60) and [])
    assert completed("domain", "show", "") == []
    ended.set()


def test_no_project_of_that_name(named: Run) -> None:
    assert completed("domain", "show", "--project", "nobody", "") == []


def test_commands_are_imported_without_what_takes_long() -> None:
    """A key press in a shell waits for it."""
    modules = "admin.domain, admin.sender, admin.project, admin.route, admin.credential, admin.links"
    script = f"import sys, {modules}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"sqlalchemy", "psycopg", "dns"} & set(done.stdout.split())


@pytest.mark.usefixtures("named")
def test_bash_completes_a_name() -> None:
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    script = (
        'eval "$(waypost completion bash)"\n'
        "COMP_WORDS=(waypost domain verify li); COMP_CWORD=3\n"
        "_waypost_completion waypost\n"
        'printf "%s\\n" "${COMPREPLY[@]}"; complete -p waypost\n'
    )
    environment = clean_environment()
    environment["PATH"] = f"{BIN}:{environment['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[0] == "links.example.com"
    assert "-F _waypost_completion waypost" in done.stdout.splitlines()[1]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_script_for(run: Run, shell: str) -> None:
    script = run("completion", shell).output
    assert f"{VARIABLE}={shell}_complete" in script
    assert "%(" not in script


def test_another_shell_is_refused(run: Run) -> None:
    assert "Invalid value" in run("completion", "tcsh", code=2).stderr
