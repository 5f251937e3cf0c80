import threading
from collections.abc import Iterator

import pytest

from domains.checking import check_each
from domains.model import TrackingDomain
from tests.domains.builders import tracking_domain

PATIENCE = 20.0


def numbered(count: int) -> list[TrackingDomain]:
    return [tracking_domain(f"t{number}.example.com") for number in range(count)]


def name(domain: TrackingDomain) -> str:
    return domain.name


@pytest.mark.parametrize("count", [0, 1, 3, 4, 20])
def test_each_domain_is_checked_once(count: int) -> None:
    found = list(check_each(numbered(count), name, concurrency=3))
    assert sorted(found) == sorted(domain.name for domain in numbered(count))


def test_no_more_than_so_many_are_under_way() -> None:
    meeting = threading.Barrier(3)
    lock = threading.Lock()
    under_way = [0, 0]  # now, most

    def check(_: TrackingDomain) -> None:
        with lock:
            under_way[0] += 1
            under_way[1] = max(under_way)
        meeting.wait(PATIENCE)
        with lock:
            under_way[0] -= 1

    assert len(list(check_each(numbered(12), check, concurrency=3))) == 12
    assert under_way == [0, 3]


def test_a_slow_domain_holds_up_no_other() -> None:
    others_done = threading.Event()

    def check(domain: TrackingDomain) -> str:
        if domain.name == "t0.example.com":
            assert others_done.wait(PATIENCE)
        return domain.name

    found = []
    for result in check_each(numbered(20), check, concurrency=2):
        found.append(result)
        if len(found) == 19:
            others_done.set()
    assert found[-1] == "t0.example.com"


def test_domains_are_read_as_threads_become_free() -> None:
    read: list[str] = []

    def domains() -> Iterator[TrackingDomain]:
        for domain in numbered(10):
            read.append(domain.name)
            yield domain

    results = check_each(domains(), name, concurrency=2)
    next(results)
    assert len(read) <= 3
    results.close()  # type: ignore[attr-defined]


def test_what_a_check_raises_comes_out() -> None:
    def check(domain: TrackingDomain) -> str:
        raise LookupError(domain.name)

    with pytest.raises(LookupError, match=r"t0\.example\.com"):
        list(check_each(numbered(1), check, concurrency=2))
