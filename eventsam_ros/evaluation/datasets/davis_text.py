# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Sentences of Ref-DAVIS17 as published: text files beside DAVIS 2017.

Each line is <video> <object> "<sentence>". Those of annotator 2 are latin-1, and three videos are
misspelt.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
import re

from eventsam_ros.errors import DatasetError

from .dataset import Expression
from .davis import listed_videos
from .files import read_lines
from .sequences import FileSequence
from .videos import Frame, video

_LINE = re.compile(r'(\S+)\s+(\d+)\s+"(.*)"$')
_SPELLING = {'clasic-car': 'classic-car', 'dog-scale': 'dogs-scale', 'motor-bike': 'motorbike'}
_FILES = (('Davis17_annot1', 'utf-8'), ('Davis17_annot1_full_video', 'utf-8'),
          ('Davis17_annot2', 'latin-1'), ('Davis17_annot2_full_video', 'latin-1'))


def text_videos(path: Path, split: str, annotator: int) -> Iterator[FileSequence[Frame]]:
    """Return the videos of a split with their sentences.

    Sentences are numbered object by object, four to each, as the converted layout numbers them.

    Args:
        path: DAVIS 2017 with davis_text_annotations/.
        split: 'train' or 'val'.
        annotator: 0 to 3, or -1 for all.

    Raises:
        DatasetError: Not laid out so.
    """
    folder = path / 'davis_text_annotations'
    folder = folder if folder.is_dir() else path
    said = [_sentences(folder / f'{name}.txt', encoding) for name, encoding in _FILES]
    for name in sorted(listed_videos(path, split, 2017)):
        objects = sorted({number for who in said for number in who.get(name, {})})
        if not objects:
            raise DatasetError(f'{folder} has no sentence about the video {name}')
        expressions = tuple(
            Expression(str(4 * k + a), said[a][name][number], number)
            for k, number in enumerate(objects) for a in range(4)
            if annotator in (-1, a) and number in said[a].get(name, {}))
        yield video(name, path / 'JPEGImages' / '480p' / name,
                    path / 'Annotations_unsupervised' / '480p' / name, expressions=expressions)


def _sentences(path: Path, encoding: str) -> dict[str, dict[int, str]]:
    """Return the sentences of an annotator: video -> object -> sentence."""
    found: dict[str, dict[int, str]] = {}
    for number, line in enumerate(read_lines(path, encoding), 1):
        match = _LINE.match(line)
        if match is None:
            raise DatasetError(
                f'line {number} of {path} must be <video> <object> "<sentence>", but is '
                f'{line[:60]!r}')
        name = _SPELLING.get(match[1], match[1])
        found.setdefault(name, {})[int(match[2])] = match[3]
    return found
