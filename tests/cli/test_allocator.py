"""A service process gives back what a burst has needed: measured in a process of its own, whose allocator is set."""

import subprocess
import sys

import pytest

from risiti.cli.allocator import ARENAS

BURST = """
import sys, threading
from risiti.cli import allocator
if sys.argv[1] == "set" and not allocator.give_memory_back():
    sys.exit("not glibc")

def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))

import ctypes
malloc = ctypes.CDLL(None).malloc
malloc.restype, malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
free = ctypes.CDLL(None).free
free.argtypes = [ctypes.c_void_p]
before = resident()
# Blocks that grow make glibc raise the size from which a block is a mapping of its own, unless that is set.
for size in range(1, 31):
    free(malloc(size * 1024 * 1024))
blocks = [malloc(200_000) for _ in range(200)]
for block in blocks:
    ctypes.memset(block, 1, 200_000)
kept = blocks.pop()
for block in blocks:
    free(block)
print(resident() - before)
"""


def kilobytes_kept(how: str) -> int:
    ran = subprocess.run([sys.executable, "-c", BURST, how], capture_output=True, text=True, timeout=60, check=False)
    if "not glibc" in ran.stderr:
        pytest.skip("another C library, with other switches")
    return int(ran.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the switches are those of glibc")
def test_what_a_burst_has_needed_is_given_back_although_something_of_it_is_still_in_use() -> None:
    assert ARENAS >= 1
    assert kilobytes_kept("left alone") > 30_000
    assert kilobytes_kept("set") < 5_000
