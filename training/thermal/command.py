# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""`python -m training sartm STAGE ...`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..arguments import (
    Stage,
    add_stages,
    device,
    export_options,
    finished_run,
    fit_options,
    study_options,
)
from ..errors import RecipeError
from .recipe import load_recipe

# torch and Fabric take seconds to import; other commands need neither

_TABLES = ('mfnet', 'pst900', 'fmb')


def _scenes(arguments: argparse.Namespace) -> None:
    from eventsam_ros.errors import EventsamError  # noqa: PLC0415
    from eventsam_ros.simulation.thermal_folder import StreetFolder, write_streets  # noqa: PLC0415

    from ..distill.progress import Progress  # noqa: PLC0415
    from .scenes import alike  # noqa: PLC0415
    try:
        wanted = StreetFolder(arguments.train, arguments.val, arguments.test, arguments.width,
                              arguments.height, arguments.seed)
        alike(arguments.output, wanted)
        total = wanted.train + wanted.val + wanted.test
        with Progress(total, 'scenes', 'pairs') as progress:
            write_streets(arguments.output, wanted, lambda _: progress.advance())
    except (ValueError, EventsamError) as error:
        raise RecipeError(str(error)) from error
    print(f'{arguments.output} holds {total} pairs in the layout of MFNet')


def _text(arguments: argparse.Namespace) -> None:
    from eventsam_ros.evaluation.datasets import class_tables  # noqa: PLC0415

    from .text import clip_vectors, write_vectors  # noqa: PLC0415
    tables = dict(zip(_TABLES, (
        class_tables.MFNET_9, class_tables.PST900_5, class_tables.FMB_15), strict=True))
    found = clip_vectors(arguments.clip, tables[arguments.classes].names, arguments.template)
    write_vectors(arguments.output, found)
    print(f'{arguments.output} holds {len(found.names)} vectors of {found.vectors.shape[1]}')


def _base(arguments: argparse.Namespace) -> None:
    from ..distill.checkpoints import write_checkpoint  # noqa: PLC0415
    from .pyramid import build_encoder  # noqa: PLC0415
    from .start import apply_start, encoder_file, read_start  # noqa: PLC0415
    try:
        encoder = build_encoder(arguments.encoder)
    except ValueError as error:
        raise RecipeError(str(error)) from error
    apply_start(encoder, read_start(arguments.source, encoder), arguments.source)
    write_checkpoint(arguments.output, encoder_file(encoder))
    print(f'{arguments.output} holds the encoder {arguments.encoder}')


def _fit(arguments: argparse.Namespace) -> None:
    from .loop import fit  # noqa: PLC0415
    recipe = load_recipe(arguments.file, arguments.set)
    result = fit(recipe, arguments.run or Path('runs') / recipe.name, arguments.device)
    if result.scores:   # of the processes of a run, the first one validates
        print(f'{result.best}: ' + ', '.join(f'{k} {v:.4g}' for k, v in result.scores.items()))


def _score(arguments: argparse.Namespace) -> None:
    from .judging import judge  # noqa: PLC0415
    for split, scores in judge(arguments.run, arguments.device).items():
        print(f'{split}: ' + ', '.join(f'{k} {v:.4f}' for k, v in scores.items()))


def _study(arguments: argparse.Namespace) -> None:
    from .study import load_study, run_study  # noqa: PLC0415
    study = load_study(arguments.file)
    print(run_study(study, arguments.run or Path('runs') / study.name, arguments.device))


def _export(arguments: argparse.Namespace) -> None:
    from .export import write_rgbt_bundle  # noqa: PLC0415
    from .trained import load_trained  # noqa: PLC0415
    found = write_rgbt_bundle(load_trained(arguments.run), arguments.output,
                              arguments.precision == 'fp16', arguments.licence)
    print(f'{arguments.output} written; its classes agree with the network on '
          f'{found[arguments.precision].agreement:.2%} of the pixels')


def _scenes_options(stage: argparse.ArgumentParser) -> None:
    stage.add_argument('--output', type=Path, required=True, help='folder to write')
    for name, default in (('train', 600), ('val', 90), ('test', 150)):
        stage.add_argument(f'--{name}', type=int, default=default,
                           help=f'pairs of the split, default {default}')
    stage.add_argument('--width', type=int, default=320, help='columns, default 320')
    stage.add_argument('--height', type=int, default=240, help='rows, default 240')
    stage.add_argument('--seed', type=int, default=0, help='of all scenes, default 0')


def _text_options(stage: argparse.ArgumentParser) -> None:
    stage.add_argument('--clip', type=Path, required=True,
                       help='folder of a CLIP as transformers saves it; nothing is fetched')
    stage.add_argument('--classes', choices=_TABLES, required=True, help='whose classes')
    stage.add_argument('--template', default='{}',
                       help='text around each name, default the bare name, as published')
    stage.add_argument('--output', type=Path, required=True, help='file of vectors (CSV)')


def _base_options(stage: argparse.ArgumentParser) -> None:
    stage.add_argument('source', type=Path, help="SAM 2's checkpoint, or a bundle")
    stage.add_argument('--encoder', required=True, help='see NetworkChoice.encoder')
    stage.add_argument('--output', type=Path, required=True, help='file of the encoder')


def _fit_options(stage: argparse.ArgumentParser) -> None:
    fit_options(stage, 'loss.cross.weight=0')


def _score_options(stage: argparse.ArgumentParser) -> None:
    finished_run(stage)
    device(stage)


_STAGES: dict[str, Stage] = {
    'scenes': (_scenes, _scenes_options, 'simulate streets in colour and heat, with labels'),
    'text': (_text, _text_options, "write the class vectors of a user's CLIP"),
    'base': (_base, _base_options, 'write the encoder of a checkpoint or a bundle, to start from'),
    'fit': (_fit, _fit_options, 'train; a rerun continues'),
    'score': (_score, _score_options, 'judge a run on its test splits'),
    'study': (_study, study_options, 'train and judge all arms with all seeds; a rerun goes on'),
    'export': (_export, export_options, 'write a run as a bundle'),
}


def add_command(commands: Any) -> None:
    """Add the subcommand to an argparse parser's commands; `act` takes the arguments alone."""
    add_stages(commands, 'sartm',
               'classes from colour and thermal pictures (SARTM)', _STAGES)
