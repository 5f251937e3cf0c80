"""Fuzzing guided by coverage (atheris: Linux, Python before 3.14).

    python -m fuzz.rewriting --seconds 60
    python -m fuzz.session --seconds 60
    python -m fuzz.client_hello --seconds 60
    python -m fuzz.rewriting FILE ...    try inputs again; needs no atheris

Inputs that reach new code are kept in `var/fuzz/NAME/corpus` for the next run. An input that fails is written
to `var/fuzz/NAME/crash-…`, one that takes ten seconds to `var/fuzz/NAME/timeout-…`, and the exit status is
not 0.
"""

import argparse
import importlib
import importlib.util
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FOUND = Path(__file__).parents[1] / "var" / "fuzz"
SLOW_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is fuzzed. `module` has `try_one(input)`, which raises AssertionError, and `seeds()`."""

    name: str
    instrumented: str  # the package whose coverage guides
    module: str
    tokens: Sequence[bytes]  # pieces that mean something to it


def main(target: Target, arguments: Sequence[str] | None = None) -> None:
    """Run for some seconds, or try the named inputs."""
    parser = argparse.ArgumentParser(description=f"Fuzz {target.name}.")
    parser.add_argument("inputs", nargs="*", type=Path)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1, help="of libFuzzer; 0: another one in each run")
    options = parser.parse_args(arguments)
    if options.inputs:
        tried = importlib.import_module(target.module)
        for path in options.inputs:
            tried.try_one(path.read_bytes())
    elif importlib.util.find_spec("atheris") is None:
        sys.exit("atheris is not installed: it needs Linux and Python before 3.14")
    else:
        fuzz(target, options.seconds, options.seed)


def fuzz(target: Target, seconds: int, seed: int) -> None:
    """Hand over to libFuzzer, which ends the process."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=[target.instrumented]):
        module = importlib.import_module(target.module)
    found = FOUND / target.name
    corpus = found / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for given in module.seeds():
        (corpus / f"seed-{zlib.crc32(given):08x}").write_bytes(given)
    dictionary = found / "dictionary"
    dictionary.write_text("".join(f'"{_escaped(token)}"\n' for token in target.tokens), "ascii")
    flags = (f"-max_total_time={seconds}", f"-seed={seed}", f"-dict={dictionary}", f"-timeout={SLOW_SECONDS}")
    atheris.Setup([sys.argv[0], *flags, f"-artifact_prefix={found}/", str(corpus)], module.try_one)
    atheris.Fuzz()


def pieces(dictionary: str) -> list[bytes]:
    """Return what stands between bars and line endings, its escapes read."""
    written = dictionary.strip("\n").replace("\n", "|")
    return [piece.encode("ascii").decode("unicode_escape").encode("latin-1") for piece in written.split("|")]


def _escaped(token: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in token)
