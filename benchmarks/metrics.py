# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""EventSAM's scores of a 640 x 480 picture with 60 segments, against one mask a colour.

The yardstick is the way the protocol is usually written: a mask for every colour of both
pictures, and NumPy's logic on every pair. Both run in turn, and their scores must agree.
`python -m benchmarks.metrics` prints the ratio.
"""

from __future__ import annotations

import argparse
from pathlib import Path
import sys
import time

import numpy as np

from eventsam_ros.evaluation.metrics import best_match
from eventsam_ros.events.types import UInt8

from .results import write_result

WIDTH, HEIGHT, SEGMENTS = 640, 480, 60
LEAST_RATIO = 50.0


def picture(rng: np.random.Generator) -> UInt8:
    """Return a white picture with overlapping ellipses, each of a colour of its own."""
    result = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    for k in range(SEGMENTS):
        row, column = rng.uniform(0, HEIGHT), rng.uniform(0, WIDTH)
        high, wide = rng.uniform(15, 90, 2)
        inside = ((y - row) / high) ** 2 + ((x - column) / wide) ** 2 < 1
        result[inside] = k, 255 - k, (k * 37) % 251
    return result


def naive(truth: UInt8, predicted: UInt8) -> tuple[float, float, float, float]:
    """Return mP, mR, mIoU and aIoU the plain way."""
    def masks(image: UInt8) -> list[np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
        colours = np.unique(image.reshape(-1, 3), axis=0)
        found = [(image == colour).all(2) for colour in colours]
        return [mask for mask in found if mask.sum() >= 12]

    rows = []
    predictions = masks(predicted)
    for g in masks(truth):
        best = (0.0, 0.0, 0.0)
        for p in predictions:
            common, union = (g & p).sum(), (g | p).sum()
            if common / union > best[2]:
                best = (common / p.sum(), common / g.sum(), common / union)
        rows.append((*best, float(g.sum())))
    table = np.array(rows)
    return (float(table[:, 0].mean()), float(table[:, 1].mean()), float(table[:, 2].mean()),
            float((table[:, 2] * table[:, 3]).sum() / table[:, 3].sum()))


def main() -> int:
    """Print both times and their ratio; exit code 1 below the ratio or where scores differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rounds', type=int, default=5, help='pictures, default 5')
    parser.add_argument('--output', type=Path, help='JSON file to write')
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    pairs = [(picture(rng), picture(rng)) for _ in range(arguments.rounds)]
    best_match(*pairs[0])   # compiles
    ours, theirs, agree = [], [], True
    for truth, predicted in pairs:
        begun = time.perf_counter()
        result = best_match(truth, predicted)
        ours.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        wanted = naive(truth, predicted)
        theirs.append(time.perf_counter() - begun)
        scores = (result.precision, result.recall, result.iou, result.area_iou)
        agree &= bool(np.allclose(scores, wanted, rtol=0, atol=1e-9))
    fast, slow = float(np.median(ours)) * 1e3, float(np.median(theirs)) * 1e3
    ratio = slow / fast
    print(f'best match {fast:.2f} ms, one mask a colour {slow:.0f} ms: {ratio:.0f} times as fast '
          f'(at least {LEAST_RATIO:g}); scores {"agree" if agree else "DIFFER"} to 1e-9')
    if arguments.output:
        write_result(arguments.output, 'EventSAM metrics of a 640 x 480 picture, 60 segments',
                     'python -m benchmarks.metrics ' + ' '.join(sys.argv[1:]),
                     {'ours_ms': round(fast, 3), 'naive_ms': round(slow, 1),
                      'ratio': round(ratio, 1), 'agree': agree})
    return 0 if agree and ratio >= LEAST_RATIO else 1


if __name__ == '__main__':
    sys.exit(main())
