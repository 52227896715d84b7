# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""`python -m training refsam STAGE ...`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..arguments import (
    Stage,
    add_stages,
    at_least,
    device,
    export_options,
    finished_run,
    fit_options,
    study_options,
)
from .recipe import load_recipe

# torch and Fabric take seconds to import; other commands need neither


def _clips(arguments: argparse.Namespace) -> None:
    from .study import SimulatedClips, simulate  # noqa: PLC0415
    splits = {name: getattr(arguments, name) for name in ('train', 'val', 'test')}
    scenarios = tuple(arguments.scenario) or SimulatedClips().scenarios
    simulate(arguments.output, SimulatedClips(
        width=arguments.width, height=arguments.height, frames=arguments.frames,
        scenarios=scenarios, seed=arguments.seed), splits)
    print(f'{arguments.output} holds {sum(splits.values())} clips with sentences')


def _base(arguments: argparse.Namespace) -> None:
    import torch  # noqa: PLC0415

    from ..distill.checkpoints import write_checkpoint  # noqa: PLC0415
    from .start import read_start  # noqa: PLC0415
    torch.manual_seed(0)
    write_checkpoint(arguments.output, read_start(arguments.source, arguments.detail))
    print(f'{arguments.output} holds encoder and mask decoder of {arguments.source}')


def _fit(arguments: argparse.Namespace) -> None:
    from .loop import fit  # noqa: PLC0415
    recipe = load_recipe(arguments.file, arguments.set)
    result = fit(recipe, arguments.run or Path('runs') / recipe.name, arguments.device)
    if result.scores:   # of the processes of a run, the first one validates
        print(f'{result.best}: ' + ', '.join(f'{k} {v:.4g}' for k, v in result.scores.items()))


def _score(arguments: argparse.Namespace) -> None:
    from ..distill.pictures import write_picture  # noqa: PLC0415
    from .judging import draw_tests, judge  # noqa: PLC0415
    for group, scores in judge(arguments.run, arguments.device).items():
        print(f'{group}: ' + ', '.join(f'{k} {v:.4f}' for k, v in scores.items()))
    if arguments.sheet is not None:
        write_picture(arguments.sheet, draw_tests(arguments.run, 8, arguments.device))


def _study(arguments: argparse.Namespace) -> None:
    from .study import load_study, run_study  # noqa: PLC0415
    study = load_study(arguments.file)
    print(run_study(study, arguments.run or Path('runs') / study.name, arguments.device))


def _export(arguments: argparse.Namespace) -> None:
    from .export import write_referring_bundle  # noqa: PLC0415
    from .trained import load_trained  # noqa: PLC0415
    found = write_referring_bundle(load_trained(arguments.run), arguments.output,
                                   arguments.precision == 'fp16', arguments.licence)
    print(f'{arguments.output} written; over a clip its masks agree with those of the network at '
          f'IoU {found[arguments.precision].mask_iou:.4f}')


def _clips_options(stage: argparse.ArgumentParser) -> None:
    stage.add_argument('--output', type=Path, required=True, help='folder to write')
    for name, default in (('train', 600), ('val', 40), ('test', 80)):
        stage.add_argument(f'--{name}', type=at_least(0), default=default,
                           help=f'clips of the split, default {default}')
    for name, default, what in (('width', 128, 'columns'), ('height', 96, 'rows'),
                                ('frames', 6, 'frames of a clip'),
                                ('seed', 0, 'of the first clip')):
        stage.add_argument(f'--{name}', type=int, default=default,
                           help=f'{what}, default {default}')
    stage.add_argument('--scenario', action='append', default=[],
                       help='plain, looks, look-alikes, motion or return; may come several times, '
                            'default all of them in turns')


def _base_options(stage: argparse.ArgumentParser) -> None:
    stage.add_argument('source', type=Path,
                       help='a bundle of task events, or an official checkpoint of SAM')
    stage.add_argument('--detail', type=at_least(0), default=16,
                       help="channels of detail of a bundle's encoder, default 16")
    stage.add_argument('--output', type=Path, required=True, help='file to write')


def _fit_options(stage: argparse.ArgumentParser) -> None:
    fit_options(stage, 'network.track=none')


def _score_options(stage: argparse.ArgumentParser) -> None:
    finished_run(stage)
    stage.add_argument('--sheet', type=Path, help='picture to write: sentences and masks (PNG)')
    device(stage)


_STAGES: dict[str, Stage] = {
    'clips': (_clips, _clips_options, 'simulate clips with sentences about their objects'),
    'base': (_base, _base_options, 'write encoder and mask decoder of a bundle or of SAM'),
    'fit': (_fit, _fit_options, 'train; a rerun continues'),
    'score': (_score, _score_options, 'judge a run on its test splits'),
    'study': (_study, study_options, 'train and judge all arms with all seeds; a rerun goes on'),
    'export': (_export, export_options, 'write a run as a bundle'),
}


def add_command(commands: Any) -> None:
    """Add the subcommand to an argparse parser's commands; `act` takes the arguments alone."""
    add_stages(commands, 'refsam',
               'following what sentences name in pictures and events (RefSAM)', _STAGES)
