"""Programs that send mail, run as their users run them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.running import PATIENCE, clean_environment


def swaks(server: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run swaks against HOST:PORT; its output tells the dialogue."""
    if shutil.which("swaks") is None:
        pytest.skip("swaks is not installed")
    command = ["swaks", "--server", server, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


def node(folder: Path, script: str) -> str:
    """Run a script in which `await` works; return what it printed."""
    done = subprocess.run(
        ["node", "-e", f"(async () => {{ {script} }})()"],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
