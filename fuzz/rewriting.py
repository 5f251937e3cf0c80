"""Fuzz `rewriter.rewrite` with broken mail; the invariants are those of the property tests.

    python -m fuzz.rewriting --seconds 60

Seeds are the golden cases and our own corpus. With atheris installed (`pip install atheris`) libFuzzer looks
for new paths through the code, and keeps what it found in `var/fuzz/rewriting` for the next run; without, the
seeds are mutated at random. Either way a failing input is written to a file and the exit status is not 0:

    python -m fuzz.rewriting FILE       try one input again
"""

import argparse
import importlib
import importlib.util
import random
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.rewriter.invariants import POLICIES, check_all

ROOT = Path(__file__).parents[1]
SEEDS = (ROOT / "tests" / "golden", ROOT / "tests" / "corpus" / "mime")
FOUND = ROOT / "var" / "fuzz" / "rewriting"

# What sends a parser another way: put in by the mutator, and told to libFuzzer as a dictionary.
_TOKENS = (
    *(
        b"\r\n",
        b"\n",
        b"\r\n\r\n",
        b"=\r\n",
        b"=3D",
        b"==",
        b"=",
        b"--",
        b"\0",
        b"\xff\xfe",
        b"\x1b$B",
        b"\x1b(B",
    ),
    *(
        b"<a href=",
        b'"',
        b"'",
        b">",
        b"<!--",
        b"-->",
        b"<!--[if mso]>",
        b"<![endif]-->",
        b"</body>",
        b"<textarea>",
    ),
    *(
        b"<svg>",
        b"<title>",
        b"<template>",
        b"<plaintext>",
        b"https://e.ex/",
        b"&amp;",
        b"{{",
        b"[[",
        b"<v:rect href=",
    ),
    *(
        b"Content-Type: text/html\r\n",
        b"Content-Type: multipart/mixed; boundary=",
        b"; charset=",
        b"(",
        b")",
        b"*0=",
    ),
    *(
        b"Content-Transfer-Encoding: base64\r\n",
        b"quoted-printable",
        b"message/rfc822",
        b"; boundary*=us-ascii''",
    ),
)


def try_one(message: bytes) -> None:
    """Check one input, under the policy that its checksum picks."""
    check_all(message, POLICIES[zlib.crc32(message) % len(POLICIES)])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run for some seconds, or try the named inputs."""
    parser = argparse.ArgumentParser(description="Fuzz the rewriter.")
    parser.add_argument("inputs", nargs="*", type=Path)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1, help="of the random mutations")
    options = parser.parse_args(arguments)
    if options.inputs:
        for path in options.inputs:
            try_one(path.read_bytes())
        return 0
    FOUND.mkdir(parents=True, exist_ok=True)
    if importlib.util.find_spec("atheris"):
        return _run_atheris(options.seconds, options.seed)
    return _run_mutations(options.seconds, random.Random(options.seed))  # noqa: S311 - no secret


def _run_atheris(seconds: int, seed: int) -> int:
    atheris = importlib.import_module("atheris")
    # The C parsers are not instrumented: their paths show in what Python does with what they return.
    atheris.instrument_all()
    dictionary = FOUND.with_suffix(".dict")
    dictionary.write_text("".join(f'"{_escaped(token)}"\n' for token in _TOKENS), "ascii")
    libfuzzer = [f"-max_total_time={seconds}", f"-seed={seed}", f"-dict={dictionary}", "-timeout=10"]
    atheris.Setup(
        [sys.argv[0], *libfuzzer, f"-artifact_prefix={FOUND.parent}/", str(FOUND), *map(str, SEEDS)], try_one
    )
    atheris.Fuzz()  # exits
    return 0


def _escaped(token: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in token)


def _run_mutations(seconds: int, rng: random.Random) -> int:
    end = time.monotonic() + seconds
    tried = 0
    for message in mutants(seeds(), rng):
        if time.monotonic() > end:
            break
        try:
            try_one(message)
        except Exception:
            failed = FOUND.parent / f"crash-{zlib.crc32(message):08x}"
            failed.write_bytes(message)
            print(f"failed: {failed}", file=sys.stderr)
            raise
        tried += 1
    print(f"{tried} inputs, nothing found (atheris is not installed: random mutations)")
    return 0


def seeds() -> list[bytes]:
    """Return the messages that mutants descend from."""
    return [path.read_bytes() for folder in SEEDS for path in sorted(folder.rglob("*.eml"))]


def mutants(originals: Sequence[bytes], rng: random.Random) -> Iterator[bytes]:
    """Yield broken copies for ever: cut, doubled, mixed, with tokens and bytes put in."""
    while True:
        message = rng.choice(originals)
        for _ in range(rng.randint(1, 6)):
            start, end = sorted(rng.randint(0, len(message)) for _ in range(2))
            end = min(end, start + 200)
            other = rng.choice(originals)
            piece = rng.choice(
                [b"", rng.choice(_TOKENS), rng.randbytes(2), message[start:end] * 2, other[start:end]]
            )
            message = message[:start] + piece + message[rng.choice([start, end]) :]
        yield message


if __name__ == "__main__":
    sys.exit(main())
