# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Panoramas a second: the student in one pass against its teacher assistant window by window.

`python -m benchmarks.panoramic` exports both networks of a recipe with random weights, whose speed
is that of trained ones, and takes them in turns on the same panoramas, on two threads each; the
time of the assistant includes stitching. It needs torch. Masks of a promptable network, which the
full teacher would need as well, are not counted.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
import sys
from tempfile import TemporaryDirectory
import time

import cv2
import numpy as np
import torch

from eventsam_ros.events.types import UInt8
from eventsam_ros.inference.engines import Engine, create_engine
from eventsam_ros.inference.panoramic import PanoramicSegmenter
from eventsam_ros.inference.panoramic_bundle import load_panoramic_bundle
from eventsam_ros.simulation.panorama import panorama_picture
import training.networks  # noqa: F401
from training.networks.segformer import SIZES, SegFormer
from training.panoramic.export import trace, write_panoramic_bundle
from training.panoramic.pictures import TABLES
from training.panoramic.predict import tensor, windows_of
from training.panoramic.recipe import PanoramicRecipe, make_recipe
from training.panoramic.stages import KIND
from training.panoramic.stitching import stitch
from training.panoramic.windows import cut
from training.semantic.recipe import load_values

from .results import write_result

RECIPE = Path('training/recipes/goodsam_densepass.yaml')


def export(recipe: PanoramicRecipe, folder: Path) -> None:
    """Write student/ and, for each size of windows, ROWSxCOLUMNS.onnx of the assistant."""
    classes = len(TABLES[recipe.classes])
    torch.manual_seed(0)
    student = SegFormer(classes, SIZES[recipe.student.size])
    torch.save({
        'kind': KIND, 'classes': classes, 'average': student.state_dict(),
        'size': recipe.student.size, 'table': recipe.classes, 'width': recipe.width,
        'height': recipe.height, 'wrap': recipe.wrap_padding, 'mean': list(recipe.mean),
        'std': list(recipe.std), 'name': recipe.name, 'step': 0, 'scores': {},
        'said': {'seed': 0}}, folder / 'student.pt')
    write_panoramic_bundle(folder / 'student.pt', folder / 'student', half=False)
    assistant = SegFormer(classes, SIZES[recipe.assistant.size]).eval()
    for height, width in sorted({(v.height, v.width) for v in windows_of(recipe).views}):
        with torch.no_grad():
            trace(assistant, folder / f'{height}x{width}.onnx', width, height)


def windowed(recipe: PanoramicRecipe, engines: dict[str, Engine], picture: UInt8) -> UInt8:
    """Return what the assistant says of a panorama of the recipe's size, uint8 [H, W]."""
    windows, parts = windows_of(recipe), []
    for view in windows.views:
        window = np.asarray(cut(picture, view), np.uint8)
        image = tensor(window, recipe.mean, recipe.std)[None].numpy()
        logits = engines[f'{view.height}x{view.width}'].run({'image': image})['logits'][0]
        planes = [cv2.resize(plane, (view.width, view.height)) for plane in logits]
        grown = np.exp(np.stack(planes) - np.max(planes, 0))
        parts.append(np.asarray(grown / grown.sum(0), np.float32))
    return np.asarray(stitch(parts, windows, recipe.taper).argmax(0), np.uint8)


def _spent(values: list[float]) -> dict[str, float]:
    p50, p95 = np.percentile(values[1:], (50, 95))
    return {'p50_ms': round(float(p50), 1), 'p95_ms': round(float(p95), 1),
            'hz': round(1e3 / float(p50), 2)}


def main() -> int:
    """Print one line a network and their ratio, and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--recipe', type=Path, default=RECIPE, help=f'default {RECIPE}')
    parser.add_argument('--set', action='append', default=[], metavar='KEY=VALUE',
                        help='change a key of the recipe; may be repeated')
    parser.add_argument('--threads', type=int, default=2, help='processor threads, default 2')
    parser.add_argument('--turns', type=int, default=5, help='panoramas, default 5')
    parser.add_argument('--output', type=Path, help='JSON file to write')
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    recipe = make_recipe(load_values(arguments.recipe), arguments.recipe.name, arguments.set)
    if arguments.turns < 1:
        parser.error(f'turns must be at least 1, but got {arguments.turns}')
    pictures = [panorama_picture(2026, k, recipe.width, recipe.height).rgb
                for k in range(min(arguments.turns, 3))]
    found: dict[str, list[float]] = {'student': [], 'assistant': []}
    with TemporaryDirectory() as scratch:
        export(recipe, Path(scratch))
        segmenter = PanoramicSegmenter(
            load_panoramic_bundle(Path(scratch) / 'student'), 'onnxruntime', arguments.threads)
        engines = {path.stem: create_engine(path, 'onnxruntime', arguments.threads)
                   for path in Path(scratch).glob('*.onnx')}
        for turn in range(arguments.turns + 1):
            picture = pictures[turn % len(pictures)]
            for name, say in (('student', segmenter.segment),
                              ('assistant', partial(windowed, recipe, engines))):
                begin = time.perf_counter()
                say(picture)
                found[name].append((time.perf_counter() - begin) * 1e3)
    rows = {name: _spent(values) for name, values in found.items()}
    ratio = round(rows['assistant']['p50_ms'] / rows['student']['p50_ms'], 1)
    count = len(windows_of(recipe).views)
    for name, size in (('student', recipe.student.size), ('assistant', recipe.assistant.size)):
        print(f'{name} ({size}): {rows[name]["p50_ms"]:g} ms (p95 {rows[name]["p95_ms"]:g}), '
              f'{rows[name]["hz"]:g} Hz for panoramas of {recipe.width}x{recipe.height}')
    print(f'the assistant looks at {count} windows and takes {ratio:g} times as long')
    if arguments.output:
        write_result(arguments.output, 'class maps of panoramas: one pass against windows',
                     ' '.join(['python -m benchmarks.panoramic', *sys.argv[1:]]),
                     {'networks': rows, 'windows': count, 'ratio': ratio,
                      'panorama': f'{recipe.width}x{recipe.height}'})
    return 0


if __name__ == '__main__':
    sys.exit(main())
