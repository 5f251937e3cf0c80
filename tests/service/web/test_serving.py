import asyncio
import http.client
from dataclasses import replace
from pathlib import Path

import pytest

from service.errors import OperatorError
from service.run import Part, all_parts, serve
from service.settings import Settings, WebSection
from service.web import serving
from service.web.serving import serving_web
from tests.running import free_port


def status_of(port: int) -> int:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    client.request("GET", "/api/v1/openapi.json")
    status = client.getresponse().status
    client.close()
    return status


def test_it_answers_while_it_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fastapi", reason="fastapi is not installed")
    monkeypatch.chdir(tmp_path)
    port = free_port()
    settings = replace(Settings(), web=WebSection(listen=f"127.0.0.1:{port}"))

    async def ask() -> int:
        async with serving_web(settings):
            return await asyncio.to_thread(status_of, port)

    assert asyncio.run(ask()) == 200
    with pytest.raises(ConnectionRefusedError):
        status_of(port)


def test_without_the_extra_it_is_no_part_and_cannot_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "find_spec", lambda name: None)
    assert all_parts() == frozenset(Part) - {Part.WEB}
    with pytest.raises(OperatorError, match=r"pip install 'waypost\[web\]'"):
        serve(Settings(), frozenset({Part.WEB}), Settings)


def test_with_it_it_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "find_spec", lambda name: object())
    assert all_parts() == frozenset(Part)
