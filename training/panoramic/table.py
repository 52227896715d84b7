# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Results of a study as tables: mean and spread over seeds, differences paired by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..compare.run import Result
from ..compare.table import cell, paired, row, spread
from . import mask_quality
from .score import BANDS, FIGURES

_HEADS = {'miou': 'mIoU', 'accuracy': 'accuracy', 'seam': 'seam', 'inside': 'inside',
          'turned': 'turned'}


def _values(results: Sequence[Result], arm: str, figure: str) -> dict[int, float]:
    """Return a figure of an arm by seed."""
    return {r.seed: scores[figure] for r in results if r.arm == arm
            for scores in r.scores.values() if np.isfinite(scores.get(figure, np.nan))}


def _block(
    arms: Sequence[str], results: Sequence[Result], heads: Mapping[str, str],
) -> list[str]:
    return [row(['arm', *heads.values()]), '|---|' + '---|' * len(heads),
            *(row([arm, *(cell(list(_values(results, arm, f).values())) for f in heads)])
              for arm in arms), '']


def markdown(
    name: str, arms: Sequence[str], results: Sequence[Result],
    differences: Mapping[str, tuple[str, str]],
) -> str:
    """Return the tables of a study.

    Args:
        name: Of the study.
        arms: In the order of the lines.
        results: Of all runs so far.
        differences: Name -> two arms; how far the first is ahead, in mIoU.
    """
    seeds = len({r.seed for r in results})
    lines = [f'# {name}', '', f'Mean ± standard deviation over {seeds} seeds. Seam: neighbours of '
             'one class over the left and right edge that are told two; inside: the same of other '
             'neighbours; turned: pixels whose class changes when the panorama is turned.', '',
             *_block(arms, results, {f: _HEADS[f] for f in FIGURES}),
             'mIoU by latitude, degrees:', '',
             *_block(arms, results, {f: f for f in BANDS if any(
                 _values(results, arm, f) for arm in arms)})]
    if differences:
        lines += [row(['difference', 'mIoU, paired by seed', 'ahead']), '|---|---|---|']
    for what, (better, other) in differences.items():
        one, against = _values(results, better, 'miou'), _values(results, other, 'miou')
        ahead = paired(one, against)
        lines.append(row([f'{what}: {better} against {other}', cell(ahead, signed=True),
                           f'{sum(a > 0 for a in ahead)} of {len(ahead)} seeds']))
    minutes = {arm: [r.seconds / 60 for r in results if r.arm == arm and r.seconds]
               for arm in arms}
    return '\n'.join([*lines, '', 'Minutes of training: ' + ', '.join(
        f'{arm} {spread(values)[0]:.1f}' for arm, values in minutes.items() if values) + '.', ''])


def masks_table(found: Mapping[str, Mapping[str, float]]) -> str:
    """Return how good the masks of each branch are, as a table; empty where nothing is known."""
    if not found:
        return ''
    lines = ['', 'Masks without classes against right regions, means over windows:', '',
             row(['branch', *(f.replace('_', ' ') for f in mask_quality.FIGURES)]),
             '|---|' + '---|' * len(mask_quality.FIGURES),
             *(row([name, *(f'{of[f]:.2f}' for f in mask_quality.FIGURES)])
               for name, of in found.items()), '']
    return '\n'.join(lines)
