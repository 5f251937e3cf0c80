from itertools import pairwise

import pytest

from domains.addresses import is_public
from domains.dns_answer import DnsAnswer, DnsStatus, Unanswered
from domains.lookup.authoritative import MAX_REFERRALS
from domains.lookup.delegations import MAX_SERVERS, SECONDS
from tests.dns_server import DnsServer, Failure, Question
from tests.domains.lookup.internet import HOST, TARGET, TARGET_ADDRESS, Internet


def asked_about(server: DnsServer, name: str) -> list[str]:
    return [question.kind for question in server.questions if question.name == name]


def test_each_name_is_asked_for_at_its_own_authority(internet: Internet) -> None:
    internet.create(HOST, "CNAME", TARGET)
    assert internet.resolver().look_up(HOST) == DnsAnswer(
        host=HOST,
        status=DnsStatus.FOUND,
        chain=(TARGET,),
        addresses=(TARGET_ADDRESS,),
        asked=internet.server_name(internet.first),
    )
    assert asked_about(internet.of_target, TARGET) == ["CNAME", "A", "AAAA"]
    assert not asked_about(internet.recursor, HOST)
    assert not asked_about(internet.recursor, TARGET)


def test_authorities_are_asked_without_recursion(internet: Internet) -> None:
    internet.create(HOST, "CNAME", TARGET)
    internet.resolver().look_up(HOST)
    assert not any(question.recursive for question in internet.first.questions + internet.of_target.questions)
    assert all(question.recursive for question in internet.recursor.questions)


def test_what_the_recursor_remembers_of_the_host_does_not_count(internet: Internet) -> None:
    internet.recursor.add(HOST, "CNAME", "old.example.net")
    internet.create(HOST, "CNAME", TARGET)
    assert internet.resolver().look_up(HOST).chain == (TARGET,)


def test_a_name_that_does_not_exist_is_a_definite_no(internet: Internet) -> None:
    internet.recursor.add(HOST, "CNAME", TARGET)
    answer = internet.resolver().look_up(HOST)
    assert (answer.status, answer.asked) == (DnsStatus.NO_RECORD, internet.server_name(internet.first))


def test_a_host_far_below_its_zone(internet: Internet) -> None:
    internet.create("a.b.c.example.com", "CNAME", TARGET)
    assert internet.resolver().look_up("a.b.c.example.com").chain == (TARGET,)


def test_a_name_of_one_label_is_left_to_the_recursor(internet: Internet) -> None:
    internet.recursor.add("localname", "A", "192.0.2.7")
    assert internet.resolver().look_up("localname").addresses == ("192.0.2.7",)


@pytest.mark.parametrize("failure", [Failure.SERVFAIL, Failure.REFUSED, Failure.LAME, Failure.REFERRAL])
def test_one_server_that_answers_is_enough(internet: Internet, failure: Failure) -> None:
    internet.create(HOST, "CNAME", TARGET)
    internet.first.fail_all(failure)
    answer = internet.resolver().look_up(HOST)
    assert (answer.chain, answer.asked) == ((TARGET,), internet.server_name(internet.second))


def test_a_silent_server_is_passed_over_and_then_left_alone_for_seconds(internet: Internet) -> None:
    now = 0.0
    internet.create(HOST, "CNAME", TARGET)
    internet.first.fail_all(Failure.DROP)
    resolver = internet.resolver(timeout=0.2, monotonic=lambda: now)
    assert resolver.look_up(HOST).asked == internet.server_name(internet.second)
    assert asked_about(internet.first, HOST) == ["CNAME"]
    assert resolver.look_up(HOST).asked == internet.server_name(internet.second)
    assert asked_about(internet.first, HOST) == ["CNAME"]
    now = SECONDS
    internet.first.fail_all(None)
    assert resolver.look_up(HOST).asked == internet.server_name(internet.first)


def test_a_lately_silent_server_is_asked_where_the_others_fail(internet: Internet) -> None:
    internet.create(HOST, "CNAME", TARGET)
    internet.first.fail_all(Failure.DROP)
    resolver = internet.resolver(timeout=0.2)
    resolver.look_up(HOST)
    internet.first.fail_all(None)
    internet.second.fail_all(Failure.SERVFAIL)
    assert resolver.look_up(HOST).asked == internet.server_name(internet.first)


def test_an_answer_counts_though_the_next_server_refers_to_others(internet: Internet) -> None:
    internet.first.add(HOST, "CNAME", TARGET)
    internet.second.delegate(HOST, {f"ns1.{HOST}": internet.spare.address})
    answer = internet.resolver().look_up(HOST)
    assert (answer.chain, answer.asked) == ((TARGET,), internet.server_name(internet.first))


def test_the_word_of_one_server_counts_where_the_other_fails(internet: Internet) -> None:
    internet.recursor.add(HOST, "CNAME", TARGET)
    internet.second.fail_all(Failure.SERVFAIL)
    answer = internet.resolver().look_up(HOST)
    assert (answer.status, answer.disagreement) == (DnsStatus.NO_RECORD, "")


@pytest.mark.parametrize("failure", [Failure.SERVFAIL, Failure.REFUSED, Failure.LAME, Failure.REFERRAL])
def test_the_recursor_is_asked_where_all_authorities_fail(internet: Internet, failure: Failure) -> None:
    internet.recursor.add(HOST, "CNAME", TARGET)
    internet.first.fail_all(failure)
    internet.second.fail_all(failure)
    answer = internet.resolver().look_up(HOST)
    assert (answer.status, answer.chain) == (DnsStatus.FOUND, (TARGET,))
    assert answer.asked == f"the resolver 127.0.0.1 port {internet.port}"


def test_the_recursor_is_asked_where_all_authorities_are_silent(internet: Internet) -> None:
    internet.recursor.add(HOST, "CNAME", TARGET)
    internet.first.fail_all(Failure.DROP)
    internet.second.fail_all(Failure.DROP)
    assert internet.resolver(timeout=0.1).look_up(HOST).chain == (TARGET,)


def test_where_nobody_answers_each_is_named(internet: Internet) -> None:
    internet.first.fail_all(Failure.SERVFAIL)
    internet.second.fail_all(Failure.REFUSED)
    internet.recursor.fail(HOST, Failure.SERVFAIL)
    answer = internet.resolver().look_up(HOST)
    assert answer.status is DnsStatus.UNKNOWN
    assert answer.detail == (
        f"the DNS server {internet.server_name(internet.first)} answered SERVFAIL; "
        f"the DNS server {internet.server_name(internet.second)} answered REFUSED; "
        f"the DNS server 127.0.0.1 port {internet.port} answered SERVFAIL"
    )


def test_a_dead_recursor_is_named_once(internet: Internet) -> None:
    internet.recursor.fail_all(Failure.REFUSED)
    answer = internet.resolver().look_up(HOST)
    assert answer.status is DnsStatus.UNKNOWN
    assert answer.detail == f"the DNS server 127.0.0.1 port {internet.port} answered REFUSED"


def test_a_cut_off_answer_is_asked_for_again_by_tcp(internet: Internet) -> None:
    internet.create(HOST, "CNAME", TARGET)
    internet.first.fail(HOST, Failure.TRUNCATE)
    assert internet.resolver().look_up(HOST).chain == (TARGET,)
    assert Question(HOST, "CNAME", "tcp", recursive=False) in internet.first.questions


def test_several_cnames_are_counted(internet: Internet) -> None:
    internet.create(HOST, "CNAME", TARGET)
    internet.create(HOST, "CNAME", "old.example.net")
    assert internet.resolver().look_up(HOST).status is DnsStatus.BROKEN


def test_records_beside_the_cname(internet: Internet) -> None:
    internet.create(HOST, "CNAME", TARGET)
    internet.create(HOST, "MX", "10 mail.example.com.")
    answer = internet.resolver().look_up(HOST)
    assert (answer.status, answer.chain, answer.beside) == (DnsStatus.FOUND, (TARGET,), ("MX",))


def test_a_circle_across_zones(internet: Internet) -> None:
    internet.create(HOST, "CNAME", "a.waypost.test")
    internet.of_target.add("a.waypost.test", "CNAME", HOST)
    assert internet.resolver().look_up(HOST).status is DnsStatus.BROKEN


def test_a_chain_without_end(internet: Internet) -> None:
    for name, after in pairwise([HOST, *(f"c{number}.example.com" for number in range(50))]):
        internet.create(name, "CNAME", after)
    assert internet.resolver().look_up(HOST).status is DnsStatus.BROKEN


def test_a_dangling_cname(internet: Internet) -> None:
    internet.create(HOST, "CNAME", "gone.waypost.test")
    answer = internet.resolver().look_up(HOST)
    assert (answer.status, answer.addresses, answer.detail) == (DnsStatus.FOUND, (), "")


@pytest.mark.parametrize("has_it", ["first", "second"])
def test_servers_that_disagree_are_named_and_the_record_counts(internet: Internet, has_it: str) -> None:
    server: DnsServer = getattr(internet, has_it)
    server.add(HOST, "CNAME", TARGET)
    answer = internet.resolver().look_up(HOST)
    assert (answer.status, answer.chain) == (DnsStatus.FOUND, (TARGET,))
    assert answer.asked == internet.server_name(server)
    said = {
        internet.first: "no CNAME record",
        internet.second: "no CNAME record",
        server: TARGET,
    }
    assert answer.disagreement == (
        "the DNS servers of example.com do not agree: "
        f"{internet.server_name(internet.first)} has {said[internet.first]}; "
        f"{internet.server_name(internet.second)} has {said[internet.second]}"
    )


def test_servers_that_agree_are_not_said_to_differ(internet: Internet) -> None:
    internet.create(HOST, "CNAME", TARGET)
    assert internet.resolver().look_up(HOST).disagreement == ""
    assert asked_about(internet.second, HOST) == ["CNAME"]


def test_the_only_server_of_a_zone_is_asked_once(internet: Internet) -> None:
    internet.serve("lonely.test", internet.spare)
    internet.recursor.add("ns1.lonely.test", "AAAA", "::1")
    internet.spare.add("track.lonely.test", "CNAME", TARGET)
    internet.resolver().look_up("track.lonely.test")
    assert asked_about(internet.spare, "track.lonely.test") == ["CNAME", "A", "AAAA", "MX", "TXT"]
    assert asked_about(internet.recursor, "ns1.lonely.test") == ["A"]


def test_a_server_with_an_ipv6_address_alone_is_asked_there(internet: Internet) -> None:
    internet.recursor.add("six.test", "NS", "ns1.six.test")
    internet.recursor.add("ns1.six.test", "AAAA", "::1")
    internet.recursor.add("track.six.test", "CNAME", TARGET)
    asked: list[str] = []
    internet.resolver(may_ask=lambda address: bool(asked.append(address))).look_up("track.six.test")
    assert asked[0] == "::1"


def test_a_delegated_subdomain_is_asked_for_at_its_own_servers(internet: Internet) -> None:
    for parent in (internet.first, internet.second):
        parent.delegate(HOST, {f"ns1.{HOST}": internet.spare.address})
    internet.spare.add(HOST, "A", TARGET_ADDRESS)
    answer = internet.resolver().look_up(HOST)
    assert (answer.status, answer.addresses) == (DnsStatus.ADDRESS_ONLY, (TARGET_ADDRESS,))
    assert answer.asked == f"ns1.{HOST} ({internet.spare.address} port {internet.port})"
    assert asked_about(internet.first, HOST) == ["CNAME"]  # the referral is remembered


def test_a_referral_without_glue_is_resolved(internet: Internet) -> None:
    internet.first.delegate(HOST, {"ns.elsewhere.test": ""})
    internet.recursor.add("ns.elsewhere.test", "A", internet.spare.address)
    internet.spare.add(HOST, "A", TARGET_ADDRESS)
    assert internet.resolver().look_up(HOST).addresses == (TARGET_ADDRESS,)


@pytest.mark.parametrize("zone", ["com", "example.com", "elsewhere.test"])
def test_a_referral_that_does_not_lead_down_is_not_followed(internet: Internet, zone: str) -> None:
    internet.second.fail_all(Failure.REFUSED)
    internet.first.fail_all(None)
    internet.first.delegate(HOST, {})
    internet.first.delegate(zone, {"ns.evil.test": internet.spare.address})
    internet.recursor.add(HOST, "CNAME", TARGET)
    answer = internet.resolver().look_up(HOST)
    assert not internet.spare.questions
    assert answer.asked.startswith("the resolver")


def test_a_server_that_refers_to_itself_is_lame(internet: Internet) -> None:
    internet.first.delegate(HOST, {f"ns1.{HOST}": internet.spare.address})
    internet.spare.delegate(HOST, {f"ns1.{HOST}": internet.spare.address})
    assert internet.resolver().look_up(HOST).asked.startswith("the resolver")
    assert asked_about(internet.spare, HOST) == ["CNAME"]


def test_referrals_are_followed_so_far(internet: Internet) -> None:
    zone = "example.com"
    way = (internet.first, internet.second, internet.of_target, internet.spare, internet.recursor)
    for number, (server, after) in enumerate(pairwise(way)):
        zone = f"z{number}.{zone}"
        server.delegate(zone, {f"ns.{zone}": after.address})
    answer = internet.resolver().look_up(f"track.{zone}")
    assert answer.asked.startswith("the resolver")
    assert len(way) - 1 == MAX_REFERRALS
    assert asked_about(internet.spare, f"track.{zone}") == ["CNAME"]


def test_private_addresses_are_not_asked(internet: Internet) -> None:
    internet.recursor.add(HOST, "CNAME", TARGET)
    answer = internet.resolver(may_ask=is_public).look_up(HOST)
    assert answer.asked.startswith("the resolver")
    assert not internet.first.questions + internet.second.questions + internet.of_target.questions


def test_glue_to_a_private_address_is_not_asked(internet: Internet) -> None:
    for parent in (internet.first, internet.second):
        parent.delegate(HOST, {f"ns1.{HOST}": internet.spare.address})
    internet.recursor.fail(HOST, Failure.SERVFAIL)
    answer = internet.resolver(may_ask=lambda address: address != internet.spare.address).look_up(HOST)
    assert answer.status is DnsStatus.UNKNOWN
    assert f"no DNS server of {HOST} has an address that may be asked" in answer.detail
    assert not internet.spare.questions


def test_a_zone_that_lists_many_servers_does_not_make_us_ask_for_all(internet: Internet) -> None:
    internet.first.delegate(HOST, {f"ns{number}.victim.test": "" for number in range(50)})
    internet.resolver().look_up(HOST)
    asked = {each.name for each in internet.recursor.questions if each.name.endswith("victim.test")}
    assert len(asked) == MAX_SERVERS


def test_delegations_are_remembered_for_seconds(internet: Internet) -> None:
    now = 0.0
    internet.create(HOST, "CNAME", TARGET)
    resolver = internet.resolver(monotonic=lambda: now)
    resolver.look_up(HOST)
    once = len(internet.recursor.questions)
    resolver.look_up(HOST)
    assert len(internet.recursor.questions) == once
    now = SECONDS
    resolver.look_up(HOST)
    assert len(internet.recursor.questions) == 2 * once


def test_authorities_leave_half_of_the_time_to_the_recursor(internet: Internet) -> None:
    internet.recursor.add(HOST, "CNAME", TARGET)
    internet.recursor.add(TARGET, "A", TARGET_ADDRESS)
    internet.create(HOST, "CNAME", "wrong.example.net")
    internet.first.fail_all(Failure.SERVFAIL)
    # A second passes with each question to the first server; it is given half of one and a half seconds.
    resolver = internet.resolver(lifetime=1.5, monotonic=lambda: float(len(internet.first.questions)))
    answer = resolver.look_up(HOST)
    assert answer.chain == (TARGET,)
    assert not internet.second.questions


def test_text_records_come_from_the_authority(internet: Internet) -> None:
    internet.create("_waypost.example.com", "TXT", "proof")
    assert internet.resolver().txt_records("_waypost.example.com") == ("proof",)


def test_text_records_that_nobody_tells(internet: Internet) -> None:
    for server in internet.servers:
        server.fail("_waypost.example.com", Failure.SERVFAIL)
    with pytest.raises(Unanswered, match="SERVFAIL"):
        internet.resolver().txt_records("_waypost.example.com")
