# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Class maps a second of colour and thermal pictures, with both cameras and with one.

`python -m benchmarks.rgbt` prints the median and the 95th percentile of a class map of 640 x 480
pictures on two threads, and the rate that the median allows. Without --bundle it exports the
network of a recipe with random weights, whose speed is that of trained ones; that needs torch.
"""

from __future__ import annotations

import argparse
from pathlib import Path
import sys
from tempfile import TemporaryDirectory
import time

import cv2
import numpy as np

from eventsam_ros.events.types import UInt8
from eventsam_ros.inference.class_maps import STAGES
from eventsam_ros.inference.rgbt import SIGHTS, RgbtSegmenter
from eventsam_ros.inference.rgbt_bundle import load_rgbt_bundle
from eventsam_ros.simulation.thermal import street_picture

from .results import write_result

RECIPE = Path('training/recipes/sartm_compact.yaml')


def export(recipe_file: Path, folder: Path) -> None:
    """Write the network of a recipe with random weights as a bundle."""
    # torch takes seconds to import, and is not needed for a bundle that is there
    from eventsam_ros.evaluation.datasets.class_tables import MFNET_9  # noqa: PLC0415
    import training.networks  # noqa: F401, PLC0415
    from training.thermal.export import write_rgbt_bundle  # noqa: PLC0415
    from training.thermal.recipe import load_recipe  # noqa: PLC0415
    from training.thermal.text import vectors_for  # noqa: PLC0415
    from training.thermal.trained import Trained, build_network  # noqa: PLC0415
    recipe = load_recipe(recipe_file, ['network.start=null', 'network.tune=full'])
    network = build_network(recipe, len(MFNET_9)).eval()
    write_rgbt_bundle(Trained(
        network, recipe, MFNET_9, vectors_for(MFNET_9.names, None), 0, {}), folder, half=False)


def measure(
    segmenter: RgbtSegmenter, pictures: list[tuple[UInt8, UInt8]], turns: int,
) -> dict[str, dict[str, float]]:
    """Return milliseconds and the rate for each of SIGHTS, taken in turns."""
    spent: dict[str, list[float]] = {sight: [] for sight in SIGHTS}
    stages: dict[str, list[list[float]]] = {sight: [] for sight in SIGHTS}
    for _ in range(turns):
        for rgb, thermal in pictures:
            for sight, shown in zip(SIGHTS, ((rgb, thermal), (rgb, None), (None, thermal)),
                                    strict=True):
                begin = time.perf_counter()
                segmenter.segment(*shown)
                spent[sight].append((time.perf_counter() - begin) * 1e3)
                stages[sight].append([segmenter.timings[name] for name in STAGES])
    found = {}
    for sight, values in spent.items():
        p50, p95 = np.percentile(values[3:], (50, 95))
        means = np.median(np.asarray(stages[sight][3:]), axis=0)
        found[sight] = {'p50_ms': round(float(p50), 1), 'p95_ms': round(float(p95), 1),
                        'hz': round(1e3 / float(p50), 1),
                        **{f'{n}_ms': round(float(v), 2)
                           for n, v in zip(STAGES, means, strict=True)}}
    return found


def main() -> int:
    """Print one line a mode and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--bundle', type=Path, help='bundle folder; default: --recipe, untrained')
    parser.add_argument('--recipe', type=Path, default=RECIPE, help=f'default {RECIPE}')
    parser.add_argument('--engine', default='onnxruntime', help='back end, default onnxruntime')
    parser.add_argument('--threads', type=int, default=2, help='processor threads, default 2')
    parser.add_argument('--turns', type=int, default=10, help='turns over 6 pairs, default 10')
    parser.add_argument('--output', type=Path, help='JSON file to write')
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    pictures = [(p.rgb, p.thermal) for p in (
        street_picture(2026, number, 640, 480)[1] for number in range(6))]
    with TemporaryDirectory() as scratch:
        folder = arguments.bundle or Path(scratch) / 'bundle'
        if arguments.bundle is None:
            export(arguments.recipe, folder)
        bundle = load_rgbt_bundle(folder)
        segmenter = RgbtSegmenter(bundle, arguments.engine, arguments.threads)
        found = measure(segmenter, pictures, arguments.turns)
        engine = segmenter.engine_description
    size = f'{bundle.manifest.width}x{bundle.manifest.height}'
    for sight, row in found.items():
        print(f'{sight}: {row["p50_ms"]:g} ms (p95 {row["p95_ms"]:g}), {row["hz"]:g} Hz on '
              f'{engine}, input {size}')
    if arguments.output:
        write_result(arguments.output, 'class maps of colour and thermal pictures',
                     ' '.join(['python -m benchmarks.rgbt', *sys.argv[1:]]),
                     {'engine': engine, 'input': size, 'sights': found})
    return 0


if __name__ == '__main__':
    sys.exit(main())
