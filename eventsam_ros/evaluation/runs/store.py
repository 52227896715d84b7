# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Finished sequences on disk, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import json
import os
from pathlib import Path
import re
from typing import Any

import numpy as np

from .scoring import FrameScore
from .summary import SequenceResult

FOLDER = 'sequences'


def file_stem(sequence: str) -> str:
    """Return a name for files of a sequence; names with slashes stay apart from each other."""
    return re.sub(r'[^\w.-]', lambda m: f'%{ord(m.group()):02x}', sequence)


class SequenceStore:
    """The folder `sequences` of an output folder; a file is whole or not there."""

    def __init__(self, output: Path, fingerprint: str) -> None:
        """Open the folder.

        Args:
            output: Folder of the run.
            fingerprint: What the results depend on (bundle, dataset, options); results of
                another are not used.
        """
        self._folder = output / FOLDER
        self._fingerprint = fingerprint

    def load(self, sequence: str) -> SequenceResult | None:
        """Return a finished sequence, or None where it is missing, damaged, or of another run."""
        try:
            content = json.loads((self._folder / f'{file_stem(sequence)}.json').read_text('utf-8'))
            if content['fingerprint'] != self._fingerprint:
                return None
            return SequenceResult(
                content['name'], [_frame(f) for f in content['frames']], content['unlabelled'],
                content['unpredicted'], content['left_out'])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def save(self, result: SequenceResult) -> None:
        """Keep a finished sequence.

        Raises:
            OSError: The folder cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f'{file_stem(result.name)}.json'
        part = path.with_suffix(f'.part{os.getpid()}')
        part.write_text(json.dumps({
            'fingerprint': self._fingerprint, 'name': result.name,
            'unlabelled': result.unlabelled, 'unpredicted': result.unpredicted,
            'left_out': dict(result.left_out),
            'frames': [_record(f) for f in result.frames]}), 'utf-8')
        part.replace(path)


def _record(frame: FrameScore) -> dict[str, Any]:
    confusion = None if frame.confusion is None else frame.confusion.tolist()
    return {**vars(frame), 'scores': dict(frame.scores), 'stages_ms': dict(frame.stages_ms),
            'parts': {k: v.tolist() for k, v in frame.parts.items()},
            'confusion': confusion, 'contours': {str(k): v for k, v in frame.contours.items()}}


def _frame(record: dict[str, Any]) -> FrameScore:
    confusion = record['confusion']
    return FrameScore(**{
        **record,
        'confusion': None if confusion is None else np.array(confusion, np.int64),
        'parts': {k: np.array(v, np.int64) for k, v in record['parts'].items()},
        'contours': {int(k): (v[0], v[1]) for k, v in record['contours'].items()}})
