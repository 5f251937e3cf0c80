"""Which line ending a stretch of a message uses: the relay brings CRLF, a file on disk may have LF."""


def line_ending(message: bytes, start: int, end: int) -> bytes:
    """Return the ending of the first line in `[start, end)`, or without one that of the message's first."""
    feed = message.find(b"\n", start, end)
    if feed < 0:
        feed = message.find(b"\n")
    return b"\r\n" if feed <= 0 or message[feed - 1] == 0x0D else b"\n"
