# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The charts of the report, as SVG text that stands inside the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import io
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
import numpy as np

_INK = '#39424e'
_FIRST, _SECOND = '#2f6fb5', '#d1662b'
_STYLE: Any = {
    'svg.fonttype': 'none', 'svg.hashsalt': 'eventsam_ros', 'font.family': 'sans-serif',
    'font.size': 10, 'axes.edgecolor': _INK, 'axes.labelcolor': _INK, 'xtick.color': _INK,
    'ytick.color': _INK, 'axes.spines.top': False, 'axes.spines.right': False,
}


def _svg(figure: Figure) -> str:
    """Return a figure without a date, so that the same run gives the same page."""
    out = io.StringIO()
    figure.savefig(out, format='svg', metadata={'Date': None})
    text = out.getvalue()
    return text[text.index('<svg'):]


def _chart(height: float = 2.6) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7.2, height), layout='constrained')
    return figure, figure.subplots()


def histogram(values: Sequence[float], label: str, marks: Mapping[str, float]) -> str:
    """Draw how often values occur.

    Args:
        values: At least one.
        label: What they are, with unit.
        marks: Name and place of vertical lines.
    """
    with rc_context(_STYLE):
        figure, axes = _chart()
        most = float(np.percentile(values, 99.5)) * 1.05 or 1.0
        axes.hist(np.minimum(values, most), bins=40, range=(0, most), color=_FIRST)
        for name, place in marks.items():
            axes.axvline(min(place, most), color=_SECOND, linewidth=1)
            axes.annotate(f'{name} {place:.0f}', (min(place, most), 1), xytext=(3, -2),
                          xycoords=('data', 'axes fraction'), textcoords='offset points',
                          color=_SECOND, fontsize=9, rotation=90, va='top',
                          bbox={'facecolor': 'white', 'alpha': 0.8, 'edgecolor': 'none',
                                'pad': 1})
        axes.set_xlabel(label)
        axes.set_ylabel('windows')
        return _svg(figure)


def timeline(
    seconds: Sequence[float], rate: Sequence[float], drops: Mapping[str, Sequence[float]],
) -> str:
    """Draw event rate and drops over time.

    Args:
        seconds: Since the beginning.
        rate: Events a second.
        drops: Name and total so far; only those that rise are drawn.
    """
    rising = {name: values for name, values in drops.items() if values and max(values) > 0}
    with rc_context(_STYLE):
        figure, axes = _chart()
        axes.plot(seconds, np.asarray(rate) / 1e6, color=_FIRST, linewidth=1.2)
        axes.set_xlabel('seconds')
        axes.set_ylabel('million events / s', color=_FIRST)
        axes.set_ylim(bottom=0)
        if rising:
            other = axes.twinx()
            other.spines['right'].set_visible(True)
            for k, (name, values) in enumerate(rising.items()):
                other.plot(seconds, values, color=_SECOND, linewidth=1.2, label=name,
                           linestyle=('-', '--', ':', '-.')[k % 4])
            other.set_ylabel('dropped so far', color=_SECOND)
            other.set_ylim(bottom=0)
            other.legend(fontsize=8, loc='upper left')
        return _svg(figure)


def score_lines(scores: Mapping[str, Sequence[float]], label: str) -> str:
    """Draw a score over the frames of each sequence.

    Args:
        scores: Name of the sequence and its frames' scores; NaN leaves a gap.
        label: What the score is.
    """
    with rc_context(_STYLE):
        figure, axes = _chart()
        for values in scores.values():
            axes.plot(values, linewidth=1, color=_FIRST, alpha=max(0.25, 1 / len(scores)))
        axes.set_ylim(0, 1)
        axes.set_xlabel('frame')
        axes.set_ylabel(label)
        return _svg(figure)
