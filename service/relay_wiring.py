"""From settings to a generation of the relay: in this process, or in workers."""

from dataclasses import replace
from functools import partial

from service.live.seed import Seed
from service.relay_generation import Generation, LocalRelay
from service.settings import Settings, UpstreamSection
from service.wiring import Live, build_relay
from service.workers.messages import Begin
from service.workers.numbers import Kind
from service.workers.pool import in_slot, worker_count
from service.workers.process import spawn
from service.workers.relay_process import RelayPool, RelayProcess


def new_generation(settings: Settings, live: Live) -> Generation:
    """Return the relay that the settings describe, not started. Raises OperatorError."""
    count = worker_count(settings.relay.workers)
    if count == 1:
        return LocalRelay(build_relay(settings, live), grace=settings.relay.stop_seconds)
    share = worker_share(settings, count)
    numbers = live.numbers
    return RelayPool(
        count,
        lambda: in_slot(numbers, partial(_spawn, share, live)),
        ended=numbers.ended,
        died=partial(numbers.died, Kind.RELAY),
    )


async def _spawn(settings: Settings, live: Live, slot: int) -> RelayProcess:
    seed = Seed(directory=live.directory.current, accounts=live.accounts.current)
    begin = Begin(settings=settings, seed=seed, numbers=live.numbers.directory, slot=slot)
    return await spawn(RelayProcess, Kind.RELAY, begin)


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
