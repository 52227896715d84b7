# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Several runs side by side, with paired differences to the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math
from pathlib import Path

import numpy as np

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.metrics import Interval, paired_difference

from .files import read_frames, read_metrics


@dataclass(frozen=True)
class Comparison:
    """One metric of several runs.

    Attributes:
        metric: Its name.
        values: Its value over the dataset of each run; NaN where a run has none.
        differences: Each later run minus the first, over what both have scored.
        unit: What was paired: 'sequences', or 'frames' where there is only one sequence.
    """

    metric: str
    values: tuple[float, ...]
    differences: tuple[Interval, ...]
    unit: str


def compare(folders: Sequence[Path], seed: int = 0) -> list[Comparison]:
    """Compare runs on the same data.

    Args:
        folders: Output folders, at least two; the first is what the others are compared with.
        seed: Of the bootstrap.

    Raises:
        DatasetError: A folder holds no run, or the runs share no frame.
    """
    if len(folders) < 2:
        raise DatasetError('a comparison needs at least two output folders')
    metrics = [read_metrics(folder) for folder in folders]
    tables = [{(row['sequence'], row['frame']): row for row in read_frames(folder)}
              for folder in folders]
    rows = []
    # What every run scores frame by frame; totals of class maps have values only.
    for name in metrics[0]['metrics']:
        values = tuple(_value(m, name) for m in metrics)
        pairs = [_paired(tables[0], table, name) for table in tables[1:]]
        sequences = min(len({key[0] for key in shared}) for shared, _, _ in pairs)
        unit = 'sequences' if sequences > 1 else 'frames'
        differences = tuple(_difference(pair, unit, seed) for pair in pairs)
        rows.append(Comparison(name, values, differences, unit))
    if all(not (set(tables[0]) & set(table)) for table in tables[1:]):
        raise DatasetError(
            f'{folders[0]} and the other runs share no frame; they must be of the same data')
    return rows


Keys = list[tuple[str, str]]
Table = dict[tuple[str, str], dict[str, str]]
Paired = tuple[Keys, list[float], list[float]]


def _value(metrics: dict[str, dict[str, dict[str, float | None]]], name: str) -> float:
    value = metrics['metrics'].get(name, {}).get('value')
    return math.nan if value is None else float(value)


def _paired(first: Table, second: Table, name: str) -> Paired:
    """Return the frames that both have scored, and their scores."""
    shared = sorted(key for key in first.keys() & second.keys()
                    if first[key].get(name) and second[key].get(name))
    return (shared, [float(first[key][name]) for key in shared],
            [float(second[key][name]) for key in shared])


def _difference(pair: Paired, unit: str, seed: int) -> Interval:
    keys, first, second = pair
    if unit == 'frames':
        return paired_difference(np.array(first), np.array(second), seed)
    names = sorted({key[0] for key in keys})
    means = [[float(np.mean([v for key, v in zip(keys, values, strict=True) if key[0] == name]))
              for name in names] for values in (first, second)]
    return paired_difference(np.array(means[0]), np.array(means[1]), seed)


def table(rows: Sequence[Comparison], names: Sequence[str]) -> str:
    """Return a comparison as text.

    Args:
        rows: From `compare`.
        names: What to call the runs.
    """
    width = max(len(row.metric) for row in rows)
    lines = [f'{"":{width}}  ' + '  '.join(f'{name:>24.24}' for name in names)]
    for row in rows:
        cells = [f'{_shown(row.values[0]):>24}']
        for value, difference in zip(row.values[1:], row.differences, strict=True):
            sure = (f' {difference.mean:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]'
                    if difference.count else '')
            cells.append(f'{_shown(value) + sure:>24}')
        lines.append(f'{row.metric:{width}}  ' + '  '.join(cells))
    units = {row.unit for row in rows}
    lines.append(f'differences to the first with 95 % bootstrap intervals over '
                 f'{" or ".join(sorted(units))}')
    return '\n'.join(lines)


def _shown(value: float) -> str:
    return '-' if math.isnan(value) else f'{value:.3f}'
