# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Keeping memory while a node works, and giving it back when it has ended."""

from __future__ import annotations

import ctypes
import gc

# Names of glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8
_MOST = 2 ** 31 - 1


def keep() -> bool:
    """Have the C library keep what is freed, in one heap, as real-time programs do.

    Otherwise every large buffer is mapped anew and its pages are zeroed at the first touch, and
    what threads free lies scattered over heaps of their own: the node takes more, and its memory
    grows and shrinks with what waits. Call it before there are other threads, which is before
    NumPy is imported: heaps that threads have stay in use.

    Returns:
        Whether the C library can be told; glibc can.
    """
    tell = getattr(ctypes.CDLL(None), 'mallopt', None)
    if tell is None:
        return False
    return all([tell(_M_MMAP_MAX, 0), tell(_M_TRIM_THRESHOLD, _MOST), tell(_M_ARENA_MAX, 1)])


def give_back() -> None:
    """Collect garbage, and let the C library return what is free: glibc keeps it otherwise."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), 'malloc_trim', None)
    if trim is not None:
        trim(0)
