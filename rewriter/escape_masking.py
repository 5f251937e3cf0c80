"""ISO-2022 text: bytes of multibyte characters, which look like markup, hidden from parsers (rule 11)."""

import re

# Any byte that is neither ASCII nor white space will do: it never begins or ends a tag, a value or a URL.
_FILLER = b"\xff"

# RFC 1468, RFC 1554, RFC 2237, RFC 1557: designate, use, return, all before the end of the line. What does
# not return to ASCII on its line is read in two ways by decoders, and stays unmatched here.
_RUN = re.compile(
    rb"\x1b(?:\$\(?[@-Z]|\(I)[^\x1b\r\n]*+(?=\x1b)"  # two-byte characters, or half-width katakana
    rb"|\x1b\([BHJ]"  # back to ASCII, or to JIS-Roman, which differs from it in \ and ~ alone
    rb"|\x1b\$\)[A-Z]"  # ISO-2022-KR: names what SO shifts to
    rb"|\x1b\.[A-Z]"  # ISO-2022-JP-2: names what a single shift takes from
    rb"|\x1bN[^\x1b\r\n]"
    rb"|\x0e[^\x0e\x0f\r\n]*+\x0f"  # SO to SI
)


def mask_escapes(source: bytes, codec: str) -> bytes | None:
    """Return `source` with every run of multibyte characters replaced by filler of the same length.

    None where a run does not end as it should, so that nobody can say which bytes are characters. Text
    in another codec comes back as it is.
    """
    if not codec.startswith("iso-2022"):
        return source
    masked = _RUN.sub(lambda run: _FILLER * len(run[0]), source)
    return None if b"\x1b" in masked or b"\x0e" in masked else masked
