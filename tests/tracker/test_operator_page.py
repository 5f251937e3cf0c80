from tests.tracker.asking import Asking
from tracker import OperatorPage


def test_says_what_it_is_and_whom_to_write_to() -> None:
    page = OperatorPage(
        operator="Example Mail Ltd",
        abuse_contact="abuse@example.net",
        privacy_contact="https://example.net/privacy",
    )
    answer = Asking(page=page)("/")
    text = answer.body.decode()
    assert answer.status == 200
    assert answer.header("content-type") == "text/html; charset=utf-8"
    assert "Example Mail Ltd" in text
    assert '<a href="mailto:abuse@example.net">abuse@example.net</a>' in text
    assert '<a href="https://example.net/privacy">https://example.net/privacy</a>' in text


def test_leaves_out_what_is_not_known() -> None:
    text = Asking()("/").body.decode()
    assert "its operator" in text
    assert "<a " not in text
    assert "personal data" not in text


def test_escapes_the_operators_words() -> None:
    evil = '"><script>alert(1)</script>'
    for page in (
        OperatorPage(operator=evil),
        OperatorPage(abuse_contact=evil),
        OperatorPage(abuse_contact=evil + "@example.net"),
        OperatorPage(privacy_contact="https://example.net/" + evil),
    ):
        text = page.response().body.decode()
        assert "&lt;script&gt;" in text
        assert "<script" not in text
        assert '"">' not in text


def test_words_are_no_link() -> None:
    text = OperatorPage(abuse_contact="javascript:alert(1)").response().body.decode()
    assert "<a " not in text
    assert "javascript:alert(1)" in text


def test_allows_nothing_to_run_and_no_frame() -> None:
    policy = Asking()("/").header("content-security-policy")
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    assert "frame-ancestors 'none'" in policy
