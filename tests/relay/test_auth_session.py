"""Signing in, and what a client that has or has not may do: over real sockets, and over TLS."""

import logging
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

import pytest

from accounts.directory import AccountDirectory
from accounts.lockout import LockoutRule
from accounts.model import Credential, Network, SendingLimits
from domains.directory import Directory
from relay.listener import Listener, Protocol, Tls
from relay.settings import LOOPBACK
from tests.accounts.builders import PASSWORD, credential, project
from tests.domains.builders import sending_domain
from tests.relay.certificates import Certificates
from tests.relay.harness import MESSAGE, STRANGERS, Client, RunningRelay, until
from tests.relay.scene import between, run, run_in_loop
from tests.smtp_upstream import ScriptedUpstream

CERTIFICATES = Certificates()
IMPLICIT, OFFERED = Listener(tls=Tls.IMPLICIT), Listener(tls=Tls.OFFERED)
SHOP = 2
SHOPS = credential("shop-aaaaaaaa", number=7, project=SHOP)
FORGED = MESSAGE.replace(b"app@shop.example", b"app@bank.example")


class Accounts:
    """What an operator changes while the relay runs."""

    def __init__(
        self, *credentials: Credential, networks: Iterable[Network] = STRANGERS, shops: tuple[str, ...] = ()
    ) -> None:
        self.credentials = list(credentials)
        self.networks = tuple(networks)
        self.shops = shops

    def __call__(self) -> AccountDirectory:
        projects = [project(), project(SHOP, "shop", *self.shops)]
        return AccountDirectory.build(projects, self.credentials, [], default_networks=self.networks)


def domains() -> Directory:
    return Directory.build(
        [], [sending_domain("shop.example", project=SHOP), sending_domain("bank.example", project=3)]
    )


def play_over_tls(play: Any, accounts: Accounts, **options: Any) -> None:
    options = {"listener": IMPLICIT, "directory": domains, **options}
    run(play, tls=CERTIFICATES.server, accounts=accounts, **options)


def plain(username: str = SHOPS.username, password: str = PASSWORD) -> str:
    return f"AUTH PLAIN {b64encode(f'{chr(0)}{username}{chr(0)}{password}'.encode()).decode()}"


async def greeted(relay: RunningRelay) -> Client:
    """Return a client that spoke TLS and said EHLO."""
    client = await relay.connect(tls=CERTIFICATES.client)
    await client.say("EHLO client.test")
    return client


async def signed_in(relay: RunningRelay) -> Client:
    client = await greeted(relay)
    assert (await client.say(plain())).startswith("235 2.7.0")
    return client


def test_a_stranger_that_signs_in_may_relay() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await greeted(relay)
        assert (await client.say("MAIL FROM:<app@shop.example>")).startswith("530 5.7.0")
        assert (await client.say(plain())).startswith("235 2.7.0")
        assert (await client.deliver()).startswith("250")
        assert (upstream.taken[0].content or b"").count(b"with ESMTPSA id") == 1  # RFC 3848
        assert [message.project for message in relay.messages] == [SHOP]
        assert relay.counted("sign_ins_total", result="accepted") == 1

    play_over_tls(play, Accounts(SHOPS))


def test_login_with_challenges() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await greeted(relay)
        assert await client.say("AUTH LOGIN") == "334 VXNlcm5hbWU6"
        assert await client.say(b64encode(SHOPS.username.encode()) + b"\r\n") == "334 UGFzc3dvcmQ6"
        assert (await client.say(b64encode(PASSWORD.encode()) + b"\r\n")).startswith("235")
        assert (await client.deliver()).startswith("250")

    play_over_tls(play, Accounts(SHOPS))


def test_plain_with_a_challenge_and_a_change_of_mind() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await greeted(relay)
        assert await client.say("AUTH PLAIN") == "334 "
        assert (await client.say("*")).startswith("501")
        assert await client.say("AUTH PLAIN") == "334 "
        assert (await client.say(plain().split()[2])).startswith("235")

    play_over_tls(play, Accounts(SHOPS))


def test_it_is_offered_only_where_it_can_be_used() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.connect()
        assert "AUTH" not in await client.say("EHLO client.test")
        assert (await client.say(plain())).startswith("538 5.7.11")
        await client.say("STARTTLS")
        await client.start_tls(CERTIFICATES.client)
        assert (await client.say(plain())).startswith("503")  # EHLO is to be said again
        assert "AUTH PLAIN LOGIN" in (await client.say("EHLO client.test")).replace("250 ", "")
        assert (await client.say(plain())).startswith("235")
        assert "AUTH" not in await client.say("EHLO client.test")
        assert (await client.say(plain())).startswith("503")

    play_over_tls(play, Accounts(SHOPS), listener=OFFERED)


def test_without_credentials_there_is_nothing_to_offer() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.connect(tls=CERTIFICATES.client)
        assert "AUTH" not in await client.say("EHLO client.test")
        assert (await client.say(plain())).startswith("535 5.7.8")
        assert (await client.say("MAIL FROM:<app@shop.example>")).startswith("550 5.7.1")

    play_over_tls(play, Accounts())


def test_12_no_password_is_taken_in_clear_from_whatever_address() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        for command in (plain(), "AUTH PLAIN", "AUTH LOGIN"):
            assert (await client.say(command)).startswith("538 5.7.11")

    run(play, accounts=Accounts(SHOPS, networks=LOOPBACK))


def test_signing_in_has_its_place() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.connect(tls=CERTIFICATES.client)
        assert (await client.say(plain())).startswith("503 5.5.1")
        await client.say("HELO client.test")
        assert (await client.say(plain())).startswith("503 5.5.1")
        await client.say("EHLO client.test")
        await client.envelope("b@there.example")
        assert (await client.say(plain())).startswith("503 5.5.1")
        assert (await client.data(MESSAGE)).startswith("250")
        assert (await client.say(plain())).startswith("235")

    play_over_tls(play, Accounts(SHOPS, networks=LOOPBACK))


@pytest.mark.parametrize("login", [plain(password="wrong"), plain(username="shop-none")])
def test_a_wrong_login_is_no_login(login: str) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await greeted(relay)
        assert await client.say(login) == "535 5.7.8 Username or password is wrong"
        assert (await client.say("MAIL FROM:<app@shop.example>")).startswith("530 5.7.0")
        assert (await client.say(plain())).startswith("235")
        assert relay.counted("sign_ins_total", result="refused") == 1

    play_over_tls(play, Accounts(SHOPS))


def test_12_an_address_that_tries_on_is_locked_out() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        for _ in range(LockoutRule().failures):
            client = await greeted(relay)
            assert (await client.say(plain(password="wrong"))).startswith("535")
        client = await greeted(relay)
        assert (await client.say(plain())).startswith("421 4.7.0")
        assert await client.at_end()
        assert relay.counted("sign_ins_total", result="locked") == 1
        relay.clock.now += LockoutRule().lock
        assert (await (await greeted(relay)).say(plain())).startswith("235")

    play_over_tls(play, Accounts(SHOPS))


def test_who_is_locked_out_may_still_do_what_needs_no_login() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        for _ in range(LockoutRule().failures):
            await (await greeted(relay)).say(plain(password="wrong"))
        assert (await (await greeted(relay)).deliver()).startswith("250")

    play_over_tls(play, Accounts(SHOPS, networks=LOOPBACK))


def test_where_it_cannot_be_checked_the_client_comes_again() -> None:
    def broken() -> AccountDirectory:
        if checking:
            raise LookupError
        return accounts()

    accounts, checking = Accounts(SHOPS), list[bool]()

    async def scene() -> None:
        tls = CERTIFICATES.server
        async with between(listener=IMPLICIT, tls=tls, accounts=broken, directory=domains) as (_, relay):
            client = await greeted(relay)
            checking.append(True)
            assert await client.say(plain()) == "454 4.7.0 Cannot check that now, try again later"
            checking.clear()
            assert (await client.say(plain())).startswith("235")
            assert relay.counted("faults_total", of="session") == 1

    run_in_loop(scene())


def test_a_revoked_credential_ends_the_session_at_its_next_message() -> None:
    accounts = Accounts(SHOPS, networks=LOOPBACK)

    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await signed_in(relay)
        assert (await client.deliver()).startswith("250")
        accounts.credentials.clear()
        assert (await client.say("MAIL FROM:<app@shop.example>")).startswith("421 4.7.0")
        assert await client.at_end()
        assert (await (await greeted(relay)).say(plain())).startswith("535")

    play_over_tls(play, accounts)


def test_a_network_that_is_taken_back_admits_nobody_any_more() -> None:
    accounts = Accounts(networks=LOOPBACK)

    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        assert (await client.deliver()).startswith("250")
        accounts.networks = ()
        assert (await client.say("MAIL FROM:<app@shop.example>")).startswith("550 5.7.1")

    run(play, accounts=accounts)


def test_a_network_sends_for_its_project() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        await (await relay.ready()).deliver()
        assert [message.project for message in relay.messages] == [SHOP]

    run(play, accounts=Accounts(networks=LOOPBACK, shops=("127.0.0.1/32",)))


@pytest.mark.parametrize(
    ("sender", "reply"),
    [
        ("app@shop.example", "250"),
        ("app@News.Shop.Example", "250"),
        ("", "250"),
        ("app@bank.example", "550 5.7.1"),
        ("app@stranger.example", "550 5.7.1"),
        ("app@[127.0.0.1]", "550 5.7.1"),
    ],
)
def test_a_login_is_bound_to_the_sending_domains_of_its_project(sender: str, reply: str) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await signed_in(relay)
        assert (await client.say(f"MAIL FROM:<{sender}>")).startswith(reply)

    play_over_tls(play, Accounts(SHOPS))


@pytest.mark.parametrize("where", ["before", "behind", "beyond a megabyte"])
def test_so_is_every_address_in_from(where: str) -> None:
    header = {
        "before": b"From: ceo@bank.example\r\n" + MESSAGE,
        "behind": MESSAGE.replace(b"<app@shop.example>", b"<app@shop.example>, ceo@bank.example"),
        "beyond a megabyte": b"X: y\r\n" * 200_000 + FORGED,
    }[where]

    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await signed_in(relay)
        assert (await client.envelope("b@there.example"))[-1].startswith("250")
        assert (await client.data(header)).startswith("550 5.7.1")
        assert upstream.taken == []
        assert (await client.deliver()).startswith("250")

    play_over_tls(play, Accounts(SHOPS))


def test_the_settings_can_leave_logins_unbound() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await signed_in(relay)
        assert (await client.deliver(FORGED)).startswith("250")
        assert (await client.say("MAIL FROM:<x@bank.example>")).startswith("250")

    play_over_tls(play, Accounts(SHOPS), bind_senders=False)


def test_a_network_is_not_bound() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        assert (await (await greeted(relay)).deliver(FORGED)).startswith("250")

    play_over_tls(play, Accounts(SHOPS, networks=LOOPBACK))


def test_a_login_counts_more_than_the_network() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await signed_in(relay)
        assert (await client.say("MAIL FROM:<x@bank.example>")).startswith("550 5.7.1")

    play_over_tls(play, Accounts(SHOPS, networks=LOOPBACK))


def test_messages_and_recipients_of_a_credential_are_limited() -> None:
    limited = credential(
        SHOPS.username, project=SHOP, limits=SendingLimits(messages_per_minute=2, recipients_per_day=3)
    )

    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await signed_in(relay)
        replies = await client.envelope(*["b@there.example"] * 4, sender="app@shop.example")
        assert [reply[:9] for reply in replies] == ["250 2.1.0"] + ["250 2.1.5"] * 3 + ["450 4.7.1"]
        assert (await client.data(MESSAGE)).startswith("250")
        assert (await client.say("MAIL FROM:<app@shop.example>")).startswith("250")
        await client.say("RSET")
        reply = await client.say("MAIL FROM:<app@shop.example>")
        assert reply == "450 4.7.1 Too many messages, try again in 30 seconds"
        relay.clock.now += 30
        assert (await client.say("MAIL FROM:<app@shop.example>")).startswith("250")

    play_over_tls(play, Accounts(limited))


def test_a_stranger_that_signed_in_is_not_trusted_with_bare_newlines() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await signed_in(relay)
        await client.envelope("b@there.example")
        assert (await client.data(MESSAGE + b"a\nb\r\n")).startswith("521 5.5.2")

    play_over_tls(play, Accounts(SHOPS))


def test_guessing_ends_the_connection() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await greeted(relay)
        for _ in range(3):
            assert (await client.say("AUTH PLAIN !")).startswith("501")
        assert (await client.say("AUTH PLAIN !")).startswith("421 4.7.0")
        assert await client.at_end()

    play_over_tls(play, Accounts(SHOPS), hard_errors=4)


def test_a_client_that_goes_away_in_the_middle_is_no_fault() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await greeted(relay)
        await client.say("AUTH LOGIN")
        client.close()
        await until(lambda: not relay.relay.connected)

    play_over_tls(play, Accounts(SHOPS))


def test_an_answer_without_end_is_refused() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await greeted(relay)
        await client.say("AUTH PLAIN")
        assert (await client.say("A" * 5_000)).startswith("500 5.5.2")
        assert (await client.say(plain())).startswith("235")

    play_over_tls(play, Accounts(SHOPS))


def test_over_lmtp() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.connect(tls=CERTIFICATES.client)
        assert "AUTH PLAIN LOGIN" in await client.say("LHLO client.test")
        assert (await client.say("MAIL FROM:<app@shop.example>")).startswith("530")
        assert (await client.say(plain())).startswith("235")
        assert (await client.deliver()).startswith("250")
        assert b"with LMTPSA id" in (upstream.taken[0].content or b"")
        assert [message.project for message in relay.messages] == [SHOP]

    run(
        play,
        listener=Listener(protocol=Protocol.LMTP, tls=Tls.IMPLICIT),
        tls=CERTIFICATES.server,
        accounts=Accounts(SHOPS),
        directory=domains,
    )


def test_the_log_tells_of_attempts_and_never_of_passwords(caplog: pytest.LogCaptureFixture) -> None:
    def fields() -> list[dict[str, object]]:
        return [{"event": record.message, **record.__dict__["fields"]} for record in caplog.records]

    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await greeted(relay)
        await client.say(plain(password="wrong"))
        await client.say(plain(username=PASSWORD, password=SHOPS.username))
        await client.say(plain())
        await client.deliver()

    with caplog.at_level(logging.INFO, "waypost.mail"):
        play_over_tls(play, Accounts(SHOPS))
    client, user = {"client": "127.0.0.1"}, {"credential": SHOPS.username}
    refused, mistaken, accepted, relayed = fields()
    assert refused == {"event": "sign-in-refused", **client, **user, "result": "refused"}
    assert mistaken["credential"] == "(a password)"
    assert accepted == {"event": "signed-in", **client, **user, "result": "accepted"}
    assert (relayed["event"], relayed["credential"], relayed["project"]) == ("relayed", SHOPS.username, SHOP)
    assert PASSWORD not in caplog.text + str(fields())
    assert b64encode(PASSWORD.encode()).decode()[:20] not in caplog.text + str(fields())
