"""SMTP replies as values, and the one place where the text of a reply is made safe for the wire."""

import re
from dataclasses import dataclass

MAX_LINE = 512  # octets with CRLF, RFC 5321 section 4.5.3.1.5
_ID_ROOM = 40  # for " waypost=" and 24 digits

# Each line of a reply may carry its code again [RFC 2034 section 4].
_ENHANCED = re.compile(r"([245])\.\d{1,3}\.\d{1,3}(?= |$)")
_CLEAN = re.compile(r"(?>(?:[!-~]+(?: (?! |$))?)*)")
_UNSAFE = re.compile(r"[^ -~]+")
_BLANKS = re.compile(r" {2,}")


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply line. `enhanced` is the status code of RFC 3463, "" where there is none."""

    code: int
    enhanced: str
    text: str

    @property
    def accepted(self) -> bool:
        """Whether it is a 2xx; unknown second and third digits change nothing [RFC 5321 section 4.2.1]."""
        return 200 <= self.code <= 299

    @property
    def closing(self) -> bool:
        """Whether the connection ends behind it [RFC 5321 section 3.8, RFC 7504]."""
        return self.code in (221, 421, 521)

    @property
    def permanent(self) -> bool:
        """Whether it is a 5xx."""
        return self.code >= 500

    def with_id(self, message: str) -> "Reply":
        """Return the reply with our id of the message at the end of its text."""
        room = MAX_LINE - _ID_ROOM - len(self.enhanced)
        return Reply(self.code, self.enhanced, f"{_clean(self.text)[:room]} waypost={message}".lstrip())

    def line(self) -> str:
        """Return it as one clean ASCII line without its line ending."""
        return " ".join(filter(None, (str(self.code), self.enhanced, _clean(self.text))))[: MAX_LINE - 2]

    def encode(self) -> bytes:
        """Return the line as it goes over the wire."""
        return f"{self.line()}\r\n".encode("ascii")


class Refused(Exception):
    """The command is answered with `reply`, and changes nothing."""

    def __init__(self, code: int, enhanced: str, text: str) -> None:
        super().__init__(text)
        self.reply = Reply(code, enhanced, text)


def from_upstream(code: int, text: str) -> Reply:
    """Return what another server said, its lines (separated by LF) as one.

    Raises ValueError for a code that no reply can have. An enhanced code of another class than the reply is
    text [RFC 2034 section 4].
    """
    if not 200 <= code <= 599:
        raise ValueError(f"reply code {code}")
    enhanced, lines = "", []
    for line in text.split("\n"):
        found = _ENHANCED.match(line)
        if found and found[1] == str(code)[0]:
            enhanced = enhanced or found[0]
            line = line[found.end() :]
        lines.append(line)
    return Reply(code, enhanced, _clean(" ".join(lines)))


def _clean(text: str) -> str:
    """A reply that is not one line of ASCII splits the dialogue, or turns an acceptance into an error."""
    if _CLEAN.fullmatch(text):
        return text
    return _BLANKS.sub(" ", _UNSAFE.sub(lambda run: " " if run[0].isspace() else "?", text)).strip()
