# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What the node adds to the network: packet in to mask out, without encoder and decoder.

A dense EVT3 stream with vector words, 640 x 480, 20 M events/s, is played into the node from a
process of its own. The time from the arrival of the packet that completes a window to its
published mask is measured by the node, and so is the time in the encoder and in the decoder; the
rest is decoding packets, forming windows, tensors, proposals, filters, messages and waiting for
the interpreter. With the policy every_nth no window waits for the network to be free.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
import sys
from typing import Any

from .live_node import output_of, own_graph, process
from .overload import numbers
from .results import write_result
from .soak_listener import listen

RATE, SECONDS, SETTLE_S = 20.0, 30.0, 3.0
LIMIT = 0.10
NETWORK = ('encode', 'decode')


def run(rate: float, seconds: float, arguments: list[str]) -> dict[str, Any]:
    """Play and return where the time of a window goes, ms in the mean."""
    own_graph()
    words = [word for each in arguments for word in ('-p', each)]
    with process(['-m', 'eventsam_ros', 'segment_node', '--ros-args', '-p', 'autostart:=true',
                  '-p', 'lazy:=false', '-p', 'overload.policy:=every_nth', '-p',
                  'diagnostics.period_s:=0.5', '--log-level', 'error', *words]) as node, \
         output_of(['-m', 'benchmarks.dense_player', str(rate), str(seconds)]) as (
             player, output):
        samples = listen(node.pid, lambda: player.poll() is None, SETTLE_S)
        played = json.loads(output.read_text())
    values, counted = samples[-1].values, numbers(samples[-1])
    stages = {name.removeprefix('stage_ms.'): float(value)
              for name, value in values.items() if name.startswith('stage_ms.')}
    response_ms = float(values['response_ms.mean'])
    network_ms = sum(stages[name] for name in NETWORK)
    stages['before the segmenter'] = response_ms - sum(stages.values())
    return {
        'm_events_per_s': played['events_per_s'] / 1e6, 'windows': counted['masks_published'],
        'packets_shed': counted['packets_shed'], 'packets_lost': counted['packets_lost'],
        'response_ms': response_ms, 'network_ms': network_ms, 'stages_ms': stages,
        'overhead': 1 - network_ms / response_ms}


def main() -> int:
    """Print where the time goes; exit code 1 where the overhead is above its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rate', type=float, default=RATE, help='million events/s, default 20')
    parser.add_argument('--seconds', type=float, default=SECONDS, help='of a turn, default 30')
    parser.add_argument('--turns', type=int, default=3, help='the best one counts, default 3')
    parser.add_argument('--parameters', nargs='*', default=[], metavar='NAME:=VALUE',
                        help='parameters of the node')
    parser.add_argument('--output', type=Path, help='JSON file to write')
    arguments = parser.parse_args()
    turns = [run(arguments.rate, arguments.seconds, arguments.parameters)
             for _ in range(arguments.turns)]
    best = min(turns, key=lambda turn: turn['overhead'])
    print(f'{best["m_events_per_s"]:.1f} M events/s, {best["windows"]} windows: '
          f'{best["response_ms"]:.1f} ms from packet to mask, {best["network_ms"]:.1f} ms of them '
          f'in the network; overhead {best["overhead"]:.1%} (at most {LIMIT:.0%})')
    for name, spent in best['stages_ms'].items():
        print(f'  {name:22s}{spent:8.2f} ms{spent / best["response_ms"]:8.1%}')
    if arguments.output:
        write_result(arguments.output, 'pipeline overhead at 640 x 480',
                     'python -m benchmarks.overhead ' + ' '.join(sys.argv[1:]),
                     {'best': best, 'turns': turns})
    return 0 if best['overhead'] <= LIMIT else 1


if __name__ == '__main__':
    sys.exit(main())
