"""The golden cases: a message, a policy, and what comes out, each in a folder of `tests/golden`."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from rewriter import Policy

FOLDER = Path(__file__).parents[1] / "golden"


@dataclass(frozen=True, slots=True)
class GoldenCase:
    """One folder: `in.eml`, `policy.toml`, `out.eml`, and `why.txt`, which is one line."""

    name: str
    before: bytes
    after: bytes
    policy: Policy


def golden_cases() -> list[GoldenCase]:
    """Read all of them."""
    return [
        GoldenCase(
            name=folder.name,
            before=(folder / "in.eml").read_bytes(),
            after=(folder / "out.eml").read_bytes(),
            policy=Policy(**tomllib.loads((folder / "policy.toml").read_text("utf-8"))),
        )
        for folder in sorted(FOLDER.iterdir())
    ]
