from relay.ehlo import ehlo_lines, offer
from relay.upstream.port import Capabilities

EVERYTHING = Capabilities(size=0, eight_bit=True, utf8=True, dsn=True, enhanced_codes=True)


def test_what_the_upstream_lacks_is_not_offered() -> None:
    assert offer(1000, Capabilities()) == Capabilities(size=1000)


def test_what_the_upstream_has_is_offered() -> None:
    assert offer(1000, EVERYTHING) == Capabilities(
        size=1000, eight_bit=True, utf8=True, dsn=True, enhanced_codes=True
    )


def test_internationalised_addresses_are_not_offered_without_8_bit() -> None:
    assert offer(1000, Capabilities(utf8=True)) == Capabilities(size=1000)
    assert offer(1000, Capabilities(utf8=True, eight_bit=True)).utf8


def test_the_smaller_size_counts_less_room_for_growth() -> None:
    assert offer(1000, Capabilities(size=100_000_000)).size == 1000
    assert offer(100_000_000, Capabilities(size=10_000_000)).size == 10_000_000 - 256 * 1024
    assert offer(100_000_000, Capabilities(size=1000)).size == 750


def test_an_upstream_never_reached_may_have_everything() -> None:
    assert offer(1000, None) == offer(1000, EVERYTHING)


def test_the_lines() -> None:
    assert ehlo_lines("relay.test", Capabilities(size=1000, eight_bit=True), starttls=False, auth=False) == (
        b"250-relay.test\r\n250-SIZE 1000\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
    )
    assert ehlo_lines("relay.test", Capabilities(size=1), starttls=False, auth=False).endswith(
        b"\r\n250 PIPELINING\r\n"
    )


def test_starttls_is_offered_where_it_is_to_be() -> None:
    assert ehlo_lines("relay.test", Capabilities(size=1000), starttls=True, auth=False).endswith(
        b"250 STARTTLS\r\n"
    )


def test_auth_is_offered_where_it_is_to_be() -> None:
    lines = ehlo_lines("relay.test", Capabilities(size=1000), starttls=False, auth=True)
    assert lines.endswith(b"250 AUTH PLAIN LOGIN\r\n")
