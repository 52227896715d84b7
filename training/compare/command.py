# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""`python -m training compare STUDY.yaml`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..arguments import at_least
from .recipe import load_study


def _run(arguments: argparse.Namespace) -> None:
    # Fabric takes seconds to import; other commands do not need it
    from .run import run_study  # noqa: PLC0415
    from .table import markdown, write_csv  # noqa: PLC0415
    study = load_study(arguments.study)
    root = arguments.output or Path('runs') / study.name
    results = run_study(study, root, arguments.jobs, arguments.threads)
    write_csv(root / 'results.csv', results)
    text = markdown(study, results)
    (root / 'results.md').write_text(text)
    print(text)


def add_command(commands: Any) -> None:
    """Add the subcommand to an argparse parser's commands."""
    text = 'train and score the arms of a study with all seeds; a rerun goes on'
    command = commands.add_parser('compare', help=text, description=text)
    command.set_defaults(act=_run)
    command.add_argument('study', type=Path, help='study file (YAML)')
    command.add_argument('--output', type=Path, help='folder of the study, default runs/NAME')
    command.add_argument('--jobs', type=at_least(1), default=1, help='runs at a time, default 1')
    command.add_argument(
        '--threads', type=at_least(1), default=1, help='threads of each, default 1')
