"""URLs made shorter: raw deflate (RFC 1951) with a preset dictionary.

The dictionary is part of token format version 1: changing a byte of it would kill every deflated link
out there. It was chosen by search over the URLs of real mail and of typical campaigns, scored on others
than it was chosen on. 250 bytes is all that a window of 512 can reach: zlib keeps 262 for its lookahead.
"""

import zlib

_DICTIONARY = (
    b"%40http://www.privacyapp.list/products/github.com/account/index.php?token="
    b"play.google.com/store/apps/details?id=com.?utm_source=newslettermanage.com/contact"
    b"notificationsettings0123456789&utm_medium=email&utm_campaign=support.org/https://www.subscribe"
)
_WINDOW = -9  # raw, 512 bytes: a compressor with zlib's default window of 32 KiB costs nine times as much
_MEMORY_LEVEL = 1
# Only ever copied: that saves reading the dictionary anew for each URL.
_PRIMED = zlib.compressobj(9, zlib.DEFLATED, _WINDOW, _MEMORY_LEVEL, zlib.Z_DEFAULT_STRATEGY, _DICTIONARY)


def deflate(data: bytes) -> bytes:
    """Return the deflated bytes; they may be longer."""
    compressor = _PRIMED.copy()
    return compressor.compress(data) + compressor.flush()


def inflate(data: bytes, limit: int) -> bytes:
    """Return what was deflated.

    Raises ValueError where it is longer than `limit` bytes, damaged, cut or followed by anything.
    """
    decompressor = zlib.decompressobj(_WINDOW, zdict=_DICTIONARY)
    try:
        inflated = decompressor.decompress(data, limit + 1)  # bounded: a bomb costs no more than `limit`
    except zlib.error:
        raise ValueError("not deflated with this dictionary") from None
    if len(inflated) > limit or not decompressor.eof or decompressor.unused_data:
        raise ValueError("too long, cut short or followed by something")
    return inflated
