# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""`python -m training distill RECIPE.yaml`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..arguments import device
from .recipe import load_recipe


def _distill(arguments: argparse.Namespace) -> None:
    # Fabric and TensorBoard take seconds to import; other commands need neither
    from .loop import distill  # noqa: PLC0415
    recipe = load_recipe(arguments.file, arguments.set)
    folder = arguments.run or Path('runs') / recipe.name
    result = distill(recipe, folder, arguments.device)
    if result.scores:   # of the processes of a run, the first one validates
        print(f'{result.best}: ' + ', '.join(f'{k} {v:.4g}' for k, v in result.scores.items()))


def add_command(commands: Any) -> None:
    """Add the subcommand to an argparse parser's commands; `act` takes the arguments alone."""
    text = ('distil a teacher into a student for events; a rerun continues, and '
            '`torchrun --nproc_per_node N -m training distill ...` trains on N devices')
    command = commands.add_parser('distill', help=text, description=text)
    command.add_argument('file', metavar='recipe', type=Path, help='recipe file (YAML)')
    # before Python 3.12 torchrun takes --run, wherever it stands, for an option of its own
    command.add_argument(
        '--run', '--folder', type=Path,
        help='folder of the run, default runs/NAME; with torchrun, write --folder')
    command.add_argument(
        '--set', action='append', default=[], metavar='KEY=VALUE',
        help='change a key of the recipe, such as loss.tokens=0; may be repeated')
    device(command)
    command.set_defaults(act=_distill)
