"""Parameters of MAIL and RCPT: only what was offered is taken, and passed on exactly as it was written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from relay.replies import Refused
from relay.upstream.port import Capabilities

# esmtp-param of RFC 5321 section 4.1.2; the value is any printable character but "="
_PARAMETER = re.compile(r"(?P<keyword>[A-Za-z0-9][A-Za-z0-9-]*+)(?:=(?P<value>[!-<>-~\u00a0-\U0010ffff]++))?")
_XTEXT = r"(?>(?:[!-*,-<>-~]|\+[0-9A-F]{2})*)"  # RFC 3461 section 4
_EACH_NOTIFY = r"(?:SUCCESS|FAILURE|DELAY)"

# AUTH= says who submitted the message first. RFC 4954 section 5 lets a server that trusts nobody's word on
# that drop it.
_MAIL_VALUES = {
    "SIZE": re.compile(r"[0-9]{1,20}"),
    "BODY": re.compile(r"7BIT|8BITMIME", re.IGNORECASE),
    "SMTPUTF8": None,
    "RET": re.compile(r"FULL|HDRS", re.IGNORECASE),
    "ENVID": re.compile(rf"(?=.{{1,100}}\Z){_XTEXT}"),
    "AUTH": re.compile(rf"<>|{_XTEXT}"),
}
_RCPT_VALUES = {
    "NOTIFY": re.compile(rf"NEVER|{_EACH_NOTIFY}(?:,{_EACH_NOTIFY})*", re.IGNORECASE),
    "ORCPT": re.compile(r"(?=.{1,500}\Z)[A-Za-z0-9-]+;[!-<>-~\u00a0-\U0010ffff]+"),  # also utf-8, RFC 6533
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailParameters:
    """Of MAIL: what we act on, and what goes on to the upstream."""

    size: int  # 0 where it was not declared
    utf8: bool
    passed_on: tuple[str, ...]


def mail_parameters(text: str, offered: Capabilities | None) -> MailParameters:
    """Parse what follows the path of MAIL. `offered` is None after HELO. Raises Refused."""
    found = _parse(text, _MAIL_VALUES)
    for keyword in found:
        _check_offered(keyword, offered)
    size, _ = found.pop("SIZE", ("0", ""))
    found.pop("AUTH", None)
    return MailParameters(
        size=int(size),
        utf8="SMTPUTF8" in found,
        passed_on=tuple(written for _, written in found.values()),
    )


def rcpt_parameters(text: str, offered: Capabilities | None) -> tuple[str, ...]:
    """Parse what follows the path of RCPT; return what goes on to the upstream. Raises Refused."""
    found = _parse(text, _RCPT_VALUES)
    for keyword in found:
        _check_offered(keyword, offered)
    return tuple(written for _, written in found.values())


def _parse(text: str, known: Mapping[str, re.Pattern[str] | None]) -> dict[str, tuple[str, str]]:
    """Return for each keyword, in order, its value and how the whole parameter was written."""
    parameters: dict[str, tuple[str, str]] = {}
    for written in filter(None, text.split(" ")):
        found = _PARAMETER.fullmatch(written)
        keyword = found["keyword"].upper() if found else ""
        if found is None or keyword in parameters:
            raise Refused(501, "5.5.4", "A parameter is malformed or stands twice")
        if keyword not in known:
            raise Refused(555, "5.5.4", f"Parameter {keyword} is not supported")
        pattern, value = known[keyword], found["value"]
        if (value is None) != (pattern is None) or (pattern and not pattern.fullmatch(value)):
            raise Refused(501, "5.5.4", f"The value of {keyword} is malformed")
        parameters[keyword] = (value or "", written)
    return parameters


def _check_offered(keyword: str, offered: Capabilities | None) -> None:
    """Addresses that the upstream cannot take have a reply of their own: RFC 6531 section 3.5."""
    if keyword == "SMTPUTF8" and not (offered and offered.utf8):
        raise Refused(550, "5.6.7", "The next server does not take internationalised addresses")
    dsn = keyword in ("RET", "ENVID", "NOTIFY", "ORCPT")
    if offered is None or (dsn and not offered.dsn) or (keyword == "BODY" and not offered.eight_bit):
        raise Refused(555, "5.5.4", f"Parameter {keyword} was not offered")
