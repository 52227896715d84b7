# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""MVSEC: DAVIS events in seconds and grey frames of the same pixels, no class labels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from eventsam_ros.errors import DatasetError

from .dataset import Dataset, DatasetFormat, Sample
from .files import folders_below
from .mvsec_events import MvsecEvents
from .pictures import repeated
from .sequences import SourceSequence
from .stored_events import WINDOW_OPTIONS, WindowRule, window_ends

_ENDING = '_data.hdf5'


@dataclass(frozen=True)
class _Frame:
    """Number of a frame and its time."""

    number: int
    stamp_ns: int


def _read(rule: WindowRule, source: MvsecEvents, frame: _Frame) -> Sample:
    picture = None if source.frames is None else repeated(source.frame(frame.number))
    return Sample(f'{frame.number:06d}', frame.stamp_ns,
                  rule.window(source, frame.stamp_ns), picture)


def open_mvsec(
    path: Path, *, camera: str = 'left', window_ms: float = 50.0, window_events: int = 0,
) -> Dataset:
    """Open MVSEC: a sample for each grey frame, or for each window length where there are none.

    Args:
        path: Folder of files, or one file.
        camera: 'left' or 'right'.
        window_ms: See WINDOW_OPTIONS.
        window_events: See WINDOW_OPTIONS.

    Raises:
        DatasetError: Not as MVSEC lays it out.
        ValueError: An option outside of its values.
    """
    if camera not in ('left', 'right'):
        raise ValueError(f'camera must be left or right, but got {camera!r}')
    rule = WindowRule.of(window_ms, window_events)
    files = _files(path)
    if not files:
        raise DatasetError(f'{path} has no file *{_ENDING}')
    sequences = []
    for file in files:
        with MvsecEvents(file, camera) as source:
            times = source.frame_times().tolist()
            if source.frames is None:
                times = list(window_ends(source.span_ns(), rule.duration_ns, file))
        frames = tuple(_Frame(k, t) for k, t in enumerate(times))
        sequences.append(SourceSequence(
            file.name.removesuffix(_ENDING), frames, partial(MvsecEvents, file, camera),
            partial(_read, rule)))
    return Dataset('mvsec', 'unlabelled', tuple(sequences))


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path] if path.name.endswith(_ENDING) else []
    return sorted((file for folder in folders_below(path) for file in folder.glob(f'*{_ENDING}')),
                  key=lambda file: file.name)


def _looks(path: Path) -> bool:
    return bool(_files(path))


MVSEC = DatasetFormat(
    'mvsec', 'MVSEC: DAVIS346 events and grey frames of the same pixels, no class labels',
    """\
<sequence>_data.hdf5    /davis/{left,right}/events [N,4] float64: x, y, t in s, p (±1 or 0/1)
                        /davis/{left,right}/image_raw [M,260,346], image_raw_ts [M] s""",
    'daniilidis-group.github.io/mvsec', _looks, open_mvsec,
    {'camera': 'left or right', **WINDOW_OPTIONS})
