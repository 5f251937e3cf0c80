"""A real Unbound of the test's own: a recursor that knows only the zones it is given.

with Unbound("127.0.0.1", port, {"customer.test": "127.0.0.2"}):
    Recursor(["127.0.0.1"], port)
"""

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.knot import PATIENCE, require, wait_until_it_answers

_SETTINGS = """
server:
    interface: {address}@{port}
    port: {port}
    directory: "{folder}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    num-threads: 1
    do-daemonize: no
    do-ip6: no
    do-not-query-localhost: no
    module-config: "iterator"
    local-zone: "test." nodefault
remote-control:
    control-enable: no
"""

_STUB = """
stub-zone:
    name: "{zone}."
    stub-addr: {server}@{port}
"""


class Unbound:
    """Started and stopped by `with`. `zones` maps each zone to its server's address, at the same port."""

    def __init__(self, address: str, port: int, zones: Mapping[str, str]) -> None:
        self._program = require("unbound")
        self.address, self.port = address, port
        self._zone = next(iter(zones))
        self._folder = Path(tempfile.mkdtemp(prefix="unbound-"))
        self._file = self._folder / "unbound.conf"
        stubs = (_STUB.format(zone=zone, server=server, port=port) for zone, server in zones.items())
        settings = _SETTINGS.format(folder=self._folder, address=address, port=port)
        self._file.write_text(settings + "".join(stubs))

    def __enter__(self) -> Self:
        self._process = subprocess.Popen([self._program, "-d", "-c", self._file], stderr=subprocess.DEVNULL)
        wait_until_it_answers(self.address, self.port, self._zone, self._process)
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
        shutil.rmtree(self._folder)
