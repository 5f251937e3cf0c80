"""Fuzz the parser of ClientHellos: `fuzz.engine` says how to run it."""

from fuzz.engine import Target, main, pieces

# Records, messages, extensions (server_name, ALPN), lengths at their limits.
DICTIONARY = r"""
\x16\x03\x01|\x16\x03\x03\x00\x01\x01|\x01\x00\x00|\x03\x03|\x03\x02|\x17\x03\x03|\x40\x00|\x40\x01|\xff\xff
\x00\x00|\x00\x10|\x00\x0c\x02h2\x08http/1.1|\x00\x00\x09a.example|.|\x80\x2e\x01
"""

if __name__ == "__main__":
    main(
        Target(
            name="client_hello",
            instrumented="tracker.tls",
            module="fuzz.client_hello_target",
            tokens=pieces(DICTIONARY),
        )
    )
