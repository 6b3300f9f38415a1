"""The C library's allocator, told to give memory back: left alone it keeps what one burst has needed."""

import ctypes
import sys
from typing import Final

ARENAS: Final = 2
"""Heaps that threads share; glibc makes up to eight a core, and each keeps what its threads have left."""
LARGE_BYTES: Final = 128 * 1024
"""From this size on, a block is a mapping of its own, which is gone once it is freed (glibc lets the bound grow)."""

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
"""The names that <malloc.h> has for mallopt(3)."""


def give_memory_back() -> bool:
    """Set the allocator of this process; to be called before it starts threads. False where it is not glibc's."""
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):  # musl has none of these switches
        return False
    wanted = ((_M_ARENA_MAX, ARENAS), (_M_MMAP_THRESHOLD, LARGE_BYTES), (_M_TRIM_THRESHOLD, LARGE_BYTES))
    return all(library.mallopt(which, value) == 1 for which, value in wanted)
