# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Results of a study as a table: mean and spread over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import csv
from pathlib import Path
import statistics

from .recipe import Study
from .run import Result
from .score import FIGURES

_HEADS = {'click': 'click IoU', 'box': 'box IoU', 'corrected': 'mIoU 1:1', 'tap_1': 'L1 tap 1',
          'tap_2': 'L1 tap 2', 'tap_3': 'L1 tap 3', 'tap_4': 'L1 tap 4'}


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Return mean and sample standard deviation; the latter is 0 for one value."""
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else 0.0


def cell(values: Sequence[float], signed: bool = False) -> str:
    """Return mean and spread as text; a dash where there is nothing."""
    if not values:
        return '–'
    mean, deviation = spread(values)
    shown = f'{mean:+.3f}' if signed else f'{mean:.3f}'
    return f'{shown} ± {deviation:.3f}' if len(values) > 1 else shown


def row(cells: Sequence[str]) -> str:
    """Return a line of a table."""
    return '| ' + ' | '.join(cells) + ' |'


def paired(better: Mapping[int, float], other: Mapping[int, float]) -> list[float]:
    """Return how far one is ahead of another, by what both have."""
    return [value - other[key] for key, value in better.items() if key in other]


def _values(results: Sequence[Result], arm: str, test: str, figure: str) -> list[float]:
    return [r.scores[test][figure] for r in results
            if r.arm == arm and figure in r.scores.get(test, {})]


def markdown(study: Study, results: Sequence[Result]) -> str:
    """Return a table for each test, one line an arm."""
    lines = [f'# {study.name}', '',
             f'{study.base.steps} steps of {study.base.batch} pairs; mean ± standard deviation '
             f'over {len(study.seeds)} seeds.', '']
    for test in study.tests:
        lines += [f'## {test.name}', '',
                  '| arm | ' + ' | '.join(_HEADS.get(f, f) for f in FIGURES) + ' |',
                  '|---|' + '---|' * len(FIGURES)]
        for arm in study.arms:
            cells = [cell(_values(results, arm.name, test.name, f)) for f in FIGURES]
            lines.append(f'| {arm.name} | ' + ' | '.join(cells) + ' |')
        lines.append('')
    minutes = [(arm.name, [r.seconds / 60 for r in results if r.arm == arm.name and r.seconds])
               for arm in study.arms]
    lines += ['Minutes of training: ' + ', '.join(
        f'{name} {cell(values)}' for name, values in minutes if values) + '.', '']
    return '\n'.join(lines)


def write_csv(path: Path, results: Sequence[Result]) -> None:
    """Write one line a run, test and figure."""
    with path.open('w', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(['arm', 'seed', 'test', 'figure', 'value'])
        for result in results:
            for test, figures in result.scores.items():
                for figure, value in figures.items():
                    writer.writerow([result.arm, result.seed, test, figure, f'{value:.6f}'])
