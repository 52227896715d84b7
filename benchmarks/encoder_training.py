# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Train every encoder that `benchmarks.encoders` compares on the same small budget.

`python -m benchmarks.encoder_training --data FOLDER --runs FOLDER` trains one backbone after the
other by training/recipes/encoders.yaml and writes each as a bundle; a rerun resumes. What they
reach is then measured by `python -m benchmarks.encoders --runs FOLDER`.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
import sys

import torch

from training.export import write_bundle
from training.fit import Run, fit
from training.recipe import load_recipe

RECIPE = Path(__file__).parent.parent / 'training' / 'recipes' / 'encoders.yaml'
BACKBONES = {
    'mobilenetv4_conv_small': 'the default bundle',
    'efficientvit_b1': 'smaller than any of EfficientViT-SAM',
    'resnet18': 'NanoSAM',
    'tiny_vit_5m_224': 'MobileSAM',
    'efficientvit_l0': 'EfficientViT-SAM-L0',
}
"""Backbones, and whose encoder each of them is."""
CHECK_EVERY, CHECK_WINDOWS = 100, 20


def train(backbone: str, data: Path, runs: Path) -> Path:
    """Train a backbone, or go on where an earlier call stopped, and write its bundle.

    Returns:
        The bundle's folder.
    """
    folder = runs / backbone
    bundle = folder / 'bundle'
    if (bundle / 'bundle.yaml').exists():
        return bundle
    recipe = replace(load_recipe(RECIPE), name=f'encoders {backbone}', backbone=backbone)
    fit(recipe, data, folder, CHECK_EVERY, CHECK_WINDOWS)
    run = Run(recipe, folder)
    write_bundle(run.average, recipe, bundle, {'steps': run.step, 'seconds': run.seconds},
                 f'{recipe.shards} shards of simulated windows, photographed objects mixed in, '
                 f'seeds from {recipe.data_seed}', recipe_file='training/recipes/encoders.yaml')
    return bundle


def main() -> int:
    """Train all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', type=Path, required=True, help='folder of training pairs')
    parser.add_argument('--runs', type=Path, required=True, help='folder for runs and bundles')
    parser.add_argument('--backbones', nargs='+', choices=BACKBONES, default=list(BACKBONES),
                        help='which, default all')
    parser.add_argument('--threads', type=int, default=1, help='threads of torch, default 1')
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for backbone in arguments.backbones:
        print(f'{backbone}: {train(backbone, arguments.data, arguments.runs)}', flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
