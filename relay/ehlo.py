"""What we offer in the answer to EHLO: what we can do, cut down to what the upstream can."""

from relay.authentication import MECHANISMS
from relay.upstream.port import Capabilities, room_for_growth


def offer(max_size: int, upstream: Capabilities | None) -> Capabilities:
    """Return what to offer. `max_size` is our own limit in octets.

    Where the upstream was never reached everything is offered: MAIL will be answered 451 then, whereas an
    extension that is missing makes clients bounce what needs it.
    """
    if upstream is None:
        return Capabilities(size=max_size, eight_bit=True, utf8=True, dsn=True, enhanced_codes=True)
    return Capabilities(
        size=min(max_size, upstream.size - room_for_growth(upstream.size)) if upstream.size else max_size,
        eight_bit=upstream.eight_bit,
        # RFC 6531 section 3.1: SMTPUTF8 comes with 8BITMIME; Postfix says BODY= where it sees only the first.
        utf8=upstream.utf8 and upstream.eight_bit,
        dsn=upstream.dsn,
        enhanced_codes=upstream.enhanced_codes,
    )


def ehlo_lines(hostname: str, offered: Capabilities, *, starttls: bool, auth: bool) -> bytes:
    """Return the whole reply. PIPELINING concerns only this hop: it is always there."""
    extensions = {
        f"SIZE {offered.size}": True,
        "PIPELINING": True,
        "8BITMIME": offered.eight_bit,
        "SMTPUTF8": offered.utf8,
        "DSN": offered.dsn,
        "ENHANCEDSTATUSCODES": offered.enhanced_codes,
        "STARTTLS": starttls,
        f"AUTH {' '.join(MECHANISMS)}": auth,
    }
    lines = [hostname, *(name for name, given in extensions.items() if given)]
    return "".join(
        f"250{' ' if number == len(lines) else '-'}{line}\r\n" for number, line in enumerate(lines, 1)
    ).encode("ascii")
