# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What the allocator keeps and gives back, in processes of their own."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

FILL_AND_FREE = """
from pathlib import Path
import numpy as np
from eventsam_ros.nodes import memory

def resident():
    text = Path('/proc/self/status').read_text()
    return int(text.split('VmRSS:')[1].split()[0]) // 1024

if {keeps}:
    assert memory.keep()
before = resident()
for _ in range(3):
    blocks = [np.ones(4_000_000, np.uint8) for _ in range(16)]
    full = resident()
    del blocks
kept = resident()
memory.give_back()
print(full - before, kept - before, resident() - before)
"""
pytestmark = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), 'mallopt'), reason='the C library is not glibc')


def grown(keeps):
    """Return MB more than before: with 64 MB in use, freed, and given back."""
    done = subprocess.run([sys.executable, '-c', FILL_AND_FREE.format(keeps=keeps)],
                          capture_output=True, text=True, check=True)
    return [int(word) for word in done.stdout.split()]


def test_what_is_freed_stays_until_it_is_given_back():
    full, kept, given = grown(keeps=True)
    assert full >= 60
    assert kept >= 60
    assert given <= 8


def test_otherwise_it_goes_at_once():
    full, kept, _ = grown(keeps=False)
    assert full >= 60
    assert kept <= 16
