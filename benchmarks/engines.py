# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The back ends of this machine on the two graphs of a bundle, in turns.

`python -m benchmarks.engines` prints the least time of encoder and decoder by back end and number
of threads, and the ratio to ONNX Runtime on the CPU: the ground for what the engine 'auto' takes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
import sys
import time

import numpy as np

from eventsam_ros.errors import EngineError
from eventsam_ros.inference import load_bundle
from eventsam_ros.inference.bundle import Bundle
from eventsam_ros.inference.engines import ENGINES, Engine
from eventsam_ros.inference.graphs import open_engines
from eventsam_ros.inference.letterbox import Letterbox
from eventsam_ros.inference.packing import pack_clicks

from .results import write_result

REFERENCE = 'onnxruntime'
PROMPTS = (1, 8, 32)

Stages = dict[str, Callable[[], object]]


def stages(bundle: Bundle, engines: tuple[Engine, Engine]) -> Stages:
    """Return what is measured: the encoder, and the decoder for several numbers of clicks."""
    encoder, decoder = engines
    m, rng = bundle.manifest, np.random.default_rng(0)
    picture = rng.normal(size=(1, 3, m.height, m.width)).astype(np.float32)
    box = Letterbox(m.width, m.height, m.width, m.height, m.low_res_stride)
    embedding = encoder.run({'image': picture})['embedding']

    def decode(count: int) -> Callable[[], object]:
        points = rng.uniform(0, min(m.width, m.height) - 1, (count, 2)).astype(np.float32)
        given = {'embedding': embedding,
                 **pack_clicks(points, box, m.point_padding).inputs()}
        return lambda: decoder.run(given)
    return {'encoder': lambda: encoder.run({'image': picture}),
            **{f'decoder, {count} clicks': decode(count) for count in PROMPTS}}


def measure(bundle: Bundle, threads: int, turns: int) -> dict[str, dict[str, float]]:
    """Return the least milliseconds of each stage by back end, all of them in turns."""
    measured: dict[str, Stages] = {}
    for name in ENGINES[1:]:
        try:
            engines = open_engines(bundle, name, threads)
        except EngineError as error:  # noqa: PERF203  (a handful of back ends)
            print(f'{name}: {error}')
        else:
            print(f'{name}: {engines[0].description}')
            measured[name] = stages(bundle, engines)
    taken: dict[str, dict[str, float]] = {name: {} for name in measured}
    for stage in measured[REFERENCE]:
        for turn in range(turns + 1):   # the first one compiles and sets memory aside
            for name, run in measured.items():
                begin = time.perf_counter()
                run[stage]()
                spent = (time.perf_counter() - begin) * 1e3
                if turn:
                    taken[name][stage] = round(min(spent, taken[name].get(stage, spent)), 2)
    return taken


def main() -> int:
    """Print the table and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--bundle', type=Path, help='bundle folder; default: the shipped one')
    parser.add_argument('--threads', type=int, nargs='+', default=[1, 2])
    parser.add_argument('--turns', type=int, default=15)
    parser.add_argument('--output', type=Path, help='JSON file to write')
    arguments = parser.parse_args()
    bundle = load_bundle(arguments.bundle)
    found = {}
    for threads in arguments.threads:
        found[f'{threads} threads'] = taken = measure(bundle, threads, arguments.turns)
        for stage, reference in taken[REFERENCE].items():
            row = ', '.join(f'{name} {times[stage]:g} ms ({times[stage] / reference:.2f})'
                            for name, times in taken.items())
            print(f'{threads} threads, {stage}: {row}')
    if arguments.output:
        write_result(arguments.output, 'encoder and decoder by back end',
                     'python -m benchmarks.engines ' + ' '.join(sys.argv[1:]),
                     {'least_ms': found})
    return 0


if __name__ == '__main__':
    sys.exit(main())
