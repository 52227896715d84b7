# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""`python -m training bundle`: a distilled student to a bundle."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eventsam_ros.inference.parity import Parity


def write_student(checkpoint: Path, folder: Path, half: bool = True) -> dict[str, Parity]:
    """Write the best checkpoint of a distillation as a bundle.

    Args:
        checkpoint: best.pt of a run, or the folder of the run.
        folder: Of the bundle; see exporting.bundle.write_bundle.
        half: Store weights as fp16.

    Returns:
        The parity report by precision.

    Raises:
        RecipeError: There is no such checkpoint, or its graphs do not do what it does.
    """
    # torch takes seconds to import; the command line needs it only here
    from ..distill.questions import SAM  # noqa: PLC0415
    from ..distill.students import load_trained  # noqa: PLC0415
    from .bundle import write_bundle  # noqa: PLC0415
    from .description import Description  # noqa: PLC0415
    trained = load_trained(checkpoint / 'best.pt' if checkpoint.is_dir() else checkpoint)
    recipe = trained.recipe
    official = trained.style == SAM
    pairs = ', '.join(path.name for path in recipe.data)
    return write_bundle(trained.student, trained.decoder, folder, Description(
        recipe.name, recipe.student.mean, recipe.student.std, trained.representation,
        prompt_output='sam' if official else 'first',
        point_padding='sam' if official else 'slots', box_prior=trained.style.box_prior,
        training={
            'recipe': recipe.name, 'data': f'pairs {pairs}', 'teacher': recipe.teacher.name,
            'steps': trained.step,
            'metrics': {k: round(float(v), 4) for k, v in trained.scores.items()}}), half)


def _run(arguments: argparse.Namespace) -> None:
    found = write_student(
        arguments.checkpoint, arguments.output, arguments.precision == 'fp16')
    print(f'{arguments.output} written; its masks agree with the checkpoint at IoU '
          f'{found[arguments.precision].mask_iou:.4f}')


def add_command(commands: Any) -> None:
    """Add `bundle` to the command line."""
    text = 'write a student of `distill` as a bundle'
    command = commands.add_parser('bundle', help=text, description=text)
    command.set_defaults(act=_run)
    command.add_argument('checkpoint', type=Path, help='best.pt, or the folder of the run')
    command.add_argument('--output', type=Path, required=True, help='bundle folder')
    command.add_argument(
        '--precision', choices=('fp16', 'fp32'), default='fp16', help='of the weights in the file')
