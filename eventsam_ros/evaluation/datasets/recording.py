# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Recordings with ground truth: windows end at the stamps of the ground-truth pictures.

Stamps are the host's and events have the sensor's clock; one is brought to the other as the node
does it, so offline and live see the same windows. Everything is read once, in the order of
recording, and a second of events at most is in memory.
"""

from __future__ import annotations

from pathlib import Path
import re

import numpy as np

from eventsam_ros.errors import DatasetError, RecordingError
from eventsam_ros.evaluation.recordings import open_recording

from .classes import ClassTable
from .dataset import Dataset, DatasetFormat, Kind
from .recording_samples import RecordingSequence
from .recording_truth import find_topics

_PART = re.compile(r'_\d+$')
ENDINGS = ('.mcap', '.db3', '.bag', '.raw', '.dat', '.aedat4')


def open_recordings(
    path: Path, *, ground_truth: str = '', kind: str = 'instances', classes: str = '',
    events: str = '', image: str = '', window_ms: float = 50.0,
) -> Dataset:
    """Open a recording, or all recordings in a folder.

    Args:
        path: The recording or the folder.
        ground_truth: See the options, as for the others.
        kind: 'instances', 'video' or 'semantic'.
        classes: Names, with commas between them.
        events: Topic.
        image: Topic.
        window_ms: Length of windows; 0 for the time since the ground truth before.

    Raises:
        DatasetError: No recording, or one without events or ground truth.
        ValueError: An option outside of its values.
    """
    kinds: dict[str, Kind] = {k: k for k in ('instances', 'video', 'semantic')}
    if kind not in kinds or not 0 <= window_ms <= 1000:
        raise ValueError(f'kind must be {", ".join(kinds)} and window_ms 0 to 1000, but got '
                         f'{kind!r} and {window_ms}')
    listed = tuple(name.strip() for name in classes.split(',') if name.strip())
    if (kind == 'semantic') != bool(listed):
        raise ValueError('kind=semantic needs classes=<name>,<name>..., and only it')
    table = _table(listed) if listed else None
    found = [path] if _is_recording(path) else sorted(
        child for child in path.iterdir() if _is_recording(child)) if path.is_dir() else []
    if not found:
        raise DatasetError(f'{path} is no recording and has none ({", ".join(ENDINGS)})')
    sequences = []
    names = _names(found)
    for place in found:
        try:
            with open_recording(place) as recording:
                topics = find_topics(recording, events, ground_truth, image)
        except RecordingError as error:
            raise DatasetError(str(error)) from error
        sequences.append(RecordingSequence(
            names[place], place, topics, round(window_ms * 1e6) or None, table))
    return Dataset('recording', kinds[kind], tuple(sequences), table)


def _names(places: list[Path]) -> dict[Path, str]:
    """Return names without the endings of files, or with them where two are then the same."""
    plain = [place.stem if place.is_file() else place.name for place in places]
    whole = [place.name for place in places]
    return dict(zip(places, whole if len(set(plain)) < len(plain) else plain, strict=True))


def _table(names: tuple[str, ...]) -> ClassTable:
    """Return classes of these names, colours spread over the circle of hues."""
    turn = np.arange(len(names)) * 0.618
    wave = [0.5 + 0.5 * np.cos(2 * np.pi * (turn + shift / 3)) for shift in range(3)]
    rows = np.rint(255 * np.stack(wave, 1)).astype(int).tolist()
    return ClassTable(names, tuple((r, g, b) for r, g, b in rows))


def _is_recording(path: Path) -> bool:
    if path.is_file():
        return path.suffix.lower() in ENDINGS
    if not path.is_dir() or (path / 'metadata.yaml').exists():
        return path.is_dir()
    bags = [child for child in path.iterdir() if child.suffix in ENDINGS[:3]]
    return bool(bags) and not _apart(bags)


def _apart(bags: list[Path]) -> bool:
    """Return whether bags in a folder are recordings of their own, and not parts of one.

    Parts are numbered from 0 on (a recorder splits so), or only one of them has events.
    """
    if len({_PART.sub('', bag.stem) for bag in bags}) == 1 and any(
            bag.stem.endswith('_0') for bag in bags):
        return False
    try:
        for bag in bags:
            with open_recording(bag) as recording:
                if not recording.event_topics:
                    return False
    except RecordingError:   # which is told when it is read
        return False
    return len(bags) > 1


def _looks(path: Path) -> bool:
    return _is_recording(path) or (
        path.is_dir() and any(_is_recording(child) for child in path.iterdir()))


RECORDING = DatasetFormat(
    'recording', 'Recordings with ground truth, such as those of `simulate`',
    """\
a rosbag2 folder, or a file .mcap, .db3, .bag, .raw, .dat, .aedat4; or a folder of these
topics: events; ids as mono8 or mono16 pictures of the same pixels; camera pictures if any
or ids in a folder, <host time in ns>.png""",
    'rosbag2, docs/formats.md', _looks, open_recordings,
    {'ground_truth': 'topic, or folder of <host time in ns>.png; if empty, the image topic whose '
                     'name says ground_truth, mask, label, semantic or instance',
     'kind': 'what the ids are: instances, video (objects keep their id) or semantic',
     'classes': 'names of the classes, with commas between them (kind=semantic)',
     'events': 'topic of the events; the first if empty',
     'image': 'topic of pictures; the first that is no ground truth if empty, or none',
     'window_ms': 'length of the event window before each ground truth, ms, up to 1000; 0 for '
                  'the time since the one before'})
