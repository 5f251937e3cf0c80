from pathlib import Path

import pytest

from tests.node_packages import installed

NODE_PACKAGE = Path(__file__).parent / "nodemailer"


@pytest.fixture(scope="session")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nodemailer."""
    return installed(NODE_PACKAGE, tmp_path_factory.mktemp("node"))
