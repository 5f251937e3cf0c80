"""Clients from npm, in the versions that their lock files here say."""

import shutil
import subprocess
from pathlib import Path

import pytest

PATIENCE = 120  # seconds for npm


def installed(package: Path, folder: Path) -> Path:
    """Return a new folder below `folder` with what a package.json asks for, or skip the test."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node is not installed")
    copy = shutil.copytree(package, folder / "client")
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        pytest.skip(f"{package.name} is not installed: {done.stderr[-500:]}")
    return copy
