# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""`python -m training import`: an official checkpoint to a bundle."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from eventsam_ros.events.tensors import REPRESENTATIONS
from eventsam_ros.inference.manifest import PRECISIONS

from .choices import BRANCHES, CHANNELS, KINDS, POSITIONS, Choices


def add_command(commands: Any) -> None:
    """Add `import` to the command line."""
    text = 'write an official checkpoint of SAM, EventSAM or MobileSAM as a bundle'
    command = commands.add_parser('import', help=text, description=text)
    command.set_defaults(act=_run)
    command.add_argument(
        'kind', choices=KINDS,
        help='sam: sam_vit_b, _l or _h; eventsam: rgbe_encoder.pth; mobilesam: mobile_sam.pt')
    command.add_argument('checkpoint', type=Path, help='file of weights')
    command.add_argument('--output', type=Path, required=True, help='bundle folder')
    command.add_argument(
        '--decoder', type=Path, help='sam_vit_b checkpoint, for eventsam, which has no decoder')
    command.add_argument(
        '--size', type=int, help='side of the input in pixels (default: sam and mobilesam 1024, '
                                 'eventsam 512)')
    command.add_argument(
        '--positions', choices=POSITIONS, default=POSITIONS[0],
        help='how tables of positions come to another size: crop keeps tokens one patch apart as '
             'EventSAM does (default), interpolate keeps their share of the picture')
    command.add_argument(
        '--branch', choices=tuple(BRANCHES), default='event',
        help="encoder of EventSAM's file: its student (default) or its teacher")
    command.add_argument(
        '--channels', choices=CHANNELS,
        help="third of the window that is the network's red channel (default: last for eventsam, "
             'first for the others)')
    command.add_argument(
        '--representation', choices=REPRESENTATIONS,
        help='event picture (default: eventsam for eventsam, robust for the others)')
    command.add_argument(
        '--precision', choices=PRECISIONS, default='fp16', help='of the weights in the file')


def _run(arguments: argparse.Namespace) -> None:
    from ..exporting.bundle import write_bundle  # noqa: PLC0415
    from .kinds import import_checkpoint  # noqa: PLC0415
    imported = import_checkpoint(
        arguments.kind, arguments.checkpoint, arguments.decoder, Choices(
            arguments.size, arguments.positions, arguments.branch, arguments.channels,
            arguments.representation))
    reports = write_bundle(
        imported.encoder, imported.decoder, arguments.output, imported.description,
        half=arguments.precision == 'fp16')
    found = reports[arguments.precision]
    print(f'{arguments.output}: {imported.description.name} written; its masks agree with the '
          f'checkpoint at IoU {found.mask_iou:.4f}')
