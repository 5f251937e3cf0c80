"""The vectors of docs/tokens.md. A change that breaks one kills every link that was ever sent."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from links import ClickToken, Key, OpenToken, open_token, seal
from tests.links.rings import ring

DOCUMENT = Path(__file__).parents[2] / "docs" / "tokens.md"


def vectors() -> list[dict[str, Any]]:
    blocks = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 1
    read: list[dict[str, Any]] = json.loads(blocks[0])
    return read


def sealed(vector: dict[str, Any]) -> ClickToken | OpenToken:
    message = {name: vector[name] for name in ("project", "message", "recipient")}
    if vector["kind"] == "open":
        return OpenToken(**message)
    return ClickToken(**message, link=vector["link"], url=vector["url"])


def key(vector: dict[str, Any]) -> Key:
    return Key(id=vector["key"], secret=bytes.fromhex(vector["secret"]), created_at=0, seals_from=0)


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector["token"][:8])
def test_vector_opens(vector: dict[str, Any]) -> None:
    assert open_token(vector["token"], ring(key(vector))) == sealed(vector)


@pytest.mark.parametrize(
    "vector",
    [one for one in vectors() if len(one.get("url", "")) < 20],
    ids=lambda vector: vector["token"][:8],
)
def test_vector_without_deflate_is_sealed_to_the_byte(vector: dict[str, Any]) -> None:
    assert seal(sealed(vector), key(vector)) == vector["token"]


def test_vectors_cover_both_kinds_with_and_without_recipient() -> None:
    covered = {(vector["kind"], vector["recipient"] is None) for vector in vectors()}
    assert covered == {("click", False), ("click", True), ("open", False), ("open", True)}
