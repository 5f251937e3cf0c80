"""Run the named benchmarks, or all of them."""

import importlib
import sys

NAMES = (
    "rewriter",
    "links",
    "events",
    "shipping",
    "directory",
    "freshness",
    "dns_lookups",
    "tracker",
    "checks",
    "webhooks",
    "relay",
)
EXTRA = (
    "tls",
    "first_handshakes",
    "event_statistics",
    "retention",
    "web",
)  # need nginx, Pebble, minutes: by their names alone


def main() -> None:
    """Print each benchmark's tables under its name."""
    wanted = sys.argv[1:] or NAMES
    unknown = sorted(set(wanted) - {*NAMES, *EXTRA})
    if unknown:
        sys.exit(f"unknown: {', '.join(unknown)}; there are {', '.join((*NAMES, *EXTRA))}")
    for name in wanted:
        print(f"\n# {name}\n", flush=True)
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
