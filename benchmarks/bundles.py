# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""CPU time of one bundle against another's, in turns, on the same windows.

`python -m benchmarks.bundles OTHER` prints process time (all threads) of a window with one click,
with one box, and with automatic masks, for the shipped bundle and the other, and their ratio.
"""

from __future__ import annotations

import argparse
from pathlib import Path
import sys
import time

import cv2
import numpy as np

from eventsam_ros.events.types import Window
from eventsam_ros.inference import Box, Prompt, Segmenter, load_bundle
from eventsam_ros.inference.prompts import Point

from .results import write_result
from .stages import HEIGHT, WIDTH, windows

TASKS: dict[str, list[Prompt] | None] = {
    'click': [Prompt(points=(Point(WIDTH // 2, HEIGHT // 2),))],
    'box': [Prompt(box=Box(WIDTH // 4, HEIGHT // 4, 3 * WIDTH // 4, 3 * HEIGHT // 4))],
    'automatic': None}


def _spent(segmenter: Segmenter, window: Window, prompts: list[Prompt] | None) -> float:
    segmenter.reset()
    begin = time.process_time()
    segmenter.segment(window, prompts)
    return (time.process_time() - begin) * 1e3


def measure(ours: Segmenter, other: Segmenter, shown: list[Window], turns: int,
            ) -> dict[str, dict[str, float]]:
    """Return, for each task, median milliseconds of both and the median ratio of their turns."""
    found = {}
    for task, prompts in TASKS.items():
        for segmenter in (ours, other):
            _spent(segmenter, shown[0], prompts)
        pairs = np.asarray([
            [_spent(segmenter, window, prompts) for segmenter in (ours, other)]
            for _ in range(turns) for window in shown])
        found[task] = {
            'cpu_ms': round(float(np.median(pairs[:, 0])), 2),
            'other_cpu_ms': round(float(np.median(pairs[:, 1])), 2),
            'ratio': round(float(np.median(pairs[:, 0] / pairs[:, 1])), 3)}
    return found


def main() -> int:
    """Print one line a task and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('other', type=Path, help='bundle folder to compare with')
    parser.add_argument('--bundle', type=Path, help='bundle folder; default: the shipped one')
    parser.add_argument('--turns', type=int, default=5, help='turns over all windows')
    parser.add_argument('--output', type=Path, help='JSON file to write')
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    shown = [window for seed in (13, 1, 2) for window in windows(seed, 4)]
    found = measure(Segmenter(load_bundle(arguments.bundle)),
                    Segmenter(load_bundle(arguments.other)), shown, arguments.turns)
    for task, row in found.items():
        print(f'{task}: {row["cpu_ms"]:g} ms of CPU time, the other {row["other_cpu_ms"]:g}; '
              f'{row["ratio"]:g} times')
    if arguments.output:
        write_result(arguments.output, 'CPU time of two bundles',
                     'python -m benchmarks.bundles ' + ' '.join(sys.argv[1:]), {'tasks': found})
    return 0


if __name__ == '__main__':
    sys.exit(main())
