# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Draw clips with their sentences: frames, pictures of events, and the object of each sentence."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
import sys

import cv2
import numpy as np

from eventsam_ros.events.types import UInt8

from ...arguments import at_least
from .clip import Clip
from .making import make_clip
from .scenarios import SCENARIOS
from .splits import SPLITS

_LINE = 15
"""Rows of a line of text."""
_COLOURS = np.asarray([
    (30, 30, 30), (235, 80, 80), (90, 210, 90), (110, 140, 255), (240, 200, 60), (220, 110, 220),
    (90, 215, 215), (240, 150, 70)], np.uint8)
"""Of objects 0 (background) to 7; more begin again at 1."""


def clip_sheet(clips: Iterable[Clip]) -> UInt8:
    """Return clips one below the other, uint8 [H, W, 3] RGB, time from left to right.

    Rows of a clip: frames, pictures of events where there are any, ids in colours, and each
    sentence in the colour of its object.

    Args:
        clips: At least one, all of one size.
    """
    rows: list[UInt8] = []
    for clip in clips:
        shown = [clip.frames, *([] if clip.pictures is None else [clip.pictures])]
        shown.append(_COLOURS[np.where(clip.ids > 0, (clip.ids - 1) % 7 + 1, 0)])
        rows += [np.hstack(list(stack)) for stack in shown]
        width = rows[-1].shape[1]
        text = np.full((_LINE * len(clip.sentences) + 10, width, 3), 255, np.uint8)
        for k, sentence in enumerate(clip.sentences):
            colour = _COLOURS[(sentence.object_id - 1) % 7 + 1].astype(int) * 7 // 10
            cv2.putText(text, sentence.text, (4, 13 + _LINE * k), cv2.FONT_HERSHEY_SIMPLEX, 0.42,
                        colour.tolist(), 1, cv2.LINE_AA)
        rows.append(text)
    return np.vstack(rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Draw one clip of each scenario into a file; return the exit code."""
    parser = argparse.ArgumentParser(
        prog='python -m training.referring.clips.sheet', description=__doc__)
    parser.add_argument('output', type=Path, help='picture to write')
    parser.add_argument('--split', default='train', choices=SPLITS)
    parser.add_argument('--seed', type=at_least(0), default=0)
    parser.add_argument('--scenario', action='append', choices=SCENARIOS,
                        help='may come several times, default all')
    given = parser.parse_args(argv)
    if not cv2.haveImageWriter(str(given.output)):
        parser.error(f'{given.output} is no name of a picture: let it end with .png')
    sheet = clip_sheet(
        make_clip(given.seed, given.split, name) for name in given.scenario or SCENARIOS)
    if not cv2.imwrite(str(given.output), sheet[..., ::-1]):
        print(f'{given.output} cannot be written', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
