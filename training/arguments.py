# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What commands ask for alike; numbers are checked before any work begins."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Stage = tuple[
    Callable[[argparse.Namespace], None], Callable[[argparse.ArgumentParser], None], str]
"""What a subcommand does, how it asks for its options, and a line about it."""


def at_least(least: int) -> Callable[[str], int]:
    """Return what reads a whole number that is not smaller, as `type` of an argument."""
    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(
                f'must be a whole number of at least {least}, but is {text!r}')
        return value
    return read


def device(stage: argparse.ArgumentParser) -> None:
    """Ask where to compute."""
    stage.add_argument('--device', choices=('auto', 'cpu', 'cuda'), default='auto',
                       help='default: a GPU where there is one')


def fit_options(stage: argparse.ArgumentParser, example: str) -> None:
    """Ask what to train, and where; `example` is a change of the recipe."""
    # not `recipe`: that is the older commands' word for their own kind
    stage.add_argument('file', metavar='recipe', type=Path, help='recipe file (YAML)')
    stage.add_argument('--run', '--folder', type=Path,
                       help='folder of the run, default runs/NAME; with torchrun, --folder')
    stage.add_argument('--set', action='append', default=[], metavar='KEY=VALUE',
                       help=f'change a key of the recipe, such as {example}')
    device(stage)


def finished_run(stage: argparse.ArgumentParser) -> None:
    """Ask for a run that has been trained."""
    stage.add_argument('run', type=Path, help='folder of a run, or its best.pt')


def study_options(stage: argparse.ArgumentParser) -> None:
    """Ask for a study."""
    stage.add_argument('file', metavar='study', type=Path, help='study file (YAML)')
    stage.add_argument('--run', type=Path, help='folder of the study, default runs/NAME')
    device(stage)


def export_options(stage: argparse.ArgumentParser) -> None:
    """Ask which run becomes which bundle."""
    finished_run(stage)
    stage.add_argument('--output', type=Path, required=True, help='folder of the bundle')
    stage.add_argument('--precision', choices=('fp16', 'fp32'), default='fp16',
                       help='of the weights in the files')
    stage.add_argument('--licence', default='Apache-2.0',
                       help='of the weights (SPDX), default Apache-2.0')


def add_stages(commands: Any, name: str, text: str, stages: Mapping[str, Stage]) -> None:
    """Add a command with a subcommand a stage; `act` takes the arguments alone.

    Args:
        commands: What add_subparsers of an argparse parser returned.
        name: Of the command.
        text: One line about it.
        stages: By name.
    """
    command = commands.add_parser(name, help=text, description=text)
    parsers = command.add_subparsers(dest='stage_command', required=True)
    for stage, (act, options, about) in stages.items():
        parser = parsers.add_parser(stage, help=about, description=about)
        options(parser)
        parser.set_defaults(act=act)
