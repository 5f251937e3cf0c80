"""Fuzz `rewriter.rewrite` with broken mail: `fuzz.engine` says how to run it."""

from fuzz.engine import Target, main, pieces

# What sends a parser another way; a line of them is a kind: MIME, encodings, HTML, links.
DICTIONARY = r"""
Content-Type: |multipart/mixed|; boundary=|; boundary*=us-ascii''|; charset=|message/rfc822|(|)|*0=|--
text/html|List-Unsubscribe: <|Content-Transfer-Encoding: |base64|quoted-printable|=3D|=\r\n|==
\r\n|\n|\r\n\r\n|\x00|\xff\xfe|\x1b$B|\x1b(B|\xe9
<a href=|"|'|>|/>|<!--|-->|--!>|<!--[if mso]>|<![endif]-->|<body>|</body>|</html>|<html |<frameset>
<frame src=|<noframes>|<textarea>|<title>|<svg>|<math>|<desc>|<template>|</template>|<plaintext>|<select>
<option>|<table>|<noscript>|<script>|<style>|<iframe>|<form>|<button>|<nobr>|<b>|</p>|<base href=
<area href=|<v:rect href=|https://e.ex/|<https://|&amp;|&copy|{{|[[|{{waypost:pixel}}|data-waypost=off
ses:tags=
"""


def tokens() -> list[bytes]:
    """Return the pieces of the dictionary."""
    return pieces(DICTIONARY)


if __name__ == "__main__":
    # The C parsers are not instrumented: their paths show in what the rewriter does with what they return.
    main(Target(name="rewriting", instrumented="rewriter", module="fuzz.target", tokens=tokens()))
