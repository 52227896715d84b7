# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How memory goes back to the system."""

from __future__ import annotations

import ctypes
import gc

_MMAP_THRESHOLD = -3   # of mallopt, <malloc.h>
LARGE = 4 << 20
"""Bytes from which on memory goes back to the system as soon as it is free."""


def give_back() -> None:
    """Collect garbage, and let the C library return what is free: glibc keeps it otherwise."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), 'malloc_trim', None)
    if trim is not None:
        trim(0)


def return_large() -> None:
    """Let the C library map large arrays one by one, so that none stays when it is free.

    glibc raises that bound to 32 MiB by itself, and what is smaller then stays where it lies:
    under a flood of events the sums of windows and the packets would leave holes behind them.
    """
    option = getattr(ctypes.CDLL(None), 'mallopt', None)
    if option is not None:
        option(_MMAP_THRESHOLD, LARGE)
