# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""`python -m training goodsam worlds`."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any

from ...errors import RecipeError
from .folder import Worlds, write_worlds

_ABOUT = {
    'train': 'panoramas without labels to train on',
    'val': 'panoramas with labels to validate on', 'test': 'panoramas with labels to test on',
    'source': 'labelled pinhole pictures to train on',
    'source_val': 'labelled pinhole pictures to validate on',
    'width': 'panorama columns, all around', 'height': 'panorama rows, at most half the columns',
    'pinhole_width': 'columns of pinhole pictures', 'pinhole_height': 'rows of pinhole pictures',
    'seed': 'of all streets'}


def _worlds(arguments: argparse.Namespace) -> None:
    from eventsam_ros.errors import EventsamError  # noqa: PLC0415

    from ...distill.progress import Progress  # noqa: PLC0415
    try:
        wanted = Worlds(**{each.name: getattr(arguments, each.name) for each in fields(Worlds)})
        with Progress(wanted.total, 'worlds', 'pictures') as progress:
            write_worlds(arguments.output, wanted, lambda _done, _total: progress.advance())
    except (ValueError, EventsamError) as error:
        raise RecipeError(str(error)) from error
    print(f'{arguments.output} holds {wanted.total} pictures: panoramas in the layout of '
          'DensePASS, pinhole pictures in that of Cityscapes')


def add_worlds(stages: Any) -> None:
    """Add the stage to the stages of `goodsam`; `act` takes the arguments alone."""
    text = 'simulate streets as panoramas and as labelled pinhole pictures; a rerun goes on'
    stage = stages.add_parser('worlds', help=text, description=text)
    stage.set_defaults(act=_worlds)
    stage.add_argument('--output', type=Path, required=True, help='folder to write')
    for each in fields(Worlds):
        stage.add_argument(f'--{each.name.replace("_", "-")}', type=int, default=each.default,
                           help=f'{_ABOUT[each.name]}, default {each.default}')
