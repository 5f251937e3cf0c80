"""How a process that serves handles its memory. For each message thousands of objects come and go."""

import ctypes
import gc
from typing import Final

_TRIM_THRESHOLD: Final = -1  # names and values of glibc's <malloc.h>
_MMAP_THRESHOLD: Final = -3
_KEPT_FREE: Final = 16 * 1024 * 1024  # octets
_MAPPED_APART: Final = 1024 * 1024  # octets; a large message's memory goes back to the system at once


def settle() -> None:
    """Call it once, when all that lives as long as the process has been made."""
    keep_freed_memory()
    gc.collect()
    # A full collection looks at every object and module: 80 ms in which no client is answered. Without those
    # there from the start it takes microseconds.
    gc.freeze()


def keep_freed_memory() -> bool:
    """Have glibc keep what was freed for the next message; return whether it does.

    By default it gives the top of the heap back to the system whenever 128 KiB are free there: in one process
    of two, depending on what happens to lie above, each message of 20 KB had its trees' memory cleared anew,
    38 page faults and 70 µs of it.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library or system
        return False
    return bool(mallopt(_TRIM_THRESHOLD, _KEPT_FREE) and mallopt(_MMAP_THRESHOLD, _MAPPED_APART))
