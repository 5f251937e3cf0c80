"""A folder with settings for a relay in front of one SMTP upstream, ready for `RunningWaypost`."""

import json
from pathlib import Path

from click.testing import CliRunner

from admin.main import main
from tests.running import free_port

_SETTINGS = """
[upstream]
url = "smtp://127.0.0.1:{upstream}"
{upstream_settings}
[relay]
listen = {listen}
hostname = "waypost.test"
{relay_settings}
[tracker]
listen = ["127.0.0.1:{http}"]
[tracking]
unknown_senders = true
default_domain = "http://localhost:{http}"
{more}
"""


class RelayInstallation:
    """Ports of its own, the same after a restart; all senders are tracked, on the tracker beside it.

    `listen` is where it listens besides `smtp_port`; the other texts go into the sections of their names.
    """

    def __init__(
        self,
        folder: Path,
        upstream_port: int,
        *,
        listen: tuple[str, ...] = (),
        relay: str = "",
        upstream: str = "",
        more: str = "",
    ) -> None:
        self.folder = folder
        self.smtp_port, self.http_port = free_port(), free_port()
        self.base = f"http://localhost:{self.http_port}"
        settings = _SETTINGS.format(
            upstream=upstream_port,
            listen=json.dumps([f"127.0.0.1:{self.smtp_port}", *listen]),
            http=self.http_port,
            relay_settings=relay,
            upstream_settings=upstream,
            more=more,
        )
        (folder / "waypost.toml").write_text(settings)
        done = CliRunner().invoke(main, ["--config", str(folder / "waypost.toml"), "init", "--if-missing"])
        assert done.exit_code == 0, done.output
