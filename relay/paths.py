"""Paths of MAIL and RCPT, strictly by RFC 5321 section 4.1.2, and exactly as they were written.

No decoding of any kind: read as an RFC 5322 header, `=?utf-8?q?a=40evil.example?=@ok.example` is another
mailbox than the one the client named, and `=0d=0a` is a line ending in the dialogue with the upstream.

Two things that the grammar forbids are let through, since they cannot be mistaken for syntax and mail to them
works elsewhere: dots anywhere in an unquoted local part (older Japanese mobile addresses), and underscores or
outer hyphens in a domain. Length is left to the upstream.
"""

import re
from ipaddress import IPv4Address, IPv6Address

from relay.replies import Refused

_WIDE = "\u00a0-\U0010ffff"  # UTF8-non-ascii of RFC 6531 section 3.3, without the C1 controls
_DOT_STRING = rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~.{_WIDE}-]++"
_QUOTED_STRING = rf'"(?>(?:[ !#-\[\]-~{_WIDE}]|\\[ -~])*)"'
_DOMAIN = rf"[A-Za-z0-9_{_WIDE}-]++(?>(?:\.[A-Za-z0-9_{_WIDE}-]++)*)"
_LITERAL = r"\[[!-Z^-~]++\]"
_ROUTE = rf"@{_DOMAIN}(?>(?:,@{_DOMAIN})*):"
_PATH = re.compile(
    rf"<(?:{_ROUTE})?(?P<mailbox>(?:{_DOT_STRING}|{_QUOTED_STRING})@(?:{_DOMAIN}|(?P<literal>{_LITERAL})))>"
)
_GENERAL_LITERAL = re.compile(r"\[[A-Za-z0-9-]*[A-Za-z0-9]:[!-Z^-~]+\]")
_POSTMASTER = re.compile(r"<(?P<mailbox>postmaster)>", re.IGNORECASE)  # RFC 5321 section 4.5.1


def reverse_path(argument: str) -> tuple[str, str]:
    """Return the mailbox of `FROM:<path> parameters` ("" for the null sender) and the parameters.

    A source route is dropped [appendix C]. Raises Refused.
    """
    text = _after_keyword(argument, "FROM:", "MAIL FROM:<address>")
    if text.startswith("<>"):
        return "", _parameters(text[2:])
    return _path(text, "5.1.7", "sender")


def forward_path(argument: str) -> tuple[str, str]:
    """Return the mailbox of `TO:<path> parameters`, and the parameters. Raises Refused."""
    text = _after_keyword(argument, "TO:", "RCPT TO:<address>")
    if found := _POSTMASTER.match(text):
        return found["mailbox"], _parameters(text[found.end() :])
    return _path(text, "5.1.3", "recipient")


def _after_keyword(argument: str, keyword: str, usage: str) -> str:
    text = argument[len(keyword) :].lstrip(" ")  # many clients put a space there
    if argument[: len(keyword)].upper() != keyword or not text.startswith("<"):
        raise Refused(501, "5.5.4", f"Syntax: {usage}")
    return text


def _path(text: str, enhanced: str, whose: str) -> tuple[str, str]:
    found = _PATH.match(text)
    if found is None or (found["literal"] and not _is_literal(found["literal"])):
        raise Refused(553, enhanced, f"The {whose}'s address is malformed")
    return found["mailbox"], _parameters(text[found.end() :])


def _parameters(rest: str) -> str:
    if rest and not rest.startswith(" "):
        raise Refused(501, "5.5.4", "A space must stand between the address and its parameters")
    return rest.strip(" ")


def _is_literal(literal: str) -> bool:
    inner = literal[1:-1]
    try:
        if inner[:5].upper() == "IPV6:":
            IPv6Address(inner[5:])
        elif not _GENERAL_LITERAL.fullmatch(literal):
            IPv4Address(inner)
    except ValueError:
        return False
    return True
