"""The exchange behind AUTH, without a wire."""

import asyncio
import contextlib
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.authentication import Login, read_login
from relay.replies import Refused


class Answers:
    """A client that answers challenges with lines that were written beforehand."""

    def __init__(self, *lines: bytes) -> None:
        self._lines = list(lines)
        self.challenges: list[bytes] = []

    async def __call__(self, challenge: bytes) -> bytes:
        self.challenges.append(challenge)
        return self._lines.pop(0)


def said(*parts: str) -> bytes:
    return b64encode("\0".join(parts).encode())


def login(argument: str, *lines: bytes) -> Login:
    answers = Answers(*lines)
    found = asyncio.run(read_login(argument, answers))
    assert answers._lines == []
    return found


def refusal(argument: str, *lines: bytes) -> str:
    with pytest.raises(Refused) as refused:
        login(argument, *lines)
    return refused.value.reply.line()


ANN = Login(username="ann", password="sécret ☂")


@pytest.mark.parametrize("name", ["PLAIN", "plain", "Plain"])
def test_plain_with_the_command(name: str) -> None:
    assert login(f"{name} {said('', 'ann', ANN.password).decode()}") == ANN


def test_plain_in_answer_to_an_empty_challenge() -> None:
    answers = Answers(said("", "ann", ANN.password))
    assert asyncio.run(read_login("PLAIN", answers)) == ANN
    assert answers.challenges == [b""]


def test_plain_may_name_oneself_to_act_as_and_nobody_else() -> None:
    assert login("PLAIN", said("ann", "ann", ANN.password)) == ANN
    assert refusal("PLAIN", said("bob", "ann", ANN.password)).startswith("535 5.7.8")


@pytest.mark.parametrize("argument", ["LOGIN", f"LOGIN {b64encode(b'ann').decode()}"])
def test_login(argument: str) -> None:
    username = () if " " in argument else (b64encode(b"ann"),)
    answers = Answers(*username, b64encode(ANN.password.encode()))
    assert asyncio.run(read_login(argument, answers)) == ANN
    assert answers.challenges == [b"Username:", b"Password:"][-1 - len(username) :]


@pytest.mark.parametrize(
    ("argument", "lines", "reply"),
    [
        ("", (), "501 5.5.4"),
        ("CRAM-MD5", (), "504 5.5.4"),
        ("PLAIN *", (), "501 5.5.2"),
        ("PLAIN", (b"*",), "501 5.7.0"),
        ("LOGIN", (b"*",), "501 5.7.0"),
        ("LOGIN", (b64encode(b"ann"), b"*"), "501 5.7.0"),
        ("PLAIN", (b"not base64!",), "501 5.5.2"),
        ("PLAIN", (b"YWI",), "501 5.5.2"),
        ("PLAIN YWI= YWI=", (), "501 5.5.2"),
        ("PLAIN é", (), "501 5.5.2"),
        ("LOGIN", (b"\xff",), "501 5.5.2"),
        ("PLAIN", (b64encode(b"\0ann\0\xff"),), "501 5.5.2"),
        ("LOGIN", (b64encode(b"\xff"), b""), "501 5.5.2"),
        ("PLAIN =", (), "501 5.5.2"),
        ("PLAIN", (said("ann", "x"),), "501 5.5.2"),
        ("PLAIN", (said("", "ann", ""),), "501 5.5.2"),
        ("PLAIN", (said("", "", "x"),), "501 5.5.2"),
        ("PLAIN", (said("", "ann", "x", "y"),), "501 5.5.2"),
    ],
)
def test_what_is_no_login(argument: str, lines: tuple[bytes, ...], reply: str) -> None:
    assert refusal(argument, *lines).startswith(reply)


def test_a_password_is_not_shown() -> None:
    assert ANN.password not in repr(ANN)


@given(st.sampled_from(["PLAIN", "LOGIN"]), st.text(), st.lists(st.binary(), min_size=2, max_size=2))
def test_whatever_is_said_is_a_login_or_refused(name: str, initial: str, lines: list[bytes]) -> None:
    with contextlib.suppress(Refused):
        asyncio.run(read_login(f"{name} {initial}", Answers(*lines)))


@given(st.text(min_size=1).filter(lambda text: "\0" not in text))
def test_whatever_a_password_is_it_arrives_as_it_was(password: str) -> None:
    assert login("PLAIN", said("", "ann", password)) == Login(username="ann", password=password)
