# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""`python -m training cmess STAGE RECIPE.yaml`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..arguments import at_least, device
from ..errors import RecipeError
from .recipe import CmessRecipe, load_values, make_recipe

if TYPE_CHECKING:
    from .stages import Place

# torch and Fabric take seconds to import; other commands need neither


def _opened(arguments: argparse.Namespace) -> tuple[CmessRecipe, Place]:
    from .stages import Place  # noqa: PLC0415
    recipe = make_recipe(load_values(arguments.file), arguments.file.name, arguments.set)
    run = arguments.run or Path('runs') / recipe.name
    return recipe, Place(arguments.data or run / 'data', run, arguments.device)


def _data(arguments: argparse.Namespace) -> None:
    from .pairs import write_sets  # noqa: PLC0415
    recipe, place = _opened(arguments)
    write_sets(recipe, place.data, arguments.jobs)
    print(f'{place.data} holds source, target and test')


def _stage1(arguments: argparse.Namespace) -> None:
    from .stages import train_source  # noqa: PLC0415
    recipe, place = _opened(arguments)
    for shown in ('images', 'events'):
        found = train_source(recipe, place, shown)
        if found.scores:   # of the processes of a run, the first one validates
            print(f'{found.path}: mIoU {found.scores["miou"]:.3f} on the source\'s held-out '
                  f'{shown}')


def _stage2(arguments: argparse.Namespace) -> None:
    from .stages import LABELS, label_target  # noqa: PLC0415
    recipe, place = _opened(arguments)
    found = label_target(recipe, place)
    print(f'{place.run / LABELS}: {found["samples"]} samples, {found["labelled"]:.0%} of the '
          f'pixels labelled; both networks agree on {found["agreement"]:.0%}')


def _stage3(arguments: argparse.Namespace) -> None:
    from .stages import align  # noqa: PLC0415
    recipe, place = _opened(arguments)
    found = align(recipe, place)
    if found.scores:
        print(f'{found.path}: mIoU {found.scores["miou"]:.3f} on the source\'s held-out events')


def _supervised(arguments: argparse.Namespace) -> None:
    from .stages import train_supervised  # noqa: PLC0415
    recipe, place = _opened(arguments)
    print(train_supervised(recipe, place).path)


def _score(arguments: argparse.Namespace) -> None:
    from .arms import ARMS, score_arms  # noqa: PLC0415
    recipe, place = _opened(arguments)
    found = score_arms(recipe, place, ARMS)
    if not found:
        raise RecipeError(f'{place.run} holds no stage that has been trained')
    for arm, scores in found.items():
        print(f'{arm}: ' + ', '.join(f'{k} {v:.3f}' for k, v in scores.items()))


def _study(arguments: argparse.Namespace) -> None:
    from .study import run_study  # noqa: PLC0415
    print(run_study(arguments.file, arguments.set, arguments.run, arguments.device,
                    arguments.jobs))


def _export(arguments: argparse.Namespace) -> None:
    from .export import write_semantic_bundle  # noqa: PLC0415
    _, place = _opened(arguments)
    if arguments.output is None:
        raise RecipeError('export needs --output, the folder of the bundle')
    found = write_semantic_bundle(
        place.run / arguments.stage / 'last.pt', arguments.output,
        arguments.precision == 'fp16', arguments.file.as_posix(), arguments.licence)
    print(f'{arguments.output} written; its classes agree with the network on '
          f'{found[arguments.precision].agreement:.2%} of the pixels')


_ACTIONS: dict[str, tuple[Callable[[argparse.Namespace], None], str]] = {
    'data': (_data, 'write the pairs of source, target and test; train the reconstruction'),
    'stage1': (_stage1, 'train the networks of pictures and of synthetic events'),
    'stage2': (_stage2, 'write the pseudo-labels of the target'),
    'stage3': (_stage3, 'train the network of three streams'),
    'supervised': (_supervised, "train on the target's own labels"),
    'score': (_score, 'score what has been trained on the test set'),
    'study': (_study, 'all of these with several seeds, and one table'),
    'export': (_export, 'write the network of a stage as a bundle'),
}


def add_command(commands: Any) -> None:
    """Add the subcommand to an argparse parser's commands; `act` takes the arguments alone."""
    text = 'classes from events, learnt from labelled pictures (CMESS); every stage resumes'
    command = commands.add_parser('cmess', help=text, description=text)
    stages = command.add_subparsers(dest='stage_command', required=True)
    for name, (act, about) in _ACTIONS.items():
        stage = stages.add_parser(name, help=about, description=about)
        stage.set_defaults(act=act)
        # not `recipe`: that is the older commands' word for their own kind
        many = '+' if name == 'study' else None
        stage.add_argument(
            'file', metavar='recipe', type=Path, nargs=many, help='recipe file (YAML)')
        stage.add_argument('--run', '--folder', type=Path,
                           help='folder of the run, default runs/NAME')
        stage.add_argument('--data', type=Path, help='folder of pairs, default RUN/data')
        stage.add_argument('--set', action='append', default=[], metavar='KEY=VALUE',
                           help='change a key of the recipe; may be repeated')
        device(stage)
        if name in ('data', 'study'):
            stage.add_argument('--jobs', type=at_least(1), default=1,
                               help='processes, default 1')
        if name == 'export':
            stage.add_argument('--output', type=Path, help='folder of the bundle')
            stage.add_argument('--stage', default='cross',
                               help='folder of the network in the run, default cross')
            stage.add_argument('--precision', choices=('fp16', 'fp32'), default='fp16',
                               help='of the weights in the file')
            stage.add_argument('--licence', default='Apache-2.0',
                               help="SPDX identifier of the weights' licence, default Apache-2.0")
