# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Click and box IoU of a bundle against simple baselines on held-out simulated windows.

Every method sees the same event picture and the same click (the object's inmost point) or box
(exact). IoU is taken at the sensor's resolution. `python -m benchmarks.segmentation` prints it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
import sys
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from eventsam_ros.evaluation.metrics import best_match_iou, iou
from eventsam_ros.evaluation.runs.objects import box_of, inmost_point
from eventsam_ros.events.tensors import window_image
from eventsam_ros.events.types import Bool, UInt8, Window
from eventsam_ros.inference import Box, Point, Prompt, Segmenter, load_bundle
from eventsam_ros.inference.letterbox import Letterbox
from eventsam_ros.simulation.samples import held_out_window

from .baselines import BOX, CLICK
from .results import write_result

FIRST = 1000
"""First window by default: 0 to 39 and from 100000 on served to choose settings."""
GROUPS = 5
"""Groups of windows whose means give the spread."""
SLOW, SLOW_EVERY = ('GrabCut',), 10
"""Baselines that take about a second an object see every tenth window only."""

Scores = dict[str, list[tuple[int, float]]]


def _network(
    segmenter: Segmenter, window: Window, masks: list[Bool], group: int, scores: Scores,
) -> None:
    clicks = [Prompt(points=(Point(*inmost_point(m)),)) for m in masks]
    boxes = [Prompt(box=Box(*box_of(m))) for m in masks]
    answer = segmenter.segment(window, [*clicks, *boxes]).masks
    for k, mask in enumerate(masks):
        scores.setdefault('click: bundle', []).append((group, iou(answer[k], mask)))
        scores.setdefault('box: bundle', []).append((group, iou(answer[len(masks) + k], mask)))


def _baselines(
    picture: UInt8, box: Letterbox, masks: list[Bool], group: int, scores: Scores, slow: bool,
) -> None:
    sx, sy = box.scale

    def add(name: str, found: NDArray[np.bool_], mask: Bool) -> None:
        full = cv2.resize(found.astype(np.float32), (box.width, box.height))
        scores.setdefault(name, []).append((group, iou(np.asarray(full > 0.5), mask)))

    for mask in masks:
        x, y = box.pixels_to_input(*inmost_point(mask))
        x0, y0, x1, y1 = box_of(mask)
        for name, click in CLICK.items():
            if name in SLOW and not slow:
                continue
            add(f'click: {name}', click(picture, (max(x, 0.0), max(y, 0.0))), mask)
        for name, method in BOX.items():
            if name in SLOW and not slow:
                continue
            add(f'box: {name}', method(picture, (x0 * sx, y0 * sy, x1 * sx, y1 * sy)), mask)


def measure(
    segmenter: Segmenter, first: int, windows: int, baselines: bool,
    progress: Callable[[Any], Any],
) -> dict[str, dict[str, float]]:
    """Return mean IoU, standard deviation over groups of windows, and objects, by method."""
    scores: Scores = {}
    for seed in progress(range(windows)):
        group = seed * GROUPS // windows
        window, ids = held_out_window(first + seed)
        masks = [np.asarray(ids == i) for i in np.unique(ids) if i]
        _network(segmenter, window, masks, group, scores)
        found = segmenter.segment(window).label_image()
        segmenter.reset()
        for value in best_match_iou(ids, found):
            scores.setdefault('automatic: bundle', []).append((group, float(value)))
        if baselines:
            manifest = segmenter.bundle.manifest
            box = Letterbox(window.width, window.height, manifest.width, manifest.height)
            picture = window_image(window, manifest.representation, *box.content)
            _baselines(picture, box, masks, group, scores, seed % SLOW_EVERY == 0)
    return {name: summary(values) for name, values in sorted(scores.items())}


def summary(values: list[tuple[int, float]]) -> dict[str, float]:
    """Return mean IoU, standard deviation over groups, and objects of pairs (group, IoU)."""
    groups = [[v for g, v in values if g == k] for k in range(GROUPS)]
    means = [float(np.mean(g)) for g in groups if g]
    return {'miou': round(float(np.mean([v for _, v in values])), 4),
            'spread': round(float(np.std(means)), 4), 'objects': len(values)}


def main() -> int:
    """Print the table and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--bundle', type=Path, help='bundle folder; default: the shipped one')
    parser.add_argument('--windows', type=int, default=200, help='held-out windows, default 200')
    parser.add_argument('--first', type=int, default=FIRST, help=f'first window, default {FIRST}')
    parser.add_argument('--no-baselines', action='store_true', help='measure the bundle alone')
    parser.add_argument('--output', type=Path, help='JSON file to write')
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    segmenter = Segmenter(load_bundle(arguments.bundle))
    table = measure(segmenter, arguments.first, arguments.windows, not arguments.no_baselines,
                    lambda x: tqdm(x, disable=None))
    for name, row in table.items():
        print(f'{name:32s} mIoU {row["miou"]:.3f} +- {row["spread"]:.3f}  '
              f'({row["objects"]} objects)')
    if arguments.output:
        write_result(arguments.output, 'segmentation of held-out simulated windows',
                     'python -m benchmarks.segmentation ' + ' '.join(sys.argv[1:]),
                     {'first': arguments.first, 'windows': arguments.windows,
                      'methods': table})
    return 0


if __name__ == '__main__':
    sys.exit(main())
