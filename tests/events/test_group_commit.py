import asyncio
import threading

import pytest

from events.group_commit import GroupCommit


class Disk:
    """A sync that a test lets go on, one at a time."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.goes_on = threading.Semaphore(0)
        self.syncs = 0
        self.answer = True

    def sync(self) -> bool:
        self.syncs += 1
        self.begun.release()
        self.goes_on.acquire()
        return self.answer


def test_one_sync_stands_for_all_that_wait() -> None:
    disk = Disk()
    commit = GroupCommit(disk.sync)

    async def run() -> None:
        first = asyncio.create_task(commit.on_disk())
        await asyncio.to_thread(disk.begun.acquire)
        later = [asyncio.create_task(commit.on_disk()) for _ in range(50)]
        await asyncio.sleep(0)
        disk.goes_on.release()
        assert await first
        # The first sync began before the later ones had written: it says nothing of them.
        assert not any(task.done() for task in later)
        await asyncio.to_thread(disk.begun.acquire)
        disk.goes_on.release()
        assert all(await asyncio.gather(*later))

    asyncio.run(run())
    commit.close()
    assert disk.syncs == 2


def test_nothing_runs_where_nobody_waits() -> None:
    disk = Disk()
    disk.goes_on.release()
    disk.goes_on.release()
    commit = GroupCommit(disk.sync)

    async def run() -> None:
        assert await commit.on_disk()
        assert disk.syncs == 1
        assert await commit.on_disk()

    asyncio.run(run())
    commit.close()
    assert disk.syncs == 2


def test_a_failure_is_told_to_all_of_its_group_and_to_no_other() -> None:
    disk = Disk()
    commit = GroupCommit(disk.sync)

    async def run() -> None:
        disk.answer = False
        both = asyncio.gather(commit.on_disk(), commit.on_disk())
        disk.goes_on.release()
        assert await both == [False, False]
        disk.answer = True
        disk.goes_on.release()
        assert await commit.on_disk()

    asyncio.run(run())
    commit.close()


def test_who_gives_up_waiting_leaves_the_others_alone() -> None:
    disk = Disk()
    commit = GroupCommit(disk.sync)

    async def run() -> None:
        impatient = asyncio.create_task(commit.on_disk())
        patient = asyncio.create_task(commit.on_disk())
        await asyncio.to_thread(disk.begun.acquire)
        impatient.cancel()
        disk.goes_on.release()
        assert await patient
        with pytest.raises(asyncio.CancelledError):
            await impatient

    asyncio.run(run())
    commit.close()


def test_a_sync_that_raises_leaves_nobody_waiting() -> None:
    def broken() -> bool:
        raise RuntimeError("a fault of ours")

    commit = GroupCommit(broken)
    told: list[dict[str, object]] = []

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        assert not await commit.on_disk()

    asyncio.run(run())
    commit.close()
