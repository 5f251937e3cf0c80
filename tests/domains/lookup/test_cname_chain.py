from itertools import pairwise

import pytest

from domains.dns_answer import DnsAnswer, DnsStatus, Unanswered
from domains.lookup.cname_chain import MAX_CHAIN, end_of_chain, follow
from domains.lookup.reply import Ask, Reply

HOST = "track.example.com"
Zone = dict[tuple[str, str], tuple[str, ...] | Unanswered]


def asking(zone: Zone) -> Ask:
    def ask(name: str, kind: str) -> Reply:
        found = zone.get((name, kind), ())
        if isinstance(found, Unanswered):
            raise found
        return Reply(values=found, asked=f"the server of {name}", disagreement=f"about {name}")

    return ask


def look(zone: Zone) -> DnsAnswer:
    return follow(HOST, asking(zone))


def chain_of(length: int) -> Zone:
    names = [HOST, *(f"c{number}.example.net" for number in range(1, length + 1))]
    return {(name, "CNAME"): (after,) for name, after in pairwise(names)}


def test_a_chain_is_followed_to_its_addresses() -> None:
    zone: Zone = {
        (HOST, "CNAME"): ("edge.example.net",),
        ("edge.example.net", "CNAME"): ("links.waypost.test",),
        ("links.waypost.test", "A"): ("192.0.2.1",),
        ("links.waypost.test", "AAAA"): ("2001:db8::1",),
    }
    assert look(zone) == DnsAnswer(
        host=HOST,
        status=DnsStatus.FOUND,
        chain=("edge.example.net", "links.waypost.test"),
        addresses=("192.0.2.1", "2001:db8::1"),
        asked="the server of track.example.com",
        disagreement="about track.example.com",
    )


def test_nothing_at_all_is_no_record() -> None:
    answer = look({})
    assert (answer.status, answer.detail) == (DnsStatus.NO_RECORD, "")


def test_addresses_without_a_cname() -> None:
    answer = look({(HOST, "AAAA"): ("2001:db8::1",)})
    assert (answer.status, answer.addresses) == (DnsStatus.ADDRESS_ONLY, ("2001:db8::1",))


def test_a_dangling_cname_is_found_without_addresses() -> None:
    answer = look({(HOST, "CNAME"): ("gone.example.net",)})
    assert (answer.status, answer.chain, answer.addresses) == (DnsStatus.FOUND, ("gone.example.net",), ())


def test_a_circle_is_broken() -> None:
    answer = look({(HOST, "CNAME"): ("a.example.net",), ("a.example.net", "CNAME"): (HOST,)})
    assert answer.status is DnsStatus.BROKEN
    assert "circle at track.example.com" in answer.detail


def test_a_circle_behind_the_host_is_broken() -> None:
    answer = look(
        {
            (HOST, "CNAME"): ("a.example.net",),
            ("a.example.net", "CNAME"): ("b.example.net",),
            ("b.example.net", "CNAME"): ("a.example.net",),
        }
    )
    assert answer.status is DnsStatus.BROKEN
    assert "circle at a.example.net" in answer.detail


def test_a_host_that_points_to_itself_is_broken() -> None:
    assert look({(HOST, "CNAME"): (HOST,)}).status is DnsStatus.BROKEN


def test_the_longest_chain_is_followed() -> None:
    answer = look(chain_of(MAX_CHAIN))
    assert (answer.status, len(answer.chain)) == (DnsStatus.FOUND, MAX_CHAIN)


def test_a_longer_chain_is_broken() -> None:
    answer = look(chain_of(MAX_CHAIN + 1))
    assert answer.status is DnsStatus.BROKEN
    assert "more than 8" in answer.detail


def test_several_cnames_are_broken_and_none_of_them_counts() -> None:
    answer = look({(HOST, "CNAME"): ("links.waypost.test", "a.example.net")})
    assert (answer.status, answer.chain) == (DnsStatus.BROKEN, ())
    assert "2 CNAME records (a.example.net, links.waypost.test)" in answer.detail


def test_a_fault_at_the_host_is_unknown() -> None:
    answer = look({(HOST, "CNAME"): Unanswered("no reply")})
    assert (answer.status, answer.detail) == (DnsStatus.UNKNOWN, "no reply")


def test_a_fault_within_the_chain_is_unknown_and_keeps_what_was_seen() -> None:
    answer = look(
        {(HOST, "CNAME"): ("edge.example.net",), ("edge.example.net", "CNAME"): Unanswered("no reply")}
    )
    assert (answer.status, answer.chain) == (DnsStatus.UNKNOWN, ("edge.example.net",))


def test_a_fault_behind_the_chain_keeps_the_chain_definite() -> None:
    answer = look({(HOST, "CNAME"): ("a.example.net",), ("a.example.net", "A"): Unanswered("no reply")})
    assert (answer.status, answer.detail) == (DnsStatus.FOUND, "no reply")


def test_no_cname_and_a_fault_for_the_addresses_is_unknown() -> None:
    assert look({(HOST, "AAAA"): Unanswered("no reply")}).status is DnsStatus.UNKNOWN


def test_one_address_is_enough_beside_a_fault() -> None:
    answer = look({(HOST, "A"): ("192.0.2.1",), (HOST, "AAAA"): Unanswered("no reply")})
    assert (answer.status, answer.addresses) == (DnsStatus.ADDRESS_ONLY, ("192.0.2.1",))


def test_records_beside_the_cname_are_named() -> None:
    zone: Zone = {
        (HOST, "CNAME"): ("edge.example.net",),
        (HOST, "MX"): ("10 mail.example.com.",),
        (HOST, "TXT"): ("v=spf1 -all",),
        ("edge.example.net", "A"): ("192.0.2.1",),
    }
    assert look(zone).beside == ("MX", "TXT")


def test_nothing_stands_beside_a_cname_alone() -> None:
    assert look({(HOST, "CNAME"): ("edge.example.net",)}).beside == ()


def test_a_fault_about_what_stands_beside_is_no_fault_of_the_cname() -> None:
    answer = look({(HOST, "CNAME"): ("a.example.net",), (HOST, "MX"): Unanswered("no reply")})
    assert (answer.status, answer.beside, answer.detail) == (DnsStatus.FOUND, (), "")


def test_addresses_are_not_beside_anything() -> None:
    assert look({(HOST, "A"): ("192.0.2.1",), (HOST, "MX"): ("10 mail.example.com.",)}).beside == ()


def test_the_end_of_a_chain() -> None:
    assert end_of_chain(HOST, asking(chain_of(3))) == "c3.example.net"
    assert end_of_chain(HOST, asking({})) == HOST


@pytest.mark.parametrize("zone", [{(HOST, "CNAME"): (HOST,)}, {(HOST, "CNAME"): Unanswered("no reply")}])
def test_a_broken_chain_has_no_end(zone: Zone) -> None:
    with pytest.raises(Unanswered):
        end_of_chain(HOST, asking(zone))
