"""What ends a handshake in words that every TLS client knows (RFC 8446 section 6)."""

from enum import IntEnum


class Alert(IntEnum):
    """The ones that are sent before OpenSSL has seen the connection; all are fatal."""

    UNEXPECTED_MESSAGE = 10
    RECORD_OVERFLOW = 22
    ILLEGAL_PARAMETER = 47
    DECODE_ERROR = 50
    PROTOCOL_VERSION = 70
    INTERNAL_ERROR = 80
    UNRECOGNIZED_NAME = 112  # RFC 6066 section 3
    NO_APPLICATION_PROTOCOL = 120  # RFC 7301 section 3.2

    def record(self) -> bytes:
        """Return the record that says it: alert, TLS 1.2 as all versions write it, two octets, fatal."""
        return b"\x15\x03\x03\x00\x02\x02" + bytes((self,))


class Refused(Exception):
    """The handshake ends with an alert."""

    def __init__(self, alert: Alert, why: str) -> None:
        super().__init__(why)
        self.alert = alert
