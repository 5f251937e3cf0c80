import base64

from events.webhooks.signing import shown, signature, signed_headers

SECRET = bytes(range(32))


def test_the_example_of_the_specification() -> None:
    """https://github.com/standard-webhooks/standard-webhooks: the vector of its libraries' tests."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_is_shown_as_receivers_expect_it() -> None:
    assert shown(SECRET) == "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def test_each_secret_signs() -> None:
    headers = signed_headers([SECRET, b"x" * 32], "msg_1", 5, b"{}")
    assert headers["webhook-id"] == "msg_1"
    assert headers["webhook-timestamp"] == "5"
    assert headers["webhook-signature"].split() == [
        signature(SECRET, "msg_1", 5, b"{}"),
        signature(b"x" * 32, "msg_1", 5, b"{}"),
    ]
