# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Results of a study as tables: mean and spread over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import csv
from pathlib import Path

from ..compare.run import Result
from ..compare.table import cell, paired, row, spread

_SHOWN = {'both': 'both', 'rgb': 'colour alone', 'thermal': 'heat alone'}


def _values(results: Sequence[Result], arm: str, split: str, shown: str) -> dict[int, float]:
    """Return mIoU by seed; of an arm with one camera, `own` is that camera."""
    found = {}
    for result in results:
        scores = result.scores.get(split, {})
        which = next(iter(scores), '') if shown == 'own' and 'both' not in scores else shown
        which = 'both' if which == 'own' else which
        if result.arm == arm and which in scores:
            found[result.seed] = scores[which]
    return found


def markdown(
    name: str, arms: Sequence[str], results: Sequence[Result],
    differences: Mapping[str, tuple[str, str]],
) -> str:
    """Return the tables of a study.

    Args:
        name: Of the study.
        arms: In the order of the lines.
        results: Of all runs so far.
        differences: See study.Study.

    Returns:
        mIoU of each arm with all pictures that it knows, by split; of arms that know both, with
        one alone; differences of arms, paired by seed; and what a lost picture costs against
        what its camera alone, trained for, lacks.
    """
    splits = list(dict.fromkeys(s for r in results for s in r.scores))
    first = splits[0] if splits else ''
    seeds = len({r.seed for r in results})
    lines = [f'# {name}', '', f'mIoU; mean ± standard deviation over {seeds} seeds.', '',
             row(['arm', *splits, 'colour alone', 'heat alone']),
             '|---|' + '---|' * (len(splits) + 2)]
    for arm in arms:
        both = bool(_values(results, arm, first, 'both'))
        alone = [cell(list(_values(results, arm, first, s).values())) if both else '–'
                 for s in ('rgb', 'thermal')]
        lines.append(row([arm, *(
            cell(list(_values(results, arm, s, 'own').values())) for s in splits), *alone]))
    if differences:
        lines += ['', row(['difference', *splits]), '|---|' + '---|' * len(splits)]
    for what, (better, other) in differences.items():
        lines.append(row([what, *(
            cell(paired(_values(results, better, s, 'own'), _values(results, other, s, 'own')),
                  signed=True) for s in splits)]))
    lines += ['', *_losses(arms, results, first)]
    minutes = [(arm, [r.seconds / 60 for r in results if r.arm == arm]) for arm in arms]
    lines += ['Minutes of training: ' + ', '.join(
        f'{arm} {spread(values)[0]:.1f}' for arm, values in minutes if values) + '.', '']
    return '\n'.join(lines)


def _losses(arms: Sequence[str], results: Sequence[Result], split: str) -> list[str]:
    """Return the table of lost pictures: both minus one alone, against both minus one trained."""
    trained = {}
    for arm in arms:
        sights = {s for r in results if r.arm == arm for s in r.scores.get(split, {})}
        if len(sights) == 1:
            trained[sights.pop()] = arm
    lines = []
    for arm in arms:
        both = _values(results, arm, split, 'both')
        for shown, single in trained.items():
            alone = _values(results, arm, split, shown)
            if both and alone:
                cost = paired(both, alone)
                gap = paired(both, _values(results, single, split, shown))
                less = sum(c < g for c, g in zip(cost, gap, strict=False))
                lines.append(row([arm, _SHOWN[shown], cell(cost), cell(gap),
                                   f'{less} of {min(len(cost), len(gap))}']))
    if not lines:
        return []
    return [row(['arm', 'what is left', 'cost of the loss', f'gap to an arm trained so ({split})',
                  'cost is less']), '|---|---|---|---|---|', *lines, '']


def write_csv(path: Path, results: Sequence[Result]) -> None:
    """Write one line a run, split and what was shown."""
    with path.open('w', newline='') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(['arm', 'seed', 'split', 'shown', 'miou'])
        for result in results:
            for split, scores in result.scores.items():
                for shown, value in scores.items():
                    writer.writerow([result.arm, result.seed, split, shown, f'{value:.6f}'])
