# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""After warming up, packets, windows and pictures find everything compiled."""

import os
from pathlib import Path
import subprocess
import sys

CODE = """
import gc
import numpy as np
from numba.core.dispatcher import Dispatcher
from eventsam_ros.evaluation.overlay import draw_events
from eventsam_ros.events import Events, PacketDecoder
from eventsam_ros.events.evt3_encoder import Evt3Encoder
from eventsam_ros.events.windows import PeriodWindows
from eventsam_ros.nodes.warming import warm_up

def compiled():
    return {(d.py_func.__module__, d.py_func.__name__, str(s))
            for d in gc.get_objects() if isinstance(d, Dispatcher) for s in d.signatures}

rng = np.random.default_rng(0)
time = np.sort(rng.integers(0, 200_000_000, 20_000)) // 1000 * 1000
events = Events(rng.integers(0, 320, len(time)).astype(np.uint16),
                rng.integers(0, 240, len(time)).astype(np.uint16),
                rng.integers(0, 2, len(time)).astype(np.uint8), time)
data = Evt3Encoder(320, 240).encode(events)
warm_up(lambda: True)
before = compiled()
windows = PeriodWindows(50_000_000, 320, 240).push(PacketDecoder('evt3', 320, 240).decode(data))
assert windows
draw_events(windows[0])
assert len(before) > 6, before
assert compiled() == before, compiled() - before
"""


def test_nothing_is_compiled_after_warming_up():
    done = subprocess.run(
        [sys.executable, '-c', CODE], cwd=Path(__file__).parents[2], check=False,
        capture_output=True, text=True, env={**os.environ, 'NUMBA_DISABLE_JIT': '0'})
    assert done.returncode == 0, done.stderr
