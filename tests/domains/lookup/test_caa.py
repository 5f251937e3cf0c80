import pytest

from domains.dns_answer import Unanswered
from domains.evidence import CaaAnswer, CaaStatus
from domains.lookup.caa import caa_for, judge
from domains.lookup.reply import Ask, Reply
from tests.domains.lookup.internet import HOST, TARGET, Internet

OURS = "letsencrypt.org"
Records = dict[tuple[str, str], tuple[str, ...] | Unanswered]


def asking(records: Records) -> Ask:
    def ask(name: str, kind: str) -> Reply:
        found = records.get((name, kind), ())
        if isinstance(found, Unanswered):
            raise found
        return Reply(values=found)

    return ask


@pytest.mark.parametrize(
    ("records", "detail"),
    [
        ((f'0 issue "{OURS}"',), ""),
        (('0 issue "LetsEncrypt.org"',), ""),
        (('0 issue " letsencrypt.org "',), ""),
        ((f'0 ISSUE "{OURS}"',), ""),
        ((f'128 issue "{OURS}"',), ""),
        (('0 issue "other.example"', f'0 issue "{OURS}"'), ""),
        (('0 issue ";"', f'0 issue "{OURS}"'), ""),
        (('0 issuewild ";"',), ""),
        (('0 iodef "mailto:security@example.com"',), ""),
        (('128 iodef "mailto:security@example.com"',), ""),
        (('0 unheardof "x"',), ""),
        ((f'0 issue "{OURS}; policy=ev"',), ""),
        ((f'0 issue "{OURS};accounturi=https://acme.example/acct/1"',), "restricted by accounturi"),
        (
            (f'0 issue "{OURS}; validationmethods=dns-01 ; accounturi = https://acme.example/1"',),
            "restricted by accounturi and validationmethods",
        ),
        ((f'0 issue "{OURS}; validationmethods=dns-01"', f'0 issue "{OURS}"'), ""),
    ],
)
def test_allowed(records: tuple[str, ...], detail: str) -> None:
    assert judge("example.com", records, OURS) == CaaAnswer(
        status=CaaStatus.ALLOWED, found_at="example.com", records=records, detail=detail
    )


@pytest.mark.parametrize(
    ("records", "detail"),
    [
        (('0 issue ";"',), "no authority may issue"),
        (('0 issue ""',), "no authority may issue"),
        (('0 issue "other.example"',), "only other.example may issue"),
        (('0 issue "b.example"', '0 issue "a.example; x=y"'), "only a.example, b.example may issue"),
        (('0 issue "other.example"', f'0 issuewild "{OURS}"'), "only other.example may issue"),
        (('0 issue "notletsencrypt.org"',), "only notletsencrypt.org may issue"),
        (
            (f'0 issue "{OURS}"', '128 unheardof "x"'),
            "the critical property 'unheardof' forbids all authorities",
        ),
    ],
)
def test_forbidden(records: tuple[str, ...], detail: str) -> None:
    assert judge("example.com", records, OURS) == CaaAnswer(
        status=CaaStatus.FORBIDDEN, found_at="example.com", records=records, detail=detail
    )


def test_no_record_up_to_the_top_allows() -> None:
    assert caa_for(HOST, OURS, asking({})) == CaaAnswer(status=CaaStatus.ALLOWED)


def test_the_nearest_records_decide_alone() -> None:
    records: Records = {(HOST, "CAA"): (f'0 issue "{OURS}"',), ("example.com", "CAA"): ('0 issue ";"',)}
    assert caa_for(HOST, OURS, asking(records)).status is CaaStatus.ALLOWED


@pytest.mark.parametrize("parent", ["example.com", "com"])
def test_parents_are_climbed(parent: str) -> None:
    answer = caa_for(HOST, OURS, asking({(parent, "CAA"): ('0 issue ";"',)}))
    assert (answer.status, answer.found_at) == (CaaStatus.FORBIDDEN, parent)


def test_what_a_cname_leads_to_decides_before_the_parents() -> None:
    records: Records = {
        (HOST, "CNAME"): ("edge.example.net",),
        ("edge.example.net", "CNAME"): (TARGET,),
        (TARGET, "CAA"): (f'0 issue "{OURS}"',),
        ("example.com", "CAA"): ('0 issue ";"',),
    }
    answer = caa_for(HOST, OURS, asking(records))
    assert (answer.status, answer.found_at) == (CaaStatus.ALLOWED, HOST)


def test_the_parents_of_an_alias_are_not_climbed() -> None:
    records: Records = {(HOST, "CNAME"): (TARGET,), ("waypost.test", "CAA"): ('0 issue ";"',)}
    assert caa_for(HOST, OURS, asking(records)).status is CaaStatus.ALLOWED


@pytest.mark.parametrize("question", [(HOST, "CAA"), (HOST, "CNAME"), ("example.com", "CAA")])
def test_a_fault_on_the_way_is_unknown(question: tuple[str, str]) -> None:
    answer = caa_for(HOST, OURS, asking({question: Unanswered("no reply")}))
    assert answer == CaaAnswer(status=CaaStatus.UNKNOWN, detail="no reply")


def test_a_fault_behind_the_answer_is_not_met() -> None:
    records: Records = {(HOST, "CAA"): (f'0 issue "{OURS}"',), ("example.com", "CAA"): Unanswered("no reply")}
    assert caa_for(HOST, OURS, asking(records)).status is CaaStatus.ALLOWED


def test_a_circle_of_cnames_is_unknown() -> None:
    assert caa_for(HOST, OURS, asking({(HOST, "CNAME"): (HOST,)})).status is CaaStatus.UNKNOWN


def test_records_over_the_wire_at_the_authority(internet: Internet) -> None:
    internet.create(HOST, "CNAME", TARGET)
    internet.create("example.com", "CAA", '0 issue "other.example; x=y"')
    internet.create("example.com", "CAA", '0 iodef "mailto:security@example.com"')
    internet.recursor.add("example.com", "CAA", '0 issue ";"')
    assert internet.resolver().caa_for(HOST, OURS) == CaaAnswer(
        status=CaaStatus.FORBIDDEN,
        found_at="example.com",
        records=('0 issue "other.example; x=y"', '0 iodef "mailto:security@example.com"'),
        detail="only other.example may issue",
    )
