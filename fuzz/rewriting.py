"""Fuzz `rewriter.rewrite` with broken mail, guided by coverage (atheris: Linux, Python before 3.14).

    python -m fuzz.rewriting --seconds 60
    python -m fuzz.rewriting FILE ...    try inputs again; needs no atheris

Inputs that reach new code are kept in `var/fuzz/corpus` for the next run. An input that fails is written to
`var/fuzz/crash-…`, one that takes ten seconds to `var/fuzz/timeout-…`, and the exit status is not 0.
"""

import argparse
import importlib
import importlib.util
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

FOUND = Path(__file__).parents[1] / "var" / "fuzz"
CORPUS = FOUND / "corpus"
SLOW_SECONDS = 10

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


def main(arguments: Sequence[str] | None = None) -> None:
    """Run for some seconds, or try the named inputs."""
    parser = argparse.ArgumentParser(description="Fuzz the rewriter.")
    parser.add_argument("inputs", nargs="*", type=Path)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1, help="of libFuzzer; 0: another one in each run")
    options = parser.parse_args(arguments)
    if options.inputs:
        target = importlib.import_module("fuzz.target")
        for path in options.inputs:
            target.try_one(path.read_bytes())
    elif importlib.util.find_spec("atheris") is None:
        sys.exit("atheris is not installed: it needs Linux and Python before 3.14")
    else:
        fuzz(options.seconds, options.seed)


def fuzz(seconds: int, seed: int) -> None:
    """Hand over to libFuzzer, which ends the process."""
    atheris = importlib.import_module("atheris")
    # The C parsers are not instrumented: their paths show in what the rewriter does with what they return.
    with atheris.instrument_imports(include=["rewriter"]):
        target = importlib.import_module("fuzz.target")
    CORPUS.mkdir(parents=True, exist_ok=True)
    for message in target.seeds():
        (CORPUS / f"seed-{zlib.crc32(message):08x}").write_bytes(message)
    dictionary = FOUND / "dictionary"
    dictionary.write_text("".join(f'"{_escaped(token)}"\n' for token in tokens()), "ascii")
    flags = (f"-max_total_time={seconds}", f"-seed={seed}", f"-dict={dictionary}", f"-timeout={SLOW_SECONDS}")
    atheris.Setup([sys.argv[0], *flags, f"-artifact_prefix={FOUND}/", str(CORPUS)], target.try_one)
    atheris.Fuzz()


def tokens() -> list[bytes]:
    """Return the pieces of the dictionary."""
    written = DICTIONARY.strip("\n").replace("\n", "|")
    return [piece.encode("ascii").decode("unicode_escape").encode("latin-1") for piece in written.split("|")]


def _escaped(token: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in token)


if __name__ == "__main__":
    main()
