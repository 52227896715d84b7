# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Results of a study as tables: mean and spread over seeds, differences paired by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..compare.run import Result
from ..compare.table import cell, paired, row, spread
from .judging import ALL

_FIGURES = {
    'right': 'Share of frames in which the mask overlaps the named object most',
    'right_late': 'The same in the second half of each clip',
    'j_and_f': 'J&F'}


def _values(results: Sequence[Result], arm: str, group: str, figure: str) -> dict[int, float]:
    """Return a figure of an arm by seed; what is not a number is left out."""
    return {r.seed: r.scores[group][figure] for r in results
            if r.arm == arm and group in r.scores
            and r.scores[group][figure] == r.scores[group][figure]}


def _block(
    arms: Sequence[str], results: Sequence[Result], groups: Sequence[str], figure: str,
    differences: Mapping[str, tuple[str, str]],
) -> list[str]:
    lines = [row(['arm', *groups]), '|---|' + '---|' * len(groups)]
    lines += [row([arm, *(cell(list(_values(results, arm, g, figure).values()))
                          for g in groups)]) for arm in arms]
    if figure.startswith('right') and results:
        first = results[0]
        lines.append(row(['chance', *(cell([first.scores[g]['chance']]) for g in groups)]))
    lines += [row([f'*{what}*', *(cell(paired(
        _values(results, better, g, figure), _values(results, other, g, figure)), signed=True)
        for g in groups)]) for what, (better, other) in differences.items()]
    return [*lines, '']


def markdown(
    name: str, arms: Sequence[str], results: Sequence[Result],
    differences: Mapping[str, tuple[str, str]],
) -> str:
    """Return the tables of a study.

    Args:
        name: Of the study.
        arms: In the order of the lines.
        results: Of all runs so far.
        differences: Name -> two arms; how far the first is ahead, paired by seed.

    Returns:
        By scenario the share of right answers, the same late in the clips, and J&F; and the
        share of right answers by what a sentence uses.
    """
    groups = list(dict.fromkeys(g for r in results for g in r.scores))
    scenarios = [g for g in groups if not g.startswith('says ')]
    said = [g for g in groups if g.startswith('says ')]
    seeds = len({r.seed for r in results})
    lines = [f'# {name}', '', f'Mean ± standard deviation over {seeds} seeds; differences (in '
             'italics) paired by seed. Chance is naming any object that shows.', '']
    for figure, about in _FIGURES.items():
        lines += [f'{about}:', '', *_block(arms, results, scenarios, figure, differences)]
    if said:
        lines += [f'{_FIGURES["right"]}, by what a sentence uses:', '',
                  *_block(arms, results, said, 'right', {})]
    minutes = {arm: [r.seconds / 60 for r in results if r.arm == arm] for arm in arms}
    sentences = ', '.join(f'{arm} {spread(v)[0]:.1f}' for arm, v in minutes.items() if v)
    return '\n'.join([*lines, f'Minutes of training: {sentences}.', '']) if ALL in groups else ''
