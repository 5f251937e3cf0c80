"""A JSON object as a header field, folded [RFC 5322 section 2.2.3]."""

import json
from collections.abc import Mapping
from typing import Any


def json_line(name: bytes, value: Mapping[str, Any]) -> bytes:
    """Return the field with its line ending. It is folded at blanks, which unfolding gives back."""
    line = name + b": " + json.dumps(value).encode("ascii")
    lines = []
    while len(line) > 990 and (blank := line.rfind(b" ", len(name) + 2, 990)) > 0:
        lines.append(line[:blank])
        line = line[blank:]
    return b"\r\n".join([*lines, line]) + b"\r\n"
