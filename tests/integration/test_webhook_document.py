"""The receivers that docs/webhooks.md shows take what is signed here, and nothing else."""

import base64
import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from events.webhooks.signing import shown, signed_headers

DOCUMENT = (Path(__file__).parents[2] / "docs/webhooks.md").read_text()
SECRET, FORMER = bytes(range(32)), b"f" * 32
BODY = json.dumps({"type": "events", "events": [{"id": "ä"}]}).encode()

Receiver = Callable[[str, dict[str, str], bytes], list[dict[str, Any]]]


def example(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found is not None
    return found[1]


def in_python(secret: str, headers: dict[str, str], body: bytes) -> list[dict[str, Any]]:
    names: dict[str, Any] = {}
    exec(example("python"), names)
    events: list[dict[str, Any]] = names["events"](secret, headers, body)
    return events


def in_node(secret: str, headers: dict[str, str], body: bytes) -> list[dict[str, Any]]:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    given = json.dumps([secret, headers, base64.b64encode(body).decode()])
    script = (
        f"{example('js')}\nconst [secret, headers, body] = {given};\n"
        'console.log(JSON.stringify(events(secret, headers, Buffer.from(body, "base64"))));\n'
    )
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise ValueError(done.stderr)
    events: list[dict[str, Any]] = json.loads(done.stdout)
    return events


@pytest.mark.parametrize("receiver", [in_python, in_node])
def test_what_is_signed_is_taken(receiver: Receiver) -> None:
    headers = signed_headers([FORMER, SECRET], "msg_1", int(time.time()), BODY)
    assert receiver(shown(SECRET), headers, BODY) == [{"id": "ä"}]


@pytest.mark.parametrize("receiver", [in_python, in_node])
def test_what_is_not_is_refused(receiver: Receiver) -> None:
    now = int(time.time())
    for secret, at, body in ((FORMER, now, BODY), (SECRET, now, BODY + b" "), (SECRET, now - 3_600, BODY)):
        headers = signed_headers([secret], "msg_1", at, BODY)
        with pytest.raises(ValueError):  # noqa: PT011 - in Node it is another's text
            receiver(shown(SECRET), headers, body)
