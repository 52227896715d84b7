# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The default bundle's encoder against those of NanoSAM, MobileSAM and EfficientViT-SAM.

`python -m benchmarks.encoders` exports each backbone with this project's neck (random weights;
time does not depend on them) and one decoder for all at 512 x 512, and runs them in turns in the
same back end. `mobilesam` is MobileSAM's encoder with its own neck, whose embedding brings no
detail. With `--runs`, the folder of `benchmarks.encoder_training`, what each backbone reached on
the same training budget stands beside its time. Exit code 1 where the goal is missed: encoder and
decoder at least 1.5 times as fast as with any other encoder.
"""

from __future__ import annotations

import argparse
from pathlib import Path
import sys
from tempfile import TemporaryDirectory
import time
from typing import Any

import cv2
import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from eventsam_ros.events.types import Float32
from eventsam_ros.inference import Segmenter, load_bundle
from eventsam_ros.inference.engines import ENGINES, Engine, create_engine
from training.exporting.graphs import export_graphs
from training.importing.tiny_vit import TinyVitEncoder
from training.networks.encoder import CompactEncoder
from training.networks.promptable import LOW_RES, PromptDecoder
from training.recipe import load_recipe

from .encoder_training import BACKBONES, RECIPE
from .results import write_result
from .segmentation import FIRST
from .segmentation import measure as accuracy

SIDE = 512
DETAIL = 16
"""Channels of detail, as the default bundle has."""
OURS, MOBILESAM = 'mobilenetv4_conv_small', 'mobilesam'
GOAL = 1.5

Inputs = dict[str, Float32]


def export(name: str, folder: Path) -> None:
    """Write encoder and decoder of one row."""
    torch.manual_seed(0)
    detail = 0 if name == MOBILESAM else DETAIL
    encoder: nn.Module = (
        TinyVitEncoder() if name == MOBILESAM else CompactEncoder(name, detail=detail))
    folder.mkdir()
    export_graphs(encoder, PromptDecoder(SIDE, SIDE, detail=detail), folder)


def click(embedding: Float32) -> Inputs:
    """Return the decoder's inputs for one click."""
    low = SIDE // LOW_RES
    return {'embedding': embedding, 'point_coords': np.full((1, 4, 2), SIDE / 2, np.float32),
            'point_labels': np.asarray([[1, -1, -1, -1]], np.float32),
            'mask_input': np.zeros((1, 1, low, low), np.float32),
            'has_mask': np.zeros(1, np.float32)}


def take_turns(
    pairs: dict[str, tuple[Engine, Engine]], turns: int,
) -> dict[str, list[tuple[float, float, float]]]:
    """Return wall time of the encoder and of both, and processor time of both, ms, by turn."""
    image = np.random.default_rng(0).standard_normal((1, 3, SIDE, SIDE)).astype(np.float32)
    rows: dict[str, list[tuple[float, float, float]]] = {name: [] for name in pairs}
    for turn in tqdm(range(-2, turns), disable=None):
        for name, (encoder, decoder) in pairs.items():
            begun, cpu = time.perf_counter(), time.process_time()
            embedding = encoder.run({'image': image})['embedding']
            encoded = time.perf_counter()
            decoder.run(click(embedding))
            if turn >= 0:   # the first two are for caches
                rows[name].append(((encoded - begun) * 1e3, (time.perf_counter() - begun) * 1e3,
                                   (time.process_time() - cpu) * 1e3))
    return rows


def latency(names: list[str], engine: str, threads: int, turns: int) -> dict[str, Any]:
    """Return times by row, and the ratio of each to ours."""
    with TemporaryDirectory() as scratch:
        pairs = {}
        for name in names:
            export(name, Path(scratch) / name)
            # all but mobilesam share a decoder, graph and weights
            of = name if name == MOBILESAM else names[0]
            pairs[name] = (
                create_engine(Path(scratch) / name / 'encoder.onnx', engine, threads),
                create_engine(Path(scratch) / of / 'decoder.onnx', engine, threads))
        rows = take_turns(pairs, turns)
        for pair in pairs.values():
            for each in pair:
                each.close()
    ours = np.asarray(rows[OURS])
    found = {}
    for name, row in rows.items():
        values = np.asarray(row)
        ratios = values[:, 1] / ours[:, 1]
        found[name] = {
            'encoder_ms': _percentiles(values[:, 0]), 'both_ms': _percentiles(values[:, 1]),
            'both_cpu_ms': _percentiles(values[:, 2]),
            'to_ours': {'p50': round(float(np.median(ratios)), 3),
                        'cpu': round(float(np.median(values[:, 2] / ours[:, 2])), 3),
                        'p10': round(float(np.percentile(ratios, 10)), 3),
                        'p90': round(float(np.percentile(ratios, 90)), 3)}}
    return found


def _percentiles(values: Any) -> dict[str, float]:
    return {'min': round(float(values.min()), 2),
            **{f'p{p}': round(float(np.percentile(values, p)), 2) for p in (50, 95, 99)}}


def parameters(name: str) -> float:
    """Return millions of parameters of an encoder with its neck."""
    encoder: nn.Module = (
        TinyVitEncoder() if name == MOBILESAM else CompactEncoder(name, detail=DETAIL))
    return round(sum(p.numel() for p in encoder.parameters()) / 1e6, 2)


def trained(runs: Path, windows: int) -> dict[str, Any]:
    """Return what each trained backbone reaches, by `benchmarks.segmentation`, and the budget."""
    recipe = load_recipe(RECIPE)
    phase, = recipe.phases
    found: dict[str, Any] = {
        'budget': {'steps': phase.steps, 'batch': phase.batch, 'prompts': phase.prompts,
                   'width': phase.width, 'height': phase.height, 'seed': recipe.seed},
        'windows': windows, 'first': FIRST, 'rows': {}}
    for name in BACKBONES:
        folder = runs / name / 'bundle'
        if not (folder / 'bundle.yaml').exists():
            continue
        segmenter = Segmenter(load_bundle(folder))
        table = accuracy(segmenter, FIRST, windows, False, lambda x: tqdm(x, disable=None))
        segmenter.close()
        found['rows'][name] = {
            task: table[f'{task}: bundle'] for task in ('click', 'box', 'automatic')}
    return found


def main() -> int:
    """Print one line a backbone and write the JSON file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--engine', choices=ENGINES, default='onnxruntime', help='back end')
    parser.add_argument('--threads', type=int, default=1, help='of one operator, default 1')
    parser.add_argument('--turns', type=int, default=40, help='turns over all encoders')
    parser.add_argument('--runs', type=Path, help='folder of benchmarks.encoder_training')
    parser.add_argument('--windows', type=int, default=100, help='held-out windows, default 100')
    parser.add_argument('--output', type=Path, help='JSON file to write')
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    names = [*BACKBONES, MOBILESAM]
    whose = {**BACKBONES, MOBILESAM: 'MobileSAM, its own neck'}
    rows = latency(names, arguments.engine, arguments.threads, arguments.turns)
    reached = trained(arguments.runs, arguments.windows) if arguments.runs else None
    for name in names:
        rows[name] |= {'whose': whose[name], 'mparameters': parameters(name)}
        both, ratio = rows[name]['both_ms'], rows[name]['to_ours']
        print(f'{name:24s} {whose[name]:34s} encoder {rows[name]["encoder_ms"]["p50"]:7.1f} ms, '
              f'with decoder {both["p50"]:7.1f} (p95 {both["p95"]:.1f}), {ratio["p50"]:.2f} times '
              f'ours [{ratio["p10"]:.2f} to {ratio["p90"]:.2f}], CPU time {ratio["cpu"]:.2f}')
    for name, row in (reached or {'rows': {}})['rows'].items():
        print(f'{name:24s} ' + ', '.join(
            f'{task} {v["miou"]:.3f} +- {v["spread"]:.3f}' for task, v in row.items()))
    fastest = min(rows[name]['to_ours']['p50'] for name in names if name != OURS)
    print(f'the fastest other takes {fastest:.2f} times as long (at least {GOAL}: '
          f'{"met" if fastest >= GOAL else "missed"})')
    if arguments.output:
        write_result(
            arguments.output, 'encoders at 512 x 512, same decoder, same engine',
            f'python -m benchmarks.encoders --engine {arguments.engine} --threads '
            f'{arguments.threads} --turns {arguments.turns}'
            + f' --runs RUNS --windows {arguments.windows}' * bool(arguments.runs),
            {'engine': arguments.engine, 'threads': arguments.threads, 'turns': arguments.turns,
             'encoders': rows, 'fastest_other_to_ours': fastest, 'goal': GOAL,
             'accuracy': reached})
    return 0 if fastest >= GOAL else 1


if __name__ == '__main__':
    sys.exit(main())
