# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Five times what the machine can process, for each overload policy.

First the rate is found: played for a few seconds at growing event rates, the greatest one of
which no packet is shed or lost, and the windows that were segmented meanwhile. Then five times
as many events, in five times as many windows, are played for `--minutes` under each policy. The
p99 of the pipeline latency and of the time from a packet's arrival to its mask must be within the
budget, the node's memory after the first minute within +-20 MB, and every packet, window and event
accounted for. Player, node and listener are three processes.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
import json
from pathlib import Path
import sys
from typing import Any

from matplotlib.figure import Figure
import numpy as np

from .live_node import output_of, own_graph, process
from .results import write_result
from .soak_listener import Sample, listen

FACTOR = 5.0
POLICIES = ('newest', 'every_nth', 'thin')
MEMORY_MB = 20.0
SETTLE_S = 4.0
PROBE_S = 8.0
FIRST_RATE, GROWTH, HIGHEST_RATE = 4.0, 1.4, 400.0
"""Million events a second, and by how much the next try is more."""
TRIES = 3
NEWEST = 1000
"""Windows that the node takes its percentiles of."""
WINDOW_MS = 50.0
LEAST_WINDOW_MS = 2.0


@dataclass(frozen=True)
class Load:
    """What is played.

    Attributes:
        rate: Million events a second.
        window_ms: Length of a window.
        seconds: For how long.
    """

    rate: float
    window_ms: float
    seconds: float


def play(load: Load, policy: str, budget_ms: float) -> tuple[list[Sample], dict[str, Any]]:
    """Play a load into a new node; return a sample a second and what was published."""
    own_graph()
    with process(['-m', 'eventsam_ros', 'segment_node', '--ros-args', '-p', 'autostart:=true',
                  '-p', 'lazy:=false', '-p', f'overload.policy:={policy}',
                  '-p', f'overload.budget_ms:={budget_ms}',
                  '-p', f'window.duration_ms:={load.window_ms}',
                  '-p', 'diagnostics.period_s:=0.5', '--log-level', 'error']) as node, \
         output_of(['-m', 'benchmarks.dense_player', str(load.rate),
                    str(load.seconds)]) as (player, output):
        samples = listen(node.pid, lambda: player.poll() is None, SETTLE_S)
        return samples, json.loads(output.read_text())


def numbers(sample: Sample) -> dict[str, int]:
    """Return what is counted in a sample, drops without their prefix."""
    return {k.removeprefix('dropped.'): int(v) for k, v in sample.values.items() if v.isdecimal()}


def accounts(counted: dict[str, int], player: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Return what came in, what became of it by name, and what no name explains."""
    def names(*of: str) -> dict[str, int]:
        return {name: counted.get(name, 0) for name in of}
    packets = names('packets_decoded', 'packets_shed', 'packets_lost', 'packets_late',
                    'packets_undecodable', 'packets_failed')
    windows = names('masks_published', 'windows_superseded', 'windows_skipped_nth',
                    'windows_unwatched', 'windows_failed', 'windows_stopped')
    events = names('events_in_windows', 'events_thinned', 'events_dropped', 'events_unfinished',
                   'events_mistimed', 'events_waiting')
    return {name: {'in': total, **parts, 'unexplained': total - sum(parts.values())}
            for name, total, parts in (
                ('packets', int(player['packets']), packets),
                ('windows', counted['windows'], windows),
                ('events', counted['events'], events))}


def capacity(budget_ms: float) -> dict[str, float]:
    """Find the greatest rate at which nothing is shed or lost, million events a second.

    A rate is beyond the machine when it fails `TRIES` times: one hiccup is not the limit.

    Raises:
        SystemExit: Not even the first rate can be processed.
    """
    rate, failed = FIRST_RATE, 0
    found: dict[str, float] = {}
    while rate < HIGHEST_RATE and failed < TRIES:
        samples, player = play(Load(rate, WINDOW_MS, PROBE_S), 'newest', budget_ms)
        last = numbers(samples[-1])
        given_up = last['packets_shed'] + last['packets_lost']
        print(f'  {player["events_per_s"] / 1e6:6.1f} M events/s: {given_up} of '
              f'{player["packets"]} packets given up, {last["masks_published"]} windows segmented',
              flush=True)
        if given_up:
            failed += 1
            continue
        failed = 0
        found = {'rate': player['events_per_s'] / 1e6,
                 'masks_per_s': last['masks_published'] / player['seconds']}
        rate *= GROWTH
    if not found:
        raise SystemExit(f'not even {FIRST_RATE:g} M events/s can be processed; give this '
                         'machine less to do, or the rate by --rate')
    return found


def judge(
    samples: list[Sample], player: dict[str, Any], load: Load, policy: str, budget_ms: float,
) -> dict[str, Any]:
    """Return the figures of a run and whether each limit is kept."""
    counted = numbers(samples[-1])
    latencies = [v for s in samples for v in s.latencies_ms]
    first = next(s.time_s for s in samples if s.latencies_ms)
    busy = [s for s in samples[:-round(SETTLE_S)] if s.time_s > first + 60] or samples[-5:]
    memory = np.array([s.rss_mb for s in busy])
    swing = float(memory.max() - memory.min()) / 2
    p99 = float(np.percentile(latencies, 99))
    # Of the newest 1000 windows, or of all that there are.
    full = [s for s in samples if numbers(s).get('masks_published', 0) >= NEWEST] or samples[-1:]
    response = max(float(s.values.get('response_ms.p99', 0)) for s in full)
    books = accounts(counted, player)
    return {
        'policy': policy, 'seconds': player['seconds'], 'window_ms': load.window_ms,
        'published_m_events_per_s': player['events_per_s'] / 1e6,
        'published_mb_per_s': player['megabytes'] / player['seconds'],
        'player_late_s': player['late_s'],
        'masks_per_s': counted['masks_published'] / player['seconds'],
        'latency_ms': {f'p{p}': float(np.percentile(latencies, p)) for p in (50, 95, 99, 99.9)},
        'greatest_response_p99_ms': response, 'budget_ms': budget_ms,
        'memory_mb': {'least': float(memory.min()), 'greatest': float(memory.max())},
        'memory_swing_mb': round(swing, 1), 'accounts': books,
        'met': {'latency': p99 <= budget_ms and response <= budget_ms,
                'memory': swing <= MEMORY_MB,
                **{name: book['unexplained'] == 0 for name, book in books.items()}},
        'series': {
            'time_s': [round(s.time_s - first, 1) for s in samples],
            'rss_mb': [round(s.rss_mb, 1) for s in samples],
            'latency_p99_ms': [round(float(np.percentile(s.latencies_ms, 99)), 1)
                               if s.latencies_ms else None for s in samples]},
    }


def _draw(runs: list[dict[str, Any]], budget_ms: float, path: Path) -> None:
    figure = Figure(figsize=(8, 5), layout='constrained')
    panels = figure.subplots(2, 1, sharex=True)
    for run in runs:
        series = run['series']
        minutes = np.array(series['time_s']) / 60
        latencies = np.array([np.nan if v is None else v for v in series['latency_p99_ms']])
        panels[0].plot(minutes, latencies, label=run['policy'], linewidth=0.8)
        panels[1].plot(minutes, series['rss_mb'], label=run['policy'])
    panels[0].axhline(budget_ms, color='black', linestyle='--', label='budget')
    for panel, title in zip(
            panels, ('pipeline latency, p99 of each second, ms', 'resident memory, MB'),
            strict=True):
        panel.set_ylim(bottom=0)
        panel.set_title(title, loc='left')
        panel.grid(alpha=0.3)
    panels[0].legend()
    panels[1].set_xlabel('minute')
    figure.savefig(path, dpi=100)


def main() -> int:
    """Print each figure beside its limit; exit code 1 where one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--minutes', type=float, default=10.0, help='of each policy, default 10')
    parser.add_argument('--budget', type=float, default=500.0, help='ms, default 500')
    parser.add_argument('--policies', nargs='+', choices=POLICIES, default=POLICIES)
    parser.add_argument('--rate', type=float, help='million events a second that the machine can '
                        'process; found where it is not given')
    parser.add_argument('--windows', type=float, default=10.0, help='with --rate: windows a '
                        'second that the machine can segment, default 10')
    parser.add_argument('--output', type=Path, help='JSON file to write, the plot beside it')
    arguments = parser.parse_args()
    found = capacity(arguments.budget) if not arguments.rate else {
        'rate': arguments.rate, 'masks_per_s': arguments.windows}
    window_ms = max(min(WINDOW_MS, 1e3 / (FACTOR * found['masks_per_s'])), LEAST_WINDOW_MS)
    load = Load(FACTOR * found['rate'], round(window_ms, 1), arguments.minutes * 60)
    print(f'the machine can process {found["rate"]:.1f} M events/s and '
          f'{found["masks_per_s"]:.1f} windows/s')
    runs = []
    for policy in arguments.policies:
        run = judge(*play(load, policy, arguments.budget), load, policy, arguments.budget)
        runs.append(run)
        print(f'{policy}: {run["published_m_events_per_s"]:.1f} M events/s in '
              f'{1e3 / load.window_ms:.0f} windows/s, {run["masks_per_s"]:.1f} masks/s; latency '
              f'p99 {run["latency_ms"]["p99"]:.0f} ms, response p99 '
              f'{run["greatest_response_p99_ms"]:.0f} ms (at most {arguments.budget:.0f}); memory '
              f'+-{run["memory_swing_mb"]:g} MB (at most {MEMORY_MB:g})', flush=True)
        for name, book in run['accounts'].items():
            print(f'  {name}: ' + ', '.join(f'{v} {k}' for k, v in book.items() if v),
                  flush=True)
    if arguments.output:
        write_result(
            arguments.output, f'overload at {FACTOR:g} times what the machine can process',
            'python -m benchmarks.overload ' + ' '.join(sys.argv[1:]),
            {'capacity': found, 'runs': runs})
        _draw(runs, arguments.budget, arguments.output.with_suffix('.png'))
    return 0 if all(all(run['met'].values()) for run in runs) else 1


if __name__ == '__main__':
    sys.exit(main())
