"""The process that sends to webhooks: `python -m service.workers.deliverer`."""

import sys
import threading

from sqlalchemy import Engine

from service.webhooks.background import WebhookDeliveries
from service.webhooks.wiring import build_deliveries
from service.workers.background_work import work
from service.workers.messages import BeginWork


def build(begin: BeginWork, engine: Engine, stopping: threading.Event) -> WebhookDeliveries:
    """Return the deliveries."""
    return build_deliveries(begin.settings, engine, begin.owner, stopping)


if __name__ == "__main__":
    sys.exit(work(build))
