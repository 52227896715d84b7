# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Write what a bundle answers on Ref-YouTube-VOS or Ref-DAVIS17 as their evaluations take it.

Ref-DAVIS17 is scored too: by annotator, and the mean of the four, with objects that keep their
numbers unless they are to be matched by overlap.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
import sys

from eventsam_ros.commands.progress import Progress
from eventsam_ros.errors import DatasetError, EventsamError
from eventsam_ros.inference.engines import ENGINES
from eventsam_ros.inference.referring import ReferringSegmenter
from eventsam_ros.inference.referring_bundle import load_referring_bundle

from .datasets.registry import open_dataset
from .submissions import follow_with, score_ref_davis17, write_ref_davis17, write_ref_youtube_vos

_FORMATS = ('ref-youtube-vos', 'ref-davis17')


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='python -m eventsam_ros.evaluation.submit', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('dataset', type=Path, help='folder of the set')
    parser.add_argument('--bundle', type=Path, required=True, help='bundle of task referring')
    parser.add_argument('--output', type=Path, required=True, help='folder to write')
    parser.add_argument('--split', default='valid', help='of the set, default valid')
    parser.add_argument('--engine', default='auto', choices=ENGINES)
    parser.add_argument('--by-overlap', action='store_true', help=(
        'match objects of Ref-DAVIS17 to the truth by overlap, as the script of RefSAM does'))
    parser.add_argument('--threads', type=int, help='processor threads for one operator')
    return parser


def _submit(arguments: argparse.Namespace) -> str:
    """Write, and return what there is to say about it."""
    dataset = open_dataset(arguments.dataset, split=arguments.split)
    if dataset.format not in _FORMATS:
        raise DatasetError(f'{arguments.dataset} is of {dataset.format}, but must be one of '
                           f'{", ".join(_FORMATS)}')
    segmenter = ReferringSegmenter(
        load_referring_bundle(arguments.bundle), arguments.engine, arguments.threads)
    follow = follow_with(segmenter)
    try:
        with Progress('following sentences') as progress:
            def told(done: int, of: int) -> None:
                progress.show(done / of)
            if dataset.format == 'ref-youtube-vos':
                path = write_ref_youtube_vos(dataset, follow, arguments.output, progress=told)
                return f'wrote {path}'
            write_ref_davis17(dataset, follow, arguments.output, progress=told)
    finally:
        segmenter.close()
    score, each = score_ref_davis17(dataset, arguments.output, arguments.by_overlap)
    identity = 'matched by overlap' if arguments.by_overlap else 'keeping their numbers'
    rows = [*((f'annotator {k}', one) for k, one in enumerate(each)), ('mean', score)]
    return '\n'.join([f'wrote {arguments.output}; objects {identity}', *(
        f'{name}: J&F {one.j_and_f:.4f}, J {one.j:.4f}, F {one.f:.4f}' for name, one in rows)])


def main(argv: Sequence[str] | None = None) -> int:
    """Write results; what cannot be used is one sentence and exit code 1."""
    try:
        print(_submit(_parser().parse_args(argv)))
    except (EventsamError, ValueError) as error:
        print(f'submit: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
