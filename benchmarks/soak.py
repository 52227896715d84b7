# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Half an hour of looped replay at twice the recorded rate: memory, latency and losses.

A player loops a simulated 640 x 480 recording into segment_node over DDS while this process
listens. After the first minute the node's resident memory must stay within +-20 MB, the p99 of
each minute's pipeline latency within 1.5 times that of the first, and what went in must be
accounted for: every packet received or counted as lost, every window segmented or counted as
dropped. `python -m benchmarks.soak` prints the verdict and writes a JSON file and a plot.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
import json
import os
from pathlib import Path
import random
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any

from matplotlib.figure import Figure
import numpy as np

from .results import write_result
from .soak_listener import Sample, listen

RATE = 2.0
RECORDING_S = 20.0
MINUTE_S = 60.0
MEMORY_MB, LATENCY_RATIO = 20.0, 1.5
SETTLE_S = 20.0
"""Time from the last packet to the last look, so that all diagnostics are in."""


@contextmanager
def _process(arguments: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _simulate(folder: Path, seed: int) -> Path:
    recording = folder / 'recording'
    subprocess.run(
        [sys.executable, '-m', 'eventsam_ros', 'simulate', '--output', str(recording),
         '--seed', str(seed), '--duration', str(RECORDING_S), '--width', '640',
         '--height', '480'], check=True, stdout=subprocess.DEVNULL)
    return recording


def run(seconds: float, seed: int) -> tuple[list[Sample], dict[str, Any]]:
    """Play and listen; return a sample a second and what the player says it published."""
    os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    os.environ['ROS_DOMAIN_ID'] = str(random.randint(51, 100))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recording = _simulate(folder, seed)
        rounds = max(1, round(seconds * RATE / RECORDING_S))
        summary = folder / 'player.json'
        with _process(['-m', 'eventsam_ros', 'segment_node', '--ros-args', '-p',
                       'autostart:=true', '-p', 'lazy:=false', '-r',
                       'events:=/event_camera/events',
                       '--log-level', 'error']) as node, \
             _process(['-m', 'eventsam_ros', 'replay_node', str(recording), '--ros-args',
                       '-p', 'stamps:=now', '-p', f'rate:={RATE}', '-p', f'times:={rounds}',
                       '-p', 'wait_s:=120.0', '-p', f'summary:={summary}']) as player:
            samples = listen(node.pid, lambda: player.poll() is None, SETTLE_S)
        return samples, json.loads(summary.read_text())


def _minutes(samples: list[Sample]) -> list[dict[str, float]]:
    """Return figures of each full minute since the first latency."""
    begun = next(s.time_s for s in samples if s.latencies_ms)
    rows = []
    for start, end in pairwise(np.arange(begun, samples[-1].time_s, MINUTE_S)):
        within = [s for s in samples if start <= s.time_s < end]
        latencies = [v for s in within for v in s.latencies_ms]
        if latencies:
            rows.append({
                'p50': float(np.percentile(latencies, 50)),
                'p99': float(np.percentile(latencies, 99)), 'windows': len(latencies),
                'rss_mb': float(np.median([s.rss_mb for s in within]))})
    return rows


def judge(samples: list[Sample], player: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a run and whether each limit is kept."""
    minutes = _minutes(samples)
    last = {k: int(v) for k, v in samples[-1].values.items() if v.isdecimal()}
    after = np.array([row['rss_mb'] for row in minutes[1:]] or [minutes[0]['rss_mb']])
    swing = float(after.max() - after.min()) / 2
    ratio = max(row['p99'] for row in minutes) / minutes[0]['p99']
    packets = int(player['packets'])
    missing = packets - last['packets'] - last['dropped.packets_lost']
    window_drops = sum(last.get(f'dropped.windows_{w}', 0)
                       for w in ('superseded', 'failed', 'stopped', 'unwatched'))
    unexplained = last['windows'] - last['masks_published'] - window_drops
    return {
        'minutes': minutes, 'rounds': int(player['rounds']),
        'packets': {'published': packets, 'received': last['packets'],
                    'lost': last['dropped.packets_lost'], 'unexplained': missing},
        'windows': {'formed': last['windows'], 'segmented': last['masks_published'],
                    'dropped': window_drops, 'unexplained': unexplained},
        'memory_swing_mb': round(swing, 1), 'latency_ratio': round(ratio, 2),
        'met': {'memory': swing <= MEMORY_MB, 'latency': ratio <= LATENCY_RATIO,
                'packets': missing == 0, 'windows': unexplained == 0},
    }


def _draw(minutes: list[dict[str, float]], path: Path) -> None:
    figure = Figure(figsize=(8, 7), layout='constrained')
    panels = figure.subplots(3, 1, sharex=True)
    x = np.arange(1, len(minutes) + 1)
    for panel, (title, names) in zip(panels, (
            ('resident memory, MB', ('rss_mb',)), ('pipeline latency, ms', ('p99', 'p50')),
            ('windows a minute', ('windows',))), strict=True):
        for name in names:
            panel.plot(x, [row[name] for row in minutes], label=name)
        panel.set_ylim(bottom=0)
        panel.set_title(title, loc='left')
        panel.grid(alpha=0.3)
        if len(names) > 1:
            panel.legend()
    panels[-1].set_xlabel('minute')
    figure.savefig(path, dpi=100)


def main() -> int:
    """Print each figure beside its limit; exit code 1 where one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--minutes', type=float, default=30.0, help='length, default 30')
    parser.add_argument('--seed', type=int, default=1, help='seed of the recording')
    parser.add_argument('--output', type=Path, help='JSON file to write, the plot beside it')
    arguments = parser.parse_args()
    begun = time.monotonic()
    samples, player = run(arguments.minutes * MINUTE_S, arguments.seed)
    figures = judge(samples, player)
    first, last = figures['minutes'][0], figures['minutes'][-1]
    print(f'{time.monotonic() - begun:.0f} s, {figures["rounds"]} rounds')
    print(f'memory    {first["rss_mb"]:.0f} MB in the first minute, {last["rss_mb"]:.0f} MB in '
          f'the last; +-{figures["memory_swing_mb"]:g} MB after the first '
          f'(at most {MEMORY_MB:g})')
    print(f'latency   p99 {first["p99"]:.0f} ms in the first minute, '
          f'{figures["latency_ratio"]:g} times that in the worst (at most {LATENCY_RATIO:g})')
    for name in ('packets', 'windows'):
        print(f'{name:9s} ' + ', '.join(f'{v} {k}' for k, v in figures[name].items()))
    if arguments.output:
        write_result(arguments.output, 'soak at twice the recorded rate, 640 x 480',
                     'python -m benchmarks.soak ' + ' '.join(sys.argv[1:]), figures)
        _draw(figures['minutes'], arguments.output.with_suffix('.png'))
    return 0 if all(figures['met'].values()) else 1


if __name__ == '__main__':
    sys.exit(main())
