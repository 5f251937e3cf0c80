"""Checks many tracking domains at a time: what is slow keeps one thread busy, and holds up no other."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from domains.model import TrackingDomain

Result = TypeVar("Result")


def check_each(
    domains: Iterable[TrackingDomain], check: Callable[[TrackingDomain], Result], *, concurrency: int
) -> Iterator[Result]:
    """Yield what `check` returns for each domain, as it comes, with at most `concurrency` under way.

    `domains` is read no further than there are threads for, so it may go on for ever and may wait. What
    `check` raises comes out here, and so does an exception of `domains`; either way, and where the caller
    stops reading, it ends once the checks under way have.
    """
    with ThreadPoolExecutor(concurrency, thread_name_prefix="domain-check") as pool:
        running: set[Future[Result]] = set()
        for domain in domains:
            running.add(pool.submit(check, domain))
            done, running = wait(running, 0 if len(running) < concurrency else None, FIRST_COMPLETED)
            for future in done:
                yield future.result()
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
