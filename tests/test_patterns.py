"""Python before 3.11.5 goes on where the last, failed round of a possessive group ended (cpython#106052).

Debian 12 has 3.11.2. `(?>(?:…)*)` says the same and is right in all of them; `[…]*+` of one character is too.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = sorted(path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests")
POSSESSIVE_GROUP = re.compile(r"\)(?:[*+?]|\{\d+(?:,\d*)?\})\+")


@pytest.mark.parametrize("package", PACKAGES)
def test_no_group_is_possessive(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in (ROOT / package).rglob("*.py")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(r"r[bf]?[\"']", line) and POSSESSIVE_GROUP.search(line)
    ]
    assert found == []
