"""What holds of the parser of ClientHellos, whatever comes."""

from tracker.tls.alerts import Refused
from tracker.tls.client_hello import MAX_BYTES, ClientHello, Incomplete, NotTls, parse_client_hello


def check_hello(sent: bytes) -> None:
    """Raises AssertionError where an invariant does not hold, and what the parser must never raise."""
    sent = sent[:MAX_BYTES]
    try:
        parsed = parse_client_hello(sent)
    except (NotTls, Refused):
        return
    if isinstance(parsed, Incomplete):
        assert len(sent) < parsed.needed <= MAX_BYTES
        return
    assert parsed.server_name is None or 0 <= len(parsed.server_name) <= 253
    assert all(parsed.protocols)
    # Whoever looks at a part of it waits, and comes to the same in the end.
    part = b""
    while isinstance(looked := parse_client_hello(part), Incomplete):
        part = sent[: looked.needed]
    assert isinstance(looked, ClientHello)
    assert looked == parsed
