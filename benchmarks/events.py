# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How fast packets of each encoding are decoded, and how far the sensor clock is from the truth.

`python -m benchmarks.events` prints both. Decoding: one thread, made-up packets of 5 ms of moving
edges, best of several passes. Clock: simulated packets of 4 and 10 ms, drift of +100 and -100 ppm;
the truth is the host time of an event plus the least delay of a packet, which is 0 here.
With `--recording` or `--dense` also packets to windows for each policy, beside `--yardstick` (see
benchmarks/summing.py, which says how to build one).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
import sys
import tempfile
import time

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events import Events, PacketDecoder
from eventsam_ros.events.clock import SensorClock
from eventsam_ros.events.evt3_encoder import Evt3Encoder
from eventsam_ros.events.mono_encoder import encode_mono

from . import summing
from .results import write_result

WIDTH, HEIGHT = 1280, 720
PACKETS, EVENTS = 40, 60_000
MS = 1_000_000

JITTERS: dict[str, Callable[[np.random.Generator, int], NDArray[np.float64]]] = {
    'uniform': lambda rng, n: rng.uniform(0, 5 * MS, n),
    'exponential': lambda rng, n: rng.exponential(5 * MS, n),
    'half normal': lambda rng, n: np.abs(rng.normal(0, 5 * MS, n)),
    'gamma': lambda rng, n: rng.gamma(2, 2.5 * MS, n),
}
"""Delays of packets behind the promptest, ns."""


def scene(run: int) -> list[Events]:
    """Return packets of events in runs of some neighbouring columns."""
    rng = np.random.default_rng(0)
    count = EVENTS // run
    packets = []
    for k in range(PACKETS):
        t = 10**9 + 5 * MS * k + np.repeat(np.sort(rng.integers(0, 5000, count)), run) * 1000
        x = np.repeat(rng.integers(0, WIDTH - 32, count), run) + np.tile(np.arange(run) * 2, count)
        packets.append(Events(
            x.astype(np.uint16), np.repeat(rng.integers(0, HEIGHT, count), run).astype(np.uint16),
            np.repeat(rng.integers(0, 2, count), run).astype(np.uint8), t))
    return packets


def streams() -> dict[str, tuple[str, list[NDArray[np.uint8]]]]:
    """Return encoding and packets of what is decoded, by name."""
    found: dict[str, tuple[str, list[NDArray[np.uint8]]]] = {}
    for name, run in (('evt3, single events', 1), ('evt3, vectors', 12)):
        encoder = Evt3Encoder(WIDTH, HEIGHT)
        found[name] = 'evt3', [np.frombuffer(encoder.encode(p), np.uint8) for p in scene(run)]
    found['mono'] = 'mono', [encode_mono(p, int(p.t[0])) for p in scene(1)]
    evt2, evt21 = [], []
    for part in scene(1):
        us, x, y, p = (a.astype(np.uint64) for a in (part.t // 1000, part.x, part.y, part.p))
        new = np.flatnonzero(np.diff(us >> 6, prepend=np.uint64(0)))
        evt2.append(np.insert(p << 28 | (us & 63) << 22 | x << 11 | y, new,
                              (0x8 << 28 | us >> 6)[new]).astype('<u4').view(np.uint8))
        mask = np.uint64(0x10101)
        evt21.append(np.insert(p << 60 | (us & 63) << 54 | x << 43 | y << 32 | mask, new,
                               (0x8 << 60 | us >> 6 << 32)[new]).astype('<u8').view(np.uint8))
    return found | {'evt2': ('evt2', evt2), 'evt21': ('evt21', evt21)}


def decoding(passes: int) -> dict[str, dict[str, float]]:
    """Return million words and events per second."""
    figures = {}
    for name, (encoding, packets) in streams().items():
        best = float('inf')
        for _ in range(passes):
            decoder = PacketDecoder(encoding, WIDTH, HEIGHT)
            begin = time.perf_counter()
            for data in packets:
                decoder.decode(data, 0)
            best = min(best, time.perf_counter() - begin)
        counted = decoder.counters
        figures[name] = {'mwords_s': round(counted['words'] / best / 1e6, 1),
                         'mevents_s': round(counted['events'] / best / 1e6, 1)}
    return figures


def clock_errors(jitter: str, runs: int) -> dict[str, float]:
    """Return the greatest error in ms at 2 s, at 5 s, and 2 s after a step of the host by 1 s."""
    errors: dict[str, list[float]] = {'2 s': [], '5 s': [], '2 s after a step': []}
    for run in range(runs):
        rng = np.random.default_rng([run, 1])
        drift = (100e-6, -100e-6)[run % 2]
        period = (4 * MS, 10 * MS)[run // 2 % 2]
        clock = SensorClock()
        delays = JITTERS[jitter](rng, 7_000 * MS // period).astype(np.int64).tolist()
        for k, delay in enumerate(delays, 1):
            t = k * period
            host = t + 10**18 + round(t * drift) + (1000 * MS if t > 5000 * MS else 0)
            clock.update(t - period + 20_000, t, host + delay)
            for name, at in zip(errors, (2000 * MS, 5000 * MS, 7000 * MS), strict=True):
                if t == at:
                    errors[name].append(abs(clock.to_host(t) - host) / MS)
    return {name: round(max(found), 2) for name, found in errors.items()}


def summed(arguments: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Measure packets to windows for the streams that were asked for, and print it."""
    asked: dict[str, tuple[int, Callable[[], summing.Packets]]] = {}
    if arguments.recording:
        asked['recording, repeated'] = (
            10_000, lambda: summing.repeated(arguments.recording, 250))
    if arguments.dense:
        asked['dense, simulated'] = 1_000_000, lambda: summing.dense(3)
    found = {}
    for name, (count, make) in asked.items():
        packets = make()
        with tempfile.TemporaryDirectory() as folder:
            other = None
            if arguments.yardstick:
                other = summing.Yardstick(
                    arguments.yardstick, packets, Path(folder) / 'packets')
            found[name] = summing.compare(packets, count, arguments.turns, other)
            if other is not None:
                other.close()
        for key, value in found[name].items():
            print(f'{name}: {key} {value}')
    return found


def main() -> int:
    """Print the figures and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--runs', type=int, default=1000, help='simulated clocks of each jitter')
    parser.add_argument('--passes', type=int, default=10, help='passes over the packets')
    parser.add_argument('--recording', type=Path, help='EVT3 recording of 1280 x 720')
    parser.add_argument('--dense', action='store_true', help='the simulated dense stream, too')
    parser.add_argument('--turns', type=int, default=5, help='turns of ours and the yardstick')
    parser.add_argument('--yardstick', help='command of the program to compare with')
    parser.add_argument('--output', type=Path, help='JSON file to write')
    arguments = parser.parse_args()
    decoded = decoding(arguments.passes)
    for name, row in decoded.items():
        print(f'{name}: {row["mwords_s"]} M words/s, {row["mevents_s"]} M events/s')
    clocks = {name: clock_errors(name, arguments.runs) for name in JITTERS}
    for name, errors in clocks.items():
        print(f'clock, {name} jitter of 5 ms: greatest error '
              + ', '.join(f'{value:.2f} ms {when}' for when, value in errors.items()))
    compared = summed(arguments)
    if arguments.output:
        write_result(
            arguments.output, 'decoding and clock',
            'python -m benchmarks.events ' + ' '.join(
                'COMMAND' if word == arguments.yardstick else word for word in sys.argv[1:]),
            {'decoding': decoded, 'evt3_to_windows': compared, 'clock_error_ms': clocks})
    return 0


if __name__ == '__main__':
    sys.exit(main())
