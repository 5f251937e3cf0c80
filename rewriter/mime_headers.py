"""Header fields, read where they stand: folding (RFC 5322 section 2.2.3), comments, parameters (RFC 2231)."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

_FIELD_START = r"[!-9;-~]++[\t ]*+:"
_FIRST_LINE = re.compile(rf"(\r?\n|\Z)|{_FIELD_START}".encode())
# The first line that is blank, or neither a field nor a folded part of one. White space alone is folded
# (obs-FWS, RFC 5322 section 4.2). The literal line feed in front lets the engine jump from line to line.
_HEADER_END = re.compile(rf"\n(?:(\r?\n)|(?![\t ]|{_FIELD_START}))".encode())

_NAMES = rb"content-(?:type|transfer-encoding|disposition|id|location|md5)"
_ROOT_NAMES = _NAMES + rb"|list-unsubscribe|dkim-signature|arc-[a-z-]+"
_FIELD = r"\n(%s)[\t ]*+:((?>(?:[^\n]*+\n[\t ])*)[^\n]*+)"
_FIELDS = re.compile((_FIELD % _NAMES.decode()).encode(), re.IGNORECASE)
_ROOT_FIELDS = re.compile((_FIELD % _ROOT_NAMES.decode()).encode(), re.IGNORECASE)

_PLAIN_PIECE = re.compile(r'[^"(]++|"(?>(?:[^"\\]|\\.)*)"?|\(|.', re.DOTALL)
_COMMENT_PIECE = re.compile(r"[^()\\]++|\\.|[()]|.", re.DOTALL)

_LONGEST_VALUE = 10_000  # in which comments are looked for, step by step

_WORD = r"[!#$%&'*+.0-9A-Z^_`a-z{|}~-]++"  # `token` of RFC 2045 section 5.1
_VALUE = re.compile(rf"[\t ]*+({_WORD}(?>(?:/{_WORD})?))[\t ]*+(?=;|\Z)")
_PARAMETER = re.compile(
    r""";[\t ]*+(?>(?:([^\t =;"]++)[\t ]*+=[\t ]*+"""
    r"""(?:"((?>(?:[^"\\]|\\.)*))"[\t ]*+(?=;|\Z)|([^";]*+)(?=;|\Z)))?)"""
)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_SECTION = re.compile(r"([^*]++)(?>(?:\*(\d{1,3}))?)(?>(\*)?)")


@dataclass(frozen=True, slots=True)
class HeaderBlock:
    """The fields that matter, by lower-case name, and where the body starts."""

    fields: dict[str, list[str]]
    body: int

    def only(self, name: str) -> str | None:
        """Return the one field of that name."""
        values = self.fields.get(name)
        return values[0] if values else None


@dataclass(frozen=True, slots=True)
class StructuredValue:
    """`value; name=value …` with value and names in lower case.

    `value` is empty where it does not follow the syntax. A parameter given twice with different values is
    named in `contradictory`: programs differ in which of them they take.
    """

    value: str
    parameters: dict[str, bytes] = field(default_factory=dict)
    contradictory: frozenset[str] = frozenset()


def read_header(message: bytes, start: int, end: int, *, root: bool = False) -> HeaderBlock | None:
    """Read the header that starts at `start`; None where programs would read it differently.

    That is where a line is no field or has a bare CR, or no blank line comes (what were put into the empty
    body would be a field then). `root` is for the header of the message: it may not be empty, and the
    fields are read too that only it may have.
    """
    first = _FIRST_LINE.match(message, start, end)
    if first is None or (root and first.group(1) is not None):
        return None
    if first.group(1) is not None:
        return HeaderBlock({}, first.end())
    last = _HEADER_END.search(message, start, end)
    if last is None or last.group(1) is None:
        return None
    lines = b"\n" + message[start : last.start()]
    if lines.count(b"\r") != lines.count(b"\r\n") + lines.endswith(b"\r"):
        return None
    fields: dict[str, list[str]] = {}
    for name, value in (_ROOT_FIELDS if root else _FIELDS).findall(lines):
        fields.setdefault(name.decode("ascii").lower(), []).append(_unfold(value))
    return HeaderBlock(fields, last.end())


def _unfold(value: bytes) -> str:
    text = value.decode("latin-1").strip("\t \r")
    return text.replace("\r", "").replace("\n", "") if "\n" in text else text


def strip_comments(value: str) -> str:
    """Put a space in place of each comment (RFC 5322 section 3.2.2); quoted strings stay.

    A value too long for any honest use stays as it is, and so is not understood.
    """
    if "(" not in value or len(value) > _LONGEST_VALUE:
        return value
    kept: list[str] = []
    depth = position = 0
    while position < len(value):
        piece = (_COMMENT_PIECE if depth else _PLAIN_PIECE).match(value, position)
        assert piece is not None  # noqa: S101 - each pattern ends in "any character"
        text, position = piece.group(), piece.end()
        kept.append(" " if depth or text == "(" else text)
        depth += (text == "(") - (depth > 0 and text == ")")
    return "".join(kept).strip("\t ")


def parse_structured(text: str) -> StructuredValue:
    """Parse a Content-Type or Content-Disposition value."""
    text = strip_comments(text)
    head = _VALUE.match(text)
    if head is None:
        return StructuredValue("")
    pairs: list[tuple[str, str]] = []
    position = head.end()
    while position < len(text):
        parameter = _PARAMETER.match(text, position)
        if parameter is None or parameter.end() == position:
            return StructuredValue("")
        name, quoted, plain = parameter.groups()
        if name:
            value = plain.rstrip("\t ") if quoted is None else _QUOTED_PAIR.sub(r"\1", quoted)
            pairs.append((name.lower(), value))
        position = parameter.end()
    parameters, contradictory = _combine(pairs)
    return StructuredValue(head.group(1).lower(), parameters, contradictory)


def _combine(pairs: list[tuple[str, str]]) -> tuple[dict[str, bytes], frozenset[str]]:
    parameters: dict[str, bytes] = {}
    sections: dict[str, dict[int, bytes]] = {}
    contradictory: set[str] = set()

    def add(name: str, value: bytes) -> None:
        if parameters.setdefault(name, value) != value:
            contradictory.add(name)

    for name, text in pairs:
        section = _SECTION.fullmatch(name)
        if section is None or "*" not in name:
            add(name, text.encode("latin-1"))
            continue
        base, number, extended = section.groups()
        value = _extended(text, first=number in (None, "0")) if extended else text.encode("latin-1")
        if number is None:
            add(base, value)
        elif sections.setdefault(base, {}).setdefault(int(number), value) != value:
            contradictory.add(base)
    for base, by_number in sections.items():
        add(base, _joined(by_number))
    return parameters, frozenset(contradictory)


def _extended(text: str, *, first: bool) -> bytes:
    """Decode `charset'language'%xx…` (RFC 2231 section 4); later sections have no charset in front."""
    value = text.split("'", 2)[-1] if first and text.count("'") >= 2 else text
    return unquote_to_bytes(value.encode("latin-1"))


def _joined(by_number: dict[int, bytes]) -> bytes:
    """Join sections 0, 1, 2 … up to the first gap (RFC 2231 section 3)."""
    joined = b""
    for number in range(len(by_number)):
        if number not in by_number:
            break
        joined += by_number[number]
    return joined
