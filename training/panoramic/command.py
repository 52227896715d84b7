# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""`python -m training goodsam STAGE RECIPE.yaml`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..arguments import device
from ..errors import RecipeError
from ..semantic.recipe import load_values
from .worlds.command import add_worlds

if TYPE_CHECKING:
    from .place import Place
    from .recipe import PanoramicRecipe

# torch and Fabric take seconds to import; other commands need neither


def _opened(arguments: argparse.Namespace) -> tuple[PanoramicRecipe, Place]:
    from .place import Place  # noqa: PLC0415
    from .recipe import make_recipe  # noqa: PLC0415
    recipe = make_recipe(load_values(arguments.file), arguments.file.name, arguments.set)
    return recipe, Place.single(
        arguments.run or Path('runs') / recipe.name, arguments.device)


def _source(arguments: argparse.Namespace) -> None:
    from .place import SOURCE, STUDENT_SOURCE  # noqa: PLC0415
    from .stages import train_on_source  # noqa: PLC0415
    recipe, place = _opened(arguments)
    for stage in (SOURCE, STUDENT_SOURCE)[:1 + (recipe.student.start == 'source')]:
        found = train_on_source(recipe, place, stage)
        if found.scores:   # of the processes of a run, the first one validates
            print(f'{found.path}: mIoU {found.scores["miou"]:.3f} on held-out pinhole pictures')


def _masks(arguments: argparse.Namespace) -> None:
    from .stages import make_masks  # noqa: PLC0415
    recipe, place = _opened(arguments)
    make_masks(recipe, place)
    print(f'{place.masks} holds the masks of all windows')


def _adapt(arguments: argparse.Namespace) -> None:
    from .stages import adapt  # noqa: PLC0415
    recipe, place = _opened(arguments)
    found = adapt(recipe, place)
    print(f'{place.run}: {found["panoramas"]} panoramas; E differs from the stitched '
          f'assistant on {found["changed"]:.1%} of the pixels, {found["reliable"]:.1%} are '
          'reliable')


def _student(arguments: argparse.Namespace) -> None:
    from .stages import train_student  # noqa: PLC0415
    recipe, place = _opened(arguments)
    found = train_student(recipe, place)
    if found.scores:
        print(f'{found.path}: says what the assistant says on {found.scores["agreement"]:.1%} of '
              'the pixels')


def _score(arguments: argparse.Namespace) -> None:
    from .score import score_stages  # noqa: PLC0415
    recipe, place = _opened(arguments)
    found = score_stages(recipe, place)
    if not found:
        raise RecipeError(f'{place.run} holds no stage that has been trained')
    for stage, scores in found.items():
        print(f'{stage}: ' + ', '.join(f'{k} {v:.3f}' for k, v in scores.items()))


def _study(arguments: argparse.Namespace) -> None:
    from .study import run_study  # noqa: PLC0415
    print(run_study(arguments.file, arguments.set, arguments.run, arguments.device,
                    tuple(arguments.arm), tuple(arguments.seed)))


def _export(arguments: argparse.Namespace) -> None:
    from .export import write_panoramic_bundle  # noqa: PLC0415
    _, place = _opened(arguments)
    if arguments.output is None:
        raise RecipeError('export needs --output, the folder of the bundle')
    found = write_panoramic_bundle(
        place.stage(arguments.stage) / 'last.pt', arguments.output,
        arguments.precision == 'fp16', arguments.file.as_posix(), arguments.licence)
    print(f'{arguments.output} written; its classes agree with the network on '
          f'{found[arguments.precision].agreement:.2%} of the pixels')


_ACTIONS: dict[str, tuple[Callable[[argparse.Namespace], None], str]] = {
    'source': (_source, 'train the assistant on labelled pinhole pictures'),
    'masks': (_masks, 'make the masks of all windows, once'),
    'adapt': (_adapt, 'train the assistant on panoramas, and join what it says with the masks'),
    'student': (_student, 'train the student on whole panoramas'),
    'score': (_score, 'score what has been trained on the labelled panoramas'),
    'study': (_study, 'all of these with several seeds and arms, and one table'),
    'export': (_export, 'write the network of a stage as a bundle'),
}


def add_command(commands: Any) -> None:
    """Add the subcommand to an argparse parser's commands; `act` takes the arguments alone."""
    text = 'classes of panoramas without their labels (GoodSAM); every stage resumes'
    command = commands.add_parser('goodsam', help=text, description=text)
    stages = command.add_subparsers(dest='stage_command', required=True)
    add_worlds(stages)
    for name, (act, about) in _ACTIONS.items():
        stage = stages.add_parser(name, help=about, description=about)
        stage.set_defaults(act=act)
        # not `recipe`: that is the older commands' word for their own kind
        stage.add_argument('file', metavar='recipe', type=Path, help='recipe file (YAML)')
        stage.add_argument('--run', '--folder', type=Path,
                           help='folder of the run, default runs/NAME')
        stage.add_argument('--set', action='append', default=[], metavar='KEY=VALUE',
                           help='change a key of the recipe; may be repeated')
        device(stage)
        if name == 'study':
            stage.add_argument('--arm', action='append', default=[],
                               help='run this arm and what it needs; may be repeated')
            stage.add_argument('--seed', action='append', type=int, default=[],
                               help="run this one of the study's seeds; may be repeated")
        if name == 'export':
            stage.add_argument('--output', type=Path, help='folder of the bundle')
            stage.add_argument('--stage', default='student',
                               help='folder of the network in the run, default student')
            stage.add_argument('--precision', choices=('fp16', 'fp32'), default='fp16',
                               help='of the weights in the file')
            stage.add_argument('--licence', default='Apache-2.0',
                               help="SPDX identifier of the weights' licence, default Apache-2.0")
