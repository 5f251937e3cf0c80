"""What schemathesis does not know of itself: how a message is sent."""

from typing import Any

import schemathesis


@schemathesis.serializer("message/rfc822")
def message(_: schemathesis.SerializationContext, value: Any) -> bytes:
    """Return what was made up as octets."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
