# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""`python -m training quantise`."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Any

from ..arguments import at_least


def _run(arguments: argparse.Namespace) -> None:
    # it takes seconds to import; the command line needs it only here
    from .quantise import quantise_bundle  # noqa: PLC0415
    logging.getLogger().setLevel(logging.ERROR)   # it advises to do what has been done
    found = quantise_bundle(
        arguments.bundle, arguments.output, arguments.calibration, arguments.windows)
    before, after = found['before'], found['after']
    print(f'{arguments.output} written; masks agree with the source at IoU {found["mask_iou"]}, '
          f'clicks {before["click"]} -> {after["click"]}, boxes {before["box"]} -> '
          f'{after["box"]}; on the CPU the encoder takes {found["cpu_time_ratio"]} of the time')
    if found['cpu_time_ratio'] >= 1:
        print('on this CPU int8 is no faster: keep the source there')


def add_command(commands: Any) -> None:
    """Add `quantise` to the command line."""
    text = 'write a bundle with an int8 encoder, and measure what that costs'
    command = commands.add_parser('quantise', help=text, description=text)
    command.set_defaults(act=_run)
    command.add_argument('bundle', type=Path, nargs='?', help='source (default: what ships)')
    command.add_argument('--output', type=Path, required=True, help='new bundle folder')
    command.add_argument('--calibration', type=at_least(1), default=64,
                         help='simulated windows')
    command.add_argument('--windows', type=at_least(1), default=40,
                         help='held-out windows to try')
