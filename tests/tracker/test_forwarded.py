from ipaddress import ip_network

from tests.tracker.asking import CLICK_PATH, Asking

TRUSTED = (ip_network("10.0.0.0/8"),)


def test_hits_carry_the_address_of_the_client() -> None:
    ask = Asking(trusted=TRUSTED)
    headers = [(b"host", b"t.example"), (b"x-forwarded-for", b"198.51.100.1")]
    ask(CLICK_PATH, headers=headers, client=("10.0.0.1", 1))
    ask(CLICK_PATH, headers=headers, client=("203.0.113.9", 1))
    ask(CLICK_PATH, headers=headers, client=None)
    assert [hit.address for hit in ask.hits] == ["198.51.100.1", "203.0.113.9", ""]
