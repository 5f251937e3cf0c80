"""What a process and all that it started use, from Linux' /proc."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 20.0  # seconds
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process tree, with what its ended children used."""
    total = 0
    for member in _tree(pid):
        total += sum(int(field) for field in _stat(member)[11:15])  # utime, stime, cutime, cstime
    return total / _TICKS


def memory(pid: int) -> int:
    """Return the octets of memory of a process tree; pages shared by several count once."""
    return sum(_kilobytes(member, "smaps_rollup", "Pss:") for member in _tree(pid)) * 1024


def peak_memory(pid: int) -> int:
    """Return the most octets that a process has had in memory since `forget_peak`."""
    return _kilobytes(pid, "status", "VmHWM:") * 1024


def forget_peak(pid: int) -> int:
    """Begin the peak anew at what the process has now, and return that."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return peak_memory(pid)


@contextmanager
def running(
    command: Sequence[str | Path], port: int, *, greets: bool = True, **options: object
) -> Iterator[int]:
    """Run a command that listens on a port; return its process id once it does, end it at the end."""
    process = subprocess.Popen(command, **options)  # type: ignore[call-overload]
    try:
        await_port(port, process, greets=greets)
        yield process.pid
    finally:
        process.terminate()
        process.wait(PATIENCE)


def await_port(port: int, process: "subprocess.Popen[bytes]", *, greets: bool = True) -> None:
    """Wait until something listens on a port of this machine, and has said something where it `greets`."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
                if greets:
                    client.recv(1)
                return
        except OSError:
            if time.monotonic() > deadline or process.poll() is not None:
                raise
            time.sleep(0.05)


def _tree(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                children.setdefault(int(_stat(int(path.name))[1]), []).append(int(path.name))
            except OSError:  # it has ended
                continue
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat behind the name: state, parent, …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _kilobytes(pid: int, file: str, name: str) -> int:
    for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    raise LookupError(f"/proc/{pid}/{file} has no {name}")
