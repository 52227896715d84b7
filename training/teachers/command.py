# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""`python -m training teacher`: train a compact teacher on frames and write it to one file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from torch import Tensor

from ..arguments import at_least
from ..errors import RecipeError
from ..fit import Run, fit
from ..networks.sam_vit import SPECS, SamVit
from ..recipe import Recipe
from ..warm_start import decoder_of
from .teacher import Teacher, load_teacher


def _run(arguments: argparse.Namespace, recipe: Recipe) -> None:
    if recipe.picture != 'frame' or recipe.backbone not in SPECS:
        raise RecipeError(f'{arguments.recipe} is no recipe of a teacher: it needs '
                          f'picture: frame, and a backbone of {", ".join(SPECS)}')
    size = recipe.width, recipe.height
    if any((phase.width, phase.height) != size for phase in recipe.phases):
        raise RecipeError(f'{arguments.recipe}: a transformer is of one size, so width and height '
                          'of all phases must be those of the recipe')
    began = Run(recipe, arguments.run)
    encoder: dict[str, Tensor] = {}
    decoder: dict[str, Tensor] = {}
    if arguments.start is not None:
        earlier = load_teacher(arguments.start)
        encoder = {f'network.{n}': t for n, t in earlier.network.state_dict().items()}
        decoder = earlier.decoder.state_dict()
    if arguments.decoder is not None:
        decoder = decoder_of(arguments.decoder)
    began.begin_as(encoder, decoder)
    began.save()
    fit(recipe, arguments.pairs, arguments.run, arguments.check_every, arguments.windows,
        held_out=arguments.held_out)
    average = Run(recipe, arguments.run).average
    network = average.encoder.network
    assert isinstance(network, SamVit)
    Teacher(network, average.decoder, recipe.height, recipe.width, (recipe.mean,) * 3,
            (recipe.std,) * 3).save(arguments.output)
    print(f'{arguments.output} written')


def add_command(commands: Any) -> None:
    """Add `teacher` to the command line."""
    text = 'train a compact teacher on frames with masks; a rerun continues'
    command = commands.add_parser('teacher', help=text, description=text)
    command.add_argument('recipe', type=Path, help='recipe file (YAML) with picture: frame')
    command.set_defaults(act=_run)
    command.add_argument('--pairs', type=Path, required=True, help='folder of training pairs')
    command.add_argument('--held-out', type=Path, required=True, help='folder of other pairs')
    command.add_argument('--run', type=Path, default=Path('runs/teacher'), help='run folder')
    command.add_argument('--output', type=Path, required=True, help='teacher file (.pt)')
    command.add_argument('--start', type=Path, help='teacher file to begin with')
    command.add_argument(
        '--decoder', type=Path,
        help='bundle whose decoder to begin with: it knows already what to do with prompts')
    command.add_argument(
        '--check-every', type=at_least(1), default=500,
        help='steps between checks, default 500')
    command.add_argument(
        '--windows', type=at_least(1), default=100,
        help='held-out frames a check uses, default 100')
