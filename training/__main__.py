# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Command line of the training module."""

from __future__ import annotations

import argparse
import multiprocessing
from pathlib import Path
import sys

from eventsam_ros.errors import EventsamError

from .arguments import at_least
from .compare.command import add_command as add_compare
from .data.command import add_command as add_pairs
from .data.pairs import PairsError
from .distill.command import add_command as add_distill
from .errors import RecipeError
from .exporting.quantise_command import add_command as add_quantise
from .exporting.student import add_command as add_bundle
from .importing.command import add_command as add_import
from .panoramic.command import add_command as add_goodsam
from .recipe import Recipe, load_recipe
from .referring.command import add_command as add_refsam
from .semantic.command import add_command as add_cmess
from .teachers.command import add_command as add_teacher
from .thermal.command import add_command as add_sartm


def _data(arguments: argparse.Namespace, recipe: Recipe) -> None:
    from .data.cutouts import Cutouts
    from .data.store import write_shards
    from .kept import agree
    cutouts = None
    if recipe.photos:
        if arguments.photo_root is None:
            raise RecipeError(
                f'{arguments.recipe} mixes in photos: say where they are with --photo-root, '
                'or take the photos out of the recipe')
        root = arguments.photo_root
        cutouts = Cutouts.find({str(root / k): str(root / v) for k, v in recipe.photos.items()})
    agree(arguments.data / 'settings.json', {
        key: getattr(recipe, key)
        for key in ('width', 'height', 'representation', 'data_seed', 'boards', 'photos')},
        any(arguments.data.glob('shard_*.npy')))
    workers = [
        multiprocessing.get_context('spawn').Process(target=write_shards, args=(
            arguments.data, recipe.data_seed, range(k, recipe.shards, arguments.jobs),
            recipe.width, recipe.height, cutouts, recipe.representation, recipe.boards))
        for k in range(arguments.jobs)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise RecipeError('a worker failed; its message is above, and a rerun resumes')


def _fit(arguments: argparse.Namespace, recipe: Recipe) -> None:
    from .fit import fit
    fit(recipe, arguments.data, arguments.run, bundle=arguments.from_bundle)


def _export(arguments: argparse.Namespace, recipe: Recipe) -> None:
    from .export import write_bundle
    from .fit import Run
    from .validate import validate, validation_set
    run = Run(recipe, arguments.run)
    if run.step == 0:
        raise RecipeError(f'{arguments.run} holds no trained network: run `fit` first')
    run.average.decoder.resize(recipe.width, recipe.height)
    held_out = validation_set(recipe, arguments.windows)
    metrics = validate(run.average, held_out, recipe, recipe.width, recipe.height)
    photos = ', photographed objects mixed in' if recipe.photos else ''
    write_bundle(
        run.average, recipe, arguments.output, {**metrics, 'steps': run.step},
        f'{recipe.shards} shards of simulated windows{photos}, seeds from {recipe.data_seed}',
        recipe_file=arguments.recipe.as_posix())


_COMMANDS = (
    add_pairs, add_teacher, add_distill, add_compare,
    add_quantise, add_bundle, add_import, add_cmess, add_sartm, add_goodsam,
    add_refsam)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='python -m training', description=__doc__)
    commands = parser.add_subparsers(dest='command', required=True)
    for add_command in _COMMANDS:
        add_command(commands)
    for name, text, act in (
        ('data', 'simulate the training pairs of a recipe; a rerun resumes', _data),
        ('fit', 'train; a rerun continues where the last one stopped', _fit),
        ('export', 'write the trained network as a bundle', _export),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument('recipe', type=Path, help='recipe file (YAML)')
        command.set_defaults(act=act)
        if name in ('data', 'fit'):
            command.add_argument(
                '--data', type=Path, default=Path('runs/data'), help='folder of training pairs')
        if name in ('fit', 'export'):
            command.add_argument(
                '--run', type=Path, default=Path('runs/default'), help='folder of the run')
        if name == 'fit':
            command.add_argument(
                '--from-bundle', type=Path, help='bundle whose weights training begins with')
        if name == 'data':
            command.add_argument('--photo-root', type=Path, help="root of the recipe's photos")
            command.add_argument(
                '--jobs', type=at_least(1), default=2, help='processes, default 2')
        if name == 'export':
            command.add_argument('--output', type=Path, required=True, help='bundle folder')
            command.add_argument(
                '--windows', type=at_least(1), default=100, help='held-out windows to validate on')
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run a command; what a user can mend is one sentence and exit code 1."""
    arguments = _parser().parse_args(argv)
    try:
        if 'recipe' in arguments:
            arguments.act(arguments, load_recipe(arguments.recipe))
        else:
            arguments.act(arguments)
    except (RecipeError, PairsError, EventsamError, OSError) as error:
        # those of YAML and torch have several lines
        print(f'training: {" ".join(str(error).split())}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('training: interrupted; a rerun resumes', file=sys.stderr)
        return 130
    return 0


if __name__ == '__main__':
    sys.exit(main())
