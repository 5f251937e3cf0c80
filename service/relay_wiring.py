"""From settings to a generation of the relay: in this process, or in workers."""

from dataclasses import replace

from service.relay_generation import Generation, LocalRelay
from service.settings import Settings, UpstreamSection
from service.wiring import Live, build_relay
from service.workers.messages import Begin
from service.workers.pool import WorkerPool, worker_count
from service.workers.process import WorkerProcess


def new_generation(settings: Settings, live: Live) -> Generation:
    """Return the relay that the settings describe, not started. Raises OperatorError."""
    count = worker_count(settings.relay.workers)
    if count == 1:
        return LocalRelay(build_relay(settings, live), grace=settings.relay.stop_seconds)
    share = worker_share(settings, count)
    return WorkerPool(count, lambda: _spawn(share, live), ended=live.numbers.ended)


async def _spawn(settings: Settings, live: Live) -> WorkerProcess:
    numbers, slot = live.numbers, live.numbers.take_slot()
    begin = Begin(
        settings=settings,
        directory=live.directory.current,
        accounts=live.accounts.current,
        numbers=numbers.directory,
        slot=slot,
    )
    try:
        worker = await WorkerProcess.spawn(begin)
    except BaseException:
        numbers.give_back(slot)
        raise
    numbers.began(worker.pid, slot)
    return worker


def worker_share(settings: Settings, count: int) -> Settings:
    """Return what each of `count` workers gets of what is limited for all of them together."""
    in_flight = max(1, settings.relay.max_bytes_in_flight // count)
    return replace(
        settings,
        relay=replace(settings.relay, max_bytes_in_flight=in_flight),
        upstream=_pool_share(settings.upstream, count),
        upstreams={name: _pool_share(section, count) for name, section in settings.upstreams.items()},
    )


def _pool_share(section: UpstreamSection, count: int) -> UpstreamSection:
    return replace(section, pool_size=max(1, section.pool_size // count))
