# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Memory goes back to the system, measured in processes of their own."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

CODE = """
import sys
import numpy as np
from eventsam_ros.nodes.memory import return_large
if sys.argv[1] == 'returned':
    return_large()

def resident():
    with open('/proc/self/status') as status:
        return next(int(line.split()[1]) for line in status if line.startswith('VmRSS')) / 1024

kept = []
np.ones(24 << 20, np.uint8)  # glibc raises its bound to the largest that was freed
before = resident()
arrays = []
for _ in range(10):
    arrays.append(np.ones(16 << 20, np.uint8))
    kept.append(np.ones(64 << 10, np.uint8))  # lies behind it
arrays.clear()
print(resident() - before)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), 'mallopt'), reason='not glibc')
def test_large_arrays_go_back_although_small_ones_lie_behind_them():
    left = {}
    for way in ('kept', 'returned'):
        done = subprocess.run(
            [sys.executable, '-c', CODE, way], capture_output=True, text=True, timeout=120,
            check=True)
        left[way] = float(done.stdout.split()[-1])
    assert left['returned'] < 16
    assert left['kept'] > 100  # what glibc does by itself
