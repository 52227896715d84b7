# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What each stage of an automatically segmented window takes where nothing else runs.

The live benchmark measures the same stages while player, recorder and packet thread share the
cores. `python -m benchmarks.stages` prints the mean of 640 x 480 windows for each scene.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path
import sys

import cv2
import numpy as np

from eventsam_ros.events.types import Window
from eventsam_ros.inference import Segmenter, load_bundle
from eventsam_ros.simulation.capture import capture
from eventsam_ros.simulation.scene import random_scene
from eventsam_ros.simulation.sensor import EventSensor, SensorConfig

from .results import write_result

WIDTH, HEIGHT, WINDOW_S = 640, 480, 0.05
NETWORK = ('encode', 'decode')


def windows(seed: int, count: int) -> list[Window]:
    """Return consecutive windows of the scene that the demo shows for a seed."""
    rng = np.random.default_rng([seed, 7])
    scene = random_scene(rng, WIDTH, HEIGHT, objects=4)
    sensor = EventSensor(WIDTH, HEIGHT, SensorConfig(), rng)
    instants = np.asarray(1.0 + np.arange(count + 1) * WINDOW_S, np.float64)
    moments = list(capture(scene, sensor, instants))
    return [Window(m.events, before.t_ns, m.t_ns, WIDTH, HEIGHT)
            for before, m in pairwise(moments)]


def measure(segmenter: Segmenter, seed: int, count: int) -> dict[str, float]:
    """Return mean milliseconds by stage, events a window, and the share outside the network."""
    shown = windows(seed, count)
    segmenter.reset()
    segmenter.segment(shown[0])
    rows = []
    for window in shown:
        segmenter.segment(window)
        rows.append(dict(segmenter.timings))
    result = {name: round(float(np.mean([r[name] for r in rows])), 2) for name in rows[0]}
    total = sum(result.values())
    result['total'] = round(total, 2)
    result['outside_network'] = round(1 - sum(result[n] for n in NETWORK) / total, 3)
    result['events'] = round(float(np.mean([len(w.events) for w in shown])))
    return result


def main() -> int:
    """Print one line for each scene and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seeds', type=int, nargs='+', default=[13, 1, 2], help='scenes')
    parser.add_argument('--windows', type=int, default=20, help='windows of each scene')
    parser.add_argument('--output', type=Path, help='JSON file to write')
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    segmenter = Segmenter(load_bundle())
    scenes = {seed: measure(segmenter, seed, arguments.windows) for seed in arguments.seeds}
    for seed, row in scenes.items():
        print(f'seed {seed}: ' + ', '.join(f'{k} {v:g}' for k, v in row.items()))
    if arguments.output:
        write_result(arguments.output, 'stages of a window at 640 x 480',
                     'python -m benchmarks.stages ' + ' '.join(sys.argv[1:]), {'scenes': scenes})
    return 0


if __name__ == '__main__':
    sys.exit(main())
