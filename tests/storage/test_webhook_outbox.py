"""What is noted for webhooks, and that it is noted exactly where what happened is stored."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from certificates.errors import AuthorityError
from certificates.rules import failed
from domains.model import State, TrackingDomain
from domains.steps import removed
from events.model import HitKind, Verdict
from events.webhooks.model import Kind, Noted
from storage.account_store import SqlAccountStore
from storage.certificate_store import SqlCertificateStore
from storage.database_clock import database_time
from storage.domain_store import SqlDomainStore
from storage.engine import transaction
from storage.event_store import SqlEventStore
from storage.webhook_certificates import note_expiring
from storage.webhook_queue import SqlDeliveryQueue
from storage.webhook_store import SqlWebhookStore
from tests.certificates.builders import ACTIVE, CERTIFICATE, HOST, NOW, RECORD
from tests.domains.store_contract import step_to
from tests.events.records import hit, message, outcome
from tests.events.webhooks.builders import WEBHOOK, webhook

EVERYWHERE = "ffffffffffff"
OTHERS = "eeeeeeeeeeee"


class Scene:
    """A database with two projects, whose webhooks want the same, and one of all projects."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.events = SqlEventStore(engine)
        self.domains = SqlDomainStore(engine)
        self.certificates = SqlCertificateStore(engine)
        self.webhooks = SqlWebhookStore(engine)
        self.other = SqlAccountStore(engine).add_project(name="other", created_at=NOW).id

    def want(self, *kinds: Kind) -> None:
        self.webhooks.add(webhook(kinds=kinds))
        self.webhooks.add(webhook(id=EVERYWHERE, project=None, kinds=kinds))
        self.webhooks.add(webhook(id=OTHERS, project=self.other, kinds=kinds))

    def noted(self, webhook_id: str = WEBHOOK.id) -> list[Noted]:
        return list(SqlDeliveryQueue(self.engine).look(webhook_id, 100).noted)

    def kinds(self, webhook_id: str = WEBHOOK.id) -> list[str]:
        return sorted(each.kind for each in self.noted(webhook_id))

    def domain(self) -> TrackingDomain:
        return self.domains.add_tracking_domain(project=1, name=HOST, target="t.test", created_at=NOW)

    def become(self, domain: TrackingDomain, state: State) -> TrackingDomain:
        return self.domains.record(step_to(domain, state=state, verified_at=NOW))

    def expiring(self) -> int:
        with transaction(self.engine, writes=True, raising=RuntimeError) as connection:
            return note_expiring(connection)

    def database_time(self) -> datetime:
        with transaction(self.engine, writes=False, raising=RuntimeError) as connection:
            return database_time(connection)


@pytest.fixture
def scene(engine: Engine) -> Scene:
    return Scene(engine)


def test_each_kind_of_a_message_is_noted_for_its_project_and_for_all(scene: Scene) -> None:
    scene.want(Kind.CLICK, Kind.RELAYED)
    scene.events.add([message(), hit(1), hit(2, kind=HitKind.OPEN), outcome(3)])
    scene.events.add([outcome(4), outcome(5, verdict=Verdict.REFUSED), hit(6, project=scene.other)])
    assert scene.kinds() == ["click", "relayed", "relayed"]
    assert scene.kinds(EVERYWHERE) == ["click", "click", "relayed", "relayed"]
    [other] = scene.noted(OTHERS)
    assert other == Noted(event=hit(6).id, kind=Kind.CLICK, at=hit(6).at, project=scene.other)


def test_an_outcome_without_its_message_is_told_to_those_of_all_projects_alone(scene: Scene) -> None:
    scene.want(Kind.RELAYED)
    scene.events.add([outcome(1)])
    assert (scene.kinds(), scene.kinds(OTHERS)) == ([], [])
    [noted] = scene.noted(EVERYWHERE)
    assert noted.project is None


def test_a_batch_that_comes_again_is_noted_once(scene: Scene) -> None:
    scene.want(Kind.CLICK)
    for _ in range(2):
        scene.events.add([hit(number) for number in range(100)])
    assert len(scene.noted()) == 100


def test_what_nobody_wants_is_not_noted(scene: Scene) -> None:
    scene.want(Kind.DOMAIN_FAILED)
    scene.events.add([message(), hit(1), outcome(2)])
    domain = scene.become(scene.domain(), State.VERIFIED)
    assert scene.noted(EVERYWHERE) == []
    scene.become(domain, State.FAILED)
    assert scene.kinds() == scene.kinds(EVERYWHERE) == ["domain.failed"]
    assert scene.noted(OTHERS) == []


def test_the_life_of_a_domain(scene: Scene) -> None:
    scene.want(*Kind)
    domain = scene.become(scene.domain(), State.VERIFIED)
    domain = scene.become(domain, State.VERIFIED)
    domain = scene.become(domain, State.FAILED)
    domain = scene.become(domain, State.VERIFIED)
    scene.domains.remove_tracking_domain(removed(domain, NOW), unlinking=())
    found = ["domain.failed", "domain.retired", "domain.verified", "domain.verified"]
    assert scene.kinds() == scene.kinds(EVERYWHERE) == found
    [retired] = [each for each in scene.noted() if each.kind is Kind.DOMAIN_RETIRED]
    assert retired.payload == {
        "domain": HOST,
        "before": "verified",
        "after": "retired",
        "cause": "removed",
        "detail": "",
    }
    assert retired.at == round(NOW.timestamp() * 1000)


def test_a_change_that_is_undone_is_not_noted(scene: Scene) -> None:
    scene.want(*Kind)
    domain = scene.domain()
    scene.become(domain, State.VERIFIED)
    with pytest.raises(Exception, match="changed meanwhile"):
        scene.become(domain, State.FAILED)
    assert scene.kinds() == ["domain.verified"]


def test_certificates_that_come_and_fail(scene: Scene) -> None:
    scene.want(*Kind)
    scene.domain()
    error = AuthorityError("dns", "no such name")
    put: Callable[..., object] = scene.certificates.put
    record = scene.certificates.put(failed(RECORD, error, NOW))
    assert record is not None
    record = scene.certificates.put(failed(record, error, NOW))
    assert record is not None
    assert scene.kinds() == ["certificate.failed"]
    put(replace(record, certificate=CERTIFICATE, failures=0, problem=None))
    assert scene.kinds() == ["certificate.active", "certificate.failed"]
    put(replace(scene.certificates.find(HOST), due_at=NOW))
    assert len(scene.noted()) == 2
    came, fault = sorted(scene.noted(), key=lambda each: each.kind)
    assert came.payload is not None
    assert came.payload["problem"] is None
    assert came.payload["not_after"] == round(CERTIFICATE.not_after.timestamp() * 1000)
    assert fault.payload is not None
    assert fault.payload["problem"] == {"type": "dns", "detail": "no such name"}
    assert fault.payload["host"] == HOST


def test_a_host_without_a_domain_is_told_to_those_of_all_projects_alone(scene: Scene) -> None:
    scene.want(*Kind)
    scene.certificates.put(ACTIVE)
    assert (scene.kinds(), scene.kinds(EVERYWHERE)) == ([], ["certificate.active"])


@pytest.mark.parametrize(
    ("lifetime", "left", "told"), [(90, 8, 0), (90, 6, 1), (90, -1, 0), (6, 5, 0), (6, 1, 1)]
)
def test_a_certificate_that_expires_soon_is_told_once(
    scene: Scene, lifetime: int, left: int, told: int
) -> None:
    scene.want(Kind.CERTIFICATE_EXPIRING)
    scene.become(scene.domain(), State.VERIFIED)
    end = scene.database_time() + timedelta(days=left)
    short = replace(CERTIFICATE, not_before=end - timedelta(days=lifetime), not_after=end)
    scene.certificates.put(replace(ACTIVE, certificate=short))
    assert [scene.expiring(), scene.expiring()] == [told, 0]
    assert scene.kinds() == ["certificate.expiring"] * told
    scene.certificates.put(
        replace(scene.certificates.find(HOST), certificate=replace(short, fingerprint="another"))
    )
    assert scene.expiring() == told


def test_one_of_a_domain_that_is_not_in_use_is_not_told(scene: Scene) -> None:
    scene.want(Kind.CERTIFICATE_EXPIRING)
    scene.domain()
    soon = scene.database_time() + timedelta(days=1)
    scene.certificates.put(replace(ACTIVE, certificate=replace(CERTIFICATE, not_after=soon)))
    assert scene.expiring() == 0
