"""Which concrete class stands behind each port of webhooks."""

import ipaddress
import secrets
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from certificates.sealed_keys import KeySeal
from events.webhooks.delivering import Courier
from links import KeyRing
from service.errors import OperatorError
from service.live.key_ring import fresh_ring
from service.monitoring import new_registry
from service.settings import Settings, WebhooksSection
from service.webhooks.background import WebhookDeliveries
from service.webhooks.http_post import HttpPost
from service.webhooks.metrics import DeliveryMetrics
from service.webhooks.seal import SecretSeal
from service.webhooks.tidying import Tidying
from service.workers.background_process import BackgroundProcess, new_background_process
from service.workers.numbers import WorkerNumbers
from storage.webhook_queue import SqlDeliveryQueue
from storage.webhook_store import SqlWebhookStore
from storage.webhook_upkeep import SqlWebhookUpkeep


def build_deliveries(
    settings: Settings, engine: Engine, owner: str, stopping: threading.Event
) -> WebhookDeliveries:
    """Return what sends, in the process that does. Raises OperatorError."""
    section, queue = settings.webhooks, SqlDeliveryQueue(engine)
    seal = secret_seal(fresh_ring(settings.keys))
    courier = Courier(
        queue=queue,
        post=http_post(section),
        seal=seal,
        owner=owner,
        clock=_now,
        monotonic=time.monotonic,
        random=secrets.SystemRandom().random,
        random_bytes=secrets.token_bytes,
        stopping=stopping.is_set,
        counted=DeliveryMetrics(new_registry()).counted,
    )
    tidying = Tidying(
        upkeep=SqlWebhookUpkeep(engine),
        webhooks=SqlWebhookStore(engine).webhooks,
        seal=seal,
        keep=timedelta(days=section.keep_days),
    )
    return WebhookDeliveries(
        queue=queue,
        courier=courier,
        tidy=tidying,
        owner=owner,
        concurrency=section.concurrent_deliveries,
        stopping=stopping,
    )


def new_deliverer(settings: Callable[[], Settings], numbers: WorkerNumbers) -> BackgroundProcess:
    """Return the process that sends, not started."""
    return new_background_process(
        settings, numbers, module="service.workers.deliverer", task="sends to webhooks"
    )


def secret_seal(ring: Callable[[], KeyRing]) -> SecretSeal:
    """Return what seals the secrets of webhooks."""
    return SecretSeal(KeySeal(ring, clock=_now, random=secrets.token_bytes))


def http_post(section: WebhooksSection) -> HttpPost:
    """Return what posts, to share between threads. Raises OperatorError."""
    return HttpPost(tls=_tls(section), private=tuple(map(ipaddress.ip_network, section.allow_private)))


def _tls(section: WebhooksSection) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=section.ca_file)
    except OSError as error:  # ssl.SSLError is one too
        file = section.ca_file
        raise OperatorError(f"webhooks.ca_file: {file} cannot be used: {error}") from None
    context.set_alpn_protocols(["http/1.1"])
    return context


def _now() -> datetime:
    return datetime.now(UTC)
