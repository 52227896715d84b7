# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What each setting of a deployment gains in time and costs in accuracy.

`python -m benchmarks.tuning` segments the same held-out simulated windows with every setting in
turn: automatic masks against the ground truth (best match of each object, as in
`benchmarks.segmentation`), clicks where the setting touches them, and the time of a window beside
that of the defaults in the same turn. Lengths of windows are compared on scenes of their own: the
same moments, looked at for longer or shorter.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
import sys
import time
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

from eventsam_ros.errors import EngineError
from eventsam_ros.evaluation.metrics import best_match_iou, iou
from eventsam_ros.evaluation.runs.objects import inmost_point
from eventsam_ros.events.pixel_events import thinned
from eventsam_ros.events.types import UInt8, Window
from eventsam_ros.inference import Point, Prompt, Segmenter, load_bundle
from eventsam_ros.inference.engines import ENGINES
from eventsam_ros.inference.options import AutomaticOptions
from eventsam_ros.simulation.capture import capture, evident_ids
from eventsam_ros.simulation.samples import held_out_window, random_sensor
from eventsam_ros.simulation.scene import random_scene
from eventsam_ros.simulation.sensor import EventSensor

from .results import write_result
from .segmentation import FIRST, GROUPS, summary

USUAL_ENGINE = 'onnxruntime'
PROMPTS = (4, 8, 12, 16, 24)
PRED_IOU = (0.3, 0.45, 0.6)
THREADS = (1, 2)
SHARES = (1, 2, 4, 8)
"""Of so many events of a window one is kept."""
LENGTHS_MS = (25, 50, 100)
USUAL_MS = 50
"""The length at which it is decided which objects can be seen at all."""
SIZE = (346, 260)
_SCENES = 2027
"""First part of the seeds of the scenes for lengths; no other seeds begin with it."""

Change = Callable[[Window], Window]


@dataclass
class Setting:
    """One row of the table.

    Attributes:
        knob: What is set.
        value: To what.
        segmenter: Runs it.
        options: Of automatic masks.
        change: What happens to a window before.
        scores: IoU of each object with its group of windows, by task.
        wall_ms: Time for automatic masks of each window.
        cpu_ms: Processor time, likewise.
        masks: How many automatic masks each window got.
    """

    knob: str
    value: str
    segmenter: Segmenter
    options: AutomaticOptions = field(default_factory=AutomaticOptions)
    change: Change = lambda window: window
    scores: dict[str, list[tuple[int, float]]] = field(
        default_factory=lambda: {'automatic': [], 'click': []})
    wall_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    masks: list[int] = field(default_factory=list)

    def take(self, window: Window, ids: UInt8, group: int) -> None:
        """Segment a window without prompts, then with a click on every object."""
        shown = self.change(window)
        self.segmenter.options = self.options
        self.segmenter.reset()
        wall, cpu = time.perf_counter(), time.process_time()
        found = self.segmenter.segment(shown)
        self.wall_ms.append((time.perf_counter() - wall) * 1e3)
        self.cpu_ms.append((time.process_time() - cpu) * 1e3)
        self.masks.append(len(found.ids))
        self.scores['automatic'] += [
            (group, float(v)) for v in best_match_iou(ids, found.label_image())]
        objects = [np.asarray(ids == i) for i in np.unique(ids) if i]
        answer = self.segmenter.segment(
            shown, [Prompt(points=(Point(*inmost_point(m)),)) for m in objects]).masks
        self.scores['click'] += [
            (group, iou(answer[k], mask)) for k, mask in enumerate(objects)]


def one_of(share: int) -> Change:
    """Return a change of a window that thins it as an overloaded node does."""
    return lambda window: replace(window, events=thinned(window.events, 0, 1, share))


def other_engines() -> Iterator[tuple[str, Segmenter]]:
    """Yield every back end of this machine but the one that the defaults are measured with."""
    for name in ENGINES:
        if name not in {'auto', USUAL_ENGINE}:
            try:
                yield name, Segmenter(load_bundle(), name, threads=1)
            except EngineError as error:
                print(f'{name} is left out: {error}', file=sys.stderr)


def settings(bundles: list[Path]) -> Iterator[Setting]:
    """Yield the defaults first, and every setting beside them."""
    usual = AutomaticOptions()
    segmenter = Segmenter(load_bundle(), USUAL_ENGINE, threads=1)
    yield Setting('defaults', '', segmenter)
    for name, other in other_engines():
        yield Setting('engine', name, other)
    for prompts in PROMPTS:
        if prompts != usual.prompts:
            yield Setting('automatic.prompts', str(prompts), segmenter,
                          replace(usual, prompts=prompts))
    for least in PRED_IOU:
        if least != usual.pred_iou:
            yield Setting('automatic.pred_iou', str(least), segmenter,
                          replace(usual, pred_iou=least))
    yield Setting('automatic.strategy', 'grid', segmenter, replace(usual, strategy='grid'))
    for threads in THREADS[1:]:
        yield Setting('engine_threads', str(threads),
                      Segmenter(load_bundle(), USUAL_ENGINE, threads=threads))
    for share in SHARES[1:]:
        yield Setting('events kept', f'1 of {share}', segmenter, change=one_of(share))
    for path in bundles:
        bundle = load_bundle(path)
        yield Setting('bundle', bundle.manifest.name, Segmenter(bundle, USUAL_ENGINE, threads=1))


def moment(seed: int) -> tuple[Window, UInt8]:
    """Return the longest window that ends at a moment of a scene, and what can be seen then."""
    longest, usual = max(LENGTHS_MS) / 1e3, USUAL_MS / 1e3
    for attempt in range(1000):
        rng = np.random.default_rng([_SCENES, seed, attempt])
        scene = random_scene(rng, *SIZE)
        sensor = EventSensor(*SIZE, random_sensor(rng), rng)
        end = rng.uniform(1, 20)
        instants = np.asarray([end - 1.1 * longest, end - longest, end], np.float64)
        _, _, seen = capture(scene, sensor, instants)
        window = Window(seen.events, round((end - longest) * 1e9), seen.t_ns, *SIZE)
        evident = evident_ids(seen.ids, last(window, usual * 1e3))
        if evident:
            return window, np.where(np.isin(seen.ids, evident), seen.ids, 0).astype(np.uint8)
    raise RuntimeError(f'no scene of seed {seed} shows an object')


def last(window: Window, length_ms: float) -> Window:
    """Return the end of a window."""
    start = window.t_end - round(length_ms * 1e6)
    return replace(window, events=window.events[window.events.t >= start], t_start=start)


def lengths() -> Iterator[Setting]:
    """Yield one setting for each length of a window, the usual one first."""
    segmenter = Segmenter(load_bundle(), USUAL_ENGINE, threads=1)
    for length in sorted(LENGTHS_MS, key=lambda ms: ms != USUAL_MS):
        yield Setting('window.duration_ms', str(length), segmenter,
                      change=lambda window, length=length: last(window, length))  # type: ignore[misc]


def measure(
    tried: list[Setting], source: Callable[[int], tuple[Window, UInt8]], first: int, windows: int,
) -> list[dict[str, Any]]:
    """Return a row for each setting; the first is what the others are compared with."""
    warm, _ = source(first)
    for setting in tried:
        setting.segmenter.options = setting.options
        setting.segmenter.segment(setting.change(warm))
    for k in tqdm(range(windows), disable=None):
        window, ids = source(first + k)
        for setting in tried:
            setting.take(window, ids, k * GROUPS // windows)
    base = tried[0]
    return [{
        'knob': s.knob, 'value': s.value,
        **{task: summary(values) for task, values in s.scores.items()},
        'masks': round(float(np.mean(s.masks)), 2),
        'ms': round(float(np.median(s.wall_ms)), 2),
        'cpu_ms': round(float(np.median(s.cpu_ms)), 2),
        'time_to_default': round(float(np.median(np.divide(s.wall_ms, base.wall_ms))), 3),
        'cpu_to_default': round(float(np.median(np.divide(s.cpu_ms, base.cpu_ms))), 3),
    } for s in tried]


def main() -> int:
    """Print the tables and write the JSON file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--windows', type=int, default=100, help='held-out windows, default 100')
    parser.add_argument('--bundles', type=Path, nargs='*', default=[],
                        help='folders of other bundles, such as INT8 ones')
    parser.add_argument('--output', type=Path, help='JSON file to write')
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    found = {
        'settings': measure(
            list(settings(arguments.bundles)), held_out_window, FIRST, arguments.windows),
        'lengths': measure(list(lengths()), moment, 0, arguments.windows)}
    for rows in found.values():
        for row in rows:
            print(f'{row["knob"]:20s} {row["value"]:8s} automatic {row["automatic"]["miou"]:.3f} '
                  f'+- {row["automatic"]["spread"]:.3f}, click {row["click"]["miou"]:.3f}, '
                  f'{row["masks"]:.1f} masks, {row["ms"]:.0f} ms, '
                  f'{row["time_to_default"]:.2f} times the default (CPU time '
                  f'{row["cpu_to_default"]:.2f})')
    if arguments.output:
        write_result(arguments.output, 'what settings gain and cost',
                     f'python -m benchmarks.tuning --windows {arguments.windows}'
                     + ' --bundles BUNDLE ...' * bool(arguments.bundles),
                     {'first': FIRST, 'windows': arguments.windows, **found})
    return 0


if __name__ == '__main__':
    sys.exit(main())
