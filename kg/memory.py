"""What the process holds of memory now, and giving back what it holds for nothing."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Final

_PAGE: Final = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def resident() -> int:
    """Return the memory that the process holds now, in bytes; its peak where that is unknown."""
    try:
        with open("/proc/self/statm", "rb", buffering=0) as source:  # noqa: PTH123  (50 times a second)
            return int(source.read().split()[1]) * _PAGE
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def trim() -> None:
    """Give memory that was freed back to the system, where the C library keeps it (glibc)."""
    if sys.platform != "linux":
        return
    import ctypes

    with suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
