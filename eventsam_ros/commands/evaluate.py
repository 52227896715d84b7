# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Evaluate a bundle on a recording or dataset with ground truth, and write a report.

The output folder receives metrics.json (its schema: report/metrics.schema.json), frames.csv,
report.html (one file, opens from disk) and overlay.mp4. Offline every sample is segmented in
turn, without ROS; --live plays the recording over DDS into segment_node and scores what arrives.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
import shlex
import sys
from typing import Any

from eventsam_ros.errors import EventsamError

from .results_folder import open_results


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what an evaluation can be told."""
    parser.add_argument('recording', type=Path, nargs='?', help='recording or dataset folder')
    parser.add_argument('--format', help='format of the dataset; default: recognised')
    parser.add_argument('--option', action='append', default=[], metavar='NAME=VALUE',
                        help='option of the format, such as split=test; may be repeated')
    parser.add_argument('--ground-truth', type=Path, metavar='DIR',
                        help='label pictures for a recording that has none (format recording)')
    parser.add_argument('--bundle', type=Path, help='bundle to run; default: the one that ships')
    parser.add_argument('--predictions', type=Path, metavar='DIR',
                        help='score the pictures DIR/SEQUENCE/FRAME.png and run no bundle')
    parser.add_argument('--output', type=Path, default=Path('evaluation'),
                        help='folder for the results (default evaluation)')
    parser.add_argument('--live', action='store_true',
                        help='play the recording into the real node over DDS')
    parser.add_argument('--resume', action='store_true',
                        help='keep the sequences that an interrupted run has finished')
    parser.add_argument('--jobs', type=int, default=1, metavar='N', help='processes (default 1)')
    parser.add_argument('--ray', metavar='ADDRESS', help='spread sequences over this Ray cluster')
    parser.add_argument('--no-prompts', action='store_true',
                        help='leave out clicks and boxes on the objects of the truth')
    parser.add_argument('--no-pictures', action='store_true',
                        help='leave out film and pictures, which take time')
    parser.add_argument('--compare', type=Path, nargs='+', metavar='RUN',
                        help='print runs side by side instead; the first is the reference')
    parser.add_argument('--list-formats', action='store_true',
                        help='print what can be read and what a folder must look like')


def run(arguments: argparse.Namespace) -> int:
    """Evaluate, compare or list."""
    if arguments.list_formats:
        from eventsam_ros.evaluation.datasets.registry import describe_formats
        print(describe_formats())
        return 0
    if arguments.compare:
        from eventsam_ros.evaluation.report.compare import compare, table
        print(table(compare(arguments.compare), [str(p) for p in arguments.compare]))
        return 0
    _check(arguments)
    output = open_results(arguments.output)
    if arguments.live:
        from .evaluate_live import evaluate_live
        metrics = evaluate_live(arguments, output, _command())
    else:
        from .evaluate_offline import evaluate_offline
        metrics = evaluate_offline(arguments, output, _command())
    print(_summary(metrics, output))
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """Refuse what does not go together.

    Raises:
        EventsamError: With one sentence.
    """
    if arguments.recording is None:
        raise EventsamError('say what to evaluate: a recording or a dataset folder')
    if not arguments.recording.exists():
        raise EventsamError(f'{arguments.recording} does not exist')
    if arguments.jobs < 1:
        raise EventsamError(f'--jobs must be at least 1, but got {arguments.jobs}')
    wrong = [name for name, given in (
        ('--predictions', arguments.predictions), ('--ray', arguments.ray),
        ('--resume', arguments.resume), ('--jobs', arguments.jobs > 1)) if given]
    if arguments.live and wrong:
        raise EventsamError(f'{wrong[0]} does not go with --live')
    if arguments.bundle is not None and arguments.predictions is not None:
        raise EventsamError('--bundle does not go with --predictions: nothing is segmented then')
    for option in arguments.option:
        if '=' not in option:
            raise EventsamError(f'--option must be NAME=VALUE, but got {option!r}')


def _command() -> str:
    given = sys.argv[1:]   # with the command's name, unless it was called by `ros2 run`
    return 'python -m eventsam_ros ' + shlex.join(
        ['evaluate', *(given[1:] if given[:1] == ['evaluate'] else given)])


def _summary(metrics: dict[str, Any], output: Path) -> str:
    shown = ', '.join(f'{name} {m["value"]:.3f}' for name, m in metrics['metrics'].items()
                      if m['value'] is not None)
    lines = [f'{metrics["frames"]} frames of {len(metrics["sequences"])} sequence(s): {shown}']
    if metrics['latency_ms']:
        lines.append('latency ' + ', '.join(
            f'{k} {v:.1f} ms' for k, v in metrics['latency_ms'].items()))
    if metrics['mode'] == 'live':
        lines.append('dropped: ' + (', '.join(
            f'{v} {k}' for k, v in metrics['drops'].items() if v) or 'nothing'))
    counts = Counter(unlabelled=0)
    for sequence in metrics['sequences'].values():
        counts.update({name: sequence[name] for name in ('unlabelled', 'unpredicted')})
        counts.update(sequence['left_out'])
    if counts.total():
        lines.append('left out: ' + ', '.join(f'{v} {k}' for k, v in counts.items() if v))
    lines.append(f'{output / "report.html"}, metrics.json, frames.csv')
    return '\n'.join(lines)
