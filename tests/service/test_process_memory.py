"""Memory of a process that serves."""

import ctypes
import gc
import platform
from collections.abc import Iterator

import pytest

from service import process_memory


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_is_there_from_the_start_is_not_looked_at_again() -> None:
    there = [[]]
    before = gc.get_freeze_count()
    process_memory.settle()
    assert gc.get_freeze_count() > before
    assert not any(found is there for found in gc.get_objects())


def test_what_comes_later_is_still_collected() -> None:
    process_memory.settle()
    loop: list[object] = []
    loop.append(loop)
    del loop
    assert gc.collect() >= 1


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt is glibc's")
def test_glibc_takes_the_settings() -> None:
    assert process_memory.keep_freed_memory()


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert not process_memory.keep_freed_memory()
