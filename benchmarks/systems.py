# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Size and speed of bundles of any task, in one run.

`python -m benchmarks.systems BUNDLE [BUNDLE ...]` feeds each bundle with what its task looks at
(simulated: events and pictures of 640 x 480, panoramas of 1024 x 512), one after the other in
every turn, and prints its size, its input and the median and 95th percentile of a picture or
window. `default` stands for the bundle that ships.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
import sys
import time
from typing import Any

import cv2
import numpy as np

from eventsam_ros.benchmark.streams import HEIGHT, WIDTH, scene
from eventsam_ros.events import Events, Window
from eventsam_ros.events.types import UInt8
from eventsam_ros.inference import Segmenter
from eventsam_ros.inference.bundle import Bundle
from eventsam_ros.inference.opening import AnyBundle, load_any, task_of
from eventsam_ros.inference.panoramic import PanoramicSegmenter
from eventsam_ros.inference.panoramic_bundle import PanoramicBundle
from eventsam_ros.inference.referring import ReferringSegmenter
from eventsam_ros.inference.referring_bundle import ReferringBundle
from eventsam_ros.inference.rgbt import RgbtSegmenter
from eventsam_ros.inference.rgbt_bundle import RgbtBundle
from eventsam_ros.inference.semantic import SemanticSegmenter
from eventsam_ros.inference.semantic_bundle import SemanticBundle
from eventsam_ros.simulation.panorama import panorama_picture
from eventsam_ros.simulation.thermal import street_picture

from .results import write_result

SEED = 13
WINDOW_NS = 50_000_000
SENTENCES = {'one': 'the large red box', 'other': 'the thing moving left'}
Look = Callable[[], object]


def _window() -> Window:
    """Return a window of the scene that `demo` shows."""
    stream = scene(SEED, 2, WINDOW_NS)
    arrays = [np.concatenate([getattr(part, name) for part in stream.parts])
              for name in ('x', 'y', 'p', 't')]
    events = Events(*arrays)
    start = int(events.t[0])
    inside = events.t < start + WINDOW_NS
    return Window(events[inside], start, start + WINDOW_NS, WIDTH, HEIGHT)


def opened(bundle: AnyBundle, engine: str, threads: int) -> tuple[Look, str]:
    """Open a bundle.

    Returns:
        What looks once, and the description of the back end.
    """
    if isinstance(bundle, Bundle):
        window, masks = _window(), Segmenter(bundle, engine, threads)
        return lambda: masks.segment(window), masks.engine_description
    if isinstance(bundle, SemanticBundle):
        window, classes = _window(), SemanticSegmenter(bundle, engine, threads)
        return lambda: classes.segment(window), classes.engine_description
    if isinstance(bundle, RgbtBundle):
        street, both = street_picture(SEED, 0, WIDTH, HEIGHT)[1], RgbtSegmenter(
            bundle, engine, threads)
        return lambda: both.segment(street.rgb, street.thermal), both.engine_description
    if isinstance(bundle, PanoramicBundle):
        around, panorama = panorama_picture(SEED, 0, 1024, 512).rgb, PanoramicSegmenter(
            bundle, engine, threads)
        return lambda: panorama.segment(around), panorama.engine_description
    assert isinstance(bundle, ReferringBundle)
    return _referring(bundle, engine, threads)


def _referring(bundle: ReferringBundle, engine: str, threads: int) -> tuple[Look, str]:
    """Look for two sentences at once."""
    segmenter, m = ReferringSegmenter(bundle, engine, threads), bundle.manifest
    for name, sentence in SENTENCES.items():
        segmenter.add(name, sentence)
    picture: UInt8 | None = street_picture(SEED, 0, WIDTH, HEIGHT)[1].rgb if m.images else None
    window = _window() if m.events else None
    return lambda: segmenter.segment(picture, window, 0), segmenter.engine_description


def row_of(bundle: AnyBundle, spent: list[float], engine: str) -> dict[str, Any]:
    """Return the figures of a bundle.

    Args:
        bundle: Which.
        spent: Seconds of each look.
        engine: Description of the back end.
    """
    size = sum(file.stat().st_size for file in bundle.path.rglob('*') if file.is_file())
    p50, p95 = np.percentile(np.asarray(spent) * 1e3, (50, 95))
    m = bundle.manifest
    return {'name': m.name, 'task': task_of(bundle.path), 'input': f'{m.width}x{m.height}',
            'mbytes': round(size / 1e6, 1), 'p50_ms': round(float(p50), 1),
            'p95_ms': round(float(p95), 1), 'hz': round(1e3 / float(p50), 1), 'engine': engine}


def main() -> int:
    """Print one line a bundle and write the JSON file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bundles', nargs='+', help='folders of bundles, or default')
    parser.add_argument('--engine', default='onnxruntime', help='back end, default onnxruntime')
    parser.add_argument('--threads', type=int, default=2, help='processor threads, default 2')
    parser.add_argument('--turns', type=int, default=30, help='looks of each, default 30')
    parser.add_argument('--output', type=Path, help='JSON file to write')
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    bundles = [load_any(None if name == 'default' else name) for name in arguments.bundles]
    looks = [opened(bundle, arguments.engine, arguments.threads) for bundle in bundles]
    spent: list[list[float]] = [[] for _ in looks]
    for look, _ in looks:
        look()
    for _ in range(arguments.turns):
        for (look, _), seconds in zip(looks, spent, strict=True):
            begin = time.perf_counter()
            look()
            seconds.append(time.perf_counter() - begin)
    rows = [row_of(bundle, seconds, engine)
            for bundle, seconds, (_, engine) in zip(bundles, spent, looks, strict=True)]
    for row in rows:
        print(f'{row["task"]:15} {row["name"]}: {row["mbytes"]:g} MB, input {row["input"]}, '
              f'{row["p50_ms"]:g} ms (p95 {row["p95_ms"]:g}), {row["hz"]:g} a second')
    if arguments.output:
        write_result(
            arguments.output, 'bundles of all tasks',
            'python -m benchmarks.systems BUNDLE ... --output benchmarks/results/systems.json',
            {'threads': arguments.threads, 'turns': arguments.turns, 'systems': rows})
    return 0


if __name__ == '__main__':
    sys.exit(main())
