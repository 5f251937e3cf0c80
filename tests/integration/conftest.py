import shutil
import subprocess
from pathlib import Path

import pytest

NODE_PACKAGE = Path(__file__).parent / "nodemailer"


@pytest.fixture(scope="session")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nodemailer, in the version that the lock file here says."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node is not installed")
    folder = tmp_path_factory.mktemp("node") / "client"
    shutil.copytree(NODE_PACKAGE, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        pytest.skip(f"nodemailer is not installed: {done.stderr[-500:]}")
    return folder
