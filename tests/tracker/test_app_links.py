import pytest

from domains.app_files import AppFile
from tests.tracker.asking import Asking

HOST = "track.example.com"
APPLE = "/.well-known/apple-app-site-association"
ANDROID = "/.well-known/assetlinks.json"
FILES = {(HOST, AppFile.APPLE): '{"é": {}}', (HOST, AppFile.ANDROID): "[]"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (APPLE, '{"é": {}}'),
        ("/apple-app-site-association", '{"é": {}}'),
        (ANDROID, "[]"),
        (f"{ANDROID}?x", "[]"),
    ],
)
def test_each_domain_has_its_own_files(path: str, body: str) -> None:
    answer = Asking(app_files=FILES)(path)
    assert (answer.status, answer.header("content-type")) == (200, "application/json")
    assert answer.body.decode() == body
    assert answer.header("content-length") == str(len(answer.body))
    assert answer.header("location") is None


@pytest.mark.parametrize(
    ("host", "path"),
    [
        (b"other.example.com", APPLE),
        (b"other.example.com", ANDROID),
        (HOST.encode(), "/assetlinks.json"),
        (HOST.encode(), APPLE + "/"),
        (HOST.encode(), APPLE + ".json"),
    ],
)
def test_elsewhere_there_are_none(host: bytes, path: str) -> None:
    ask = Asking(app_files=FILES)
    assert ask(path, headers=[(b"host", host)]).status == 404
    assert ask.hits == []


def test_head_and_other_methods() -> None:
    ask = Asking(app_files=FILES)
    answer = ask(APPLE, method="HEAD")
    assert (answer.status, answer.header("content-length"), answer.body) == (200, "10", b"")
    assert ask(APPLE, method="POST").status == 405
