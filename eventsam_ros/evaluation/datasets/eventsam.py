# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The sets of EventSAM: RGBE-SEG, MVSEC-SEG, DDD17-SEG and DSEC-SEG, with SAM's masks as truth.

Ground truths are colour codes: each colour is a segment and white is background, id 0. Names of
frames and ground truths do not match one-to-one in the published archives: those in both are read,
the others are counted. A window is what the event file of the frame holds. What its times count in
and what they begin with is not known, so samples are stamped with the number of the frame, and
`time_unit` says how long windows last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import partial
import logging
from pathlib import Path
import re

from eventsam_ros.errors import DatasetError

from .dataset import Dataset, DatasetFormat
from .eventsam_events import TIME_UNITS
from .eventsam_frames import EventsamSequence, Frame
from .files import folders_below, pictures, read_lines, sequence_names

SETS = {'RGBE-SEG': (346, 260), 'MVSEC-SEG': (346, 260), 'DDD17-SEG': (346, 260),
        'DSEC-SEG': (640, 480)}
"""Name of the folder -> sensor columns and rows."""
_GRADES = ('easy', 'medium', 'hard')
_EVENT_ENDINGS = ('.npz', '.npy')
_NUMBER = re.compile(r'(\d+)\D*$')
_LOG = logging.getLogger(__name__)


def _open(
    folder_name: str, path: Path, *, split: str = '', ground_truth: str = '',
    time_unit: str = 'us', damaged: str = 'refuse',
) -> Dataset:
    """Open one of the sets.

    Args:
        folder_name: One of SETS.
        path: The folder of the set, or one with Datasets/<set> and Groundtruths/<set>.
        split: See the options.
        ground_truth: See the options.
        time_unit: One of TIME_UNITS.
        damaged: 'refuse' or 'skip'.

    Raises:
        DatasetError: Not as EventSAM lays it out.
        ValueError: An option outside of its values.
    """
    if time_unit not in TIME_UNITS or damaged not in ('refuse', 'skip'):
        raise ValueError(f'time_unit must be one of {", ".join(TIME_UNITS)} and damaged refuse or '
                         f'skip, but got {time_unit!r} and {damaged!r}')
    root = _root(folder_name, path)
    truths = Path(ground_truth) if ground_truth else (
        root.parent.parent / 'Groundtruths' / root.name)
    if not truths.is_dir():
        raise DatasetError(f'folder {truths} with the ground truths of {root} is missing')
    folders = _of_split(root, split)
    sequences = []
    for name, folder in folders.items():
        left_out: Counter[str] = Counter()
        truth = _truth_folder(truths, root, folder)
        if truth is None:
            left_out['frames of sequences without ground truths'] += len(
                pictures(folder / 'event', endings=_EVENT_ENDINGS))
            frames: tuple[Frame, ...] = ()
        else:
            frames = tuple(_frames(folder, truth, left_out))
        for reason, count in left_out.items():
            _LOG.warning('%s: %d %s left out', folder, count, reason)
        sequences.append(EventsamSequence(
            name, frames, SETS[folder_name], time_unit, damaged, left_out))
    if not any(len(sequence) for sequence in sequences):
        raise DatasetError(f'no frame below {root} has a ground truth in {truths}')
    return Dataset(folder_name.lower(), 'instances', tuple(sequences), split=split)


def _root(folder_name: str, path: Path) -> Path:
    for root in (path / 'Datasets' / folder_name, path / folder_name, path):
        if any((folder / 'event').is_dir() for folder in folders_below(root)):
            return root
    raise DatasetError(f'{path} has no folder {folder_name} with sequences that have event/')


def _of_split(root: Path, split: str) -> dict[str, Path]:
    graded = split in _GRADES
    below = root / ('test-normal' if graded else split) if split else root
    if split and not below.is_dir():
        raise DatasetError(f'folder {below} of the split {split!r} is missing')
    found = sequence_names(below, (f for f in folders_below(below) if (f / 'event').is_dir()))
    if not found:
        raise DatasetError(f'{below} has no sequence with a folder event')
    if not graded:
        return found
    listed = read_lines(root / f'{split}.txt')
    missing = [name for name in listed if name not in found]
    if missing:
        raise DatasetError(f'{root / f"{split}.txt"} lists {missing[0]}, which {below} lacks')
    return {name: found[name] for name in sorted(listed)}


def _truth_folder(truths: Path, root: Path, folder: Path) -> Path | None:
    """Return where a sequence's ground truths are: below its split or without it."""
    places = (truths / folder.relative_to(root), truths / folder.name)
    return next((place for place in places if place.is_dir()), None)


def _frames(folder: Path, truth: Path, left_out: Counter[str]) -> Iterable[Frame]:
    events = pictures(folder / 'event', endings=_EVENT_ENDINGS)
    truths = pictures(truth, endings=('.png',))
    images = pictures(folder / 'rgb_image') if (folder / 'rgb_image').is_dir() else {}
    left_out['frames without a ground truth'] += len(events.keys() - truths.keys())
    left_out['ground truths without a frame'] += len(truths.keys() - events.keys())
    both = events.keys() & truths.keys()
    left_out['pictures missing beside events and ground truth'] += len(both - images.keys())
    for reason in [reason for reason, count in left_out.items() if count == 0]:
        del left_out[reason]
    for name in sorted(both, key=_order):
        yield Frame(name, _order(name)[0], events[name], images.get(name), truths[name])


def _order(name: str) -> tuple[int, str]:
    """Return the number at the end of a name, and the name."""
    number = _NUMBER.search(name)
    return int(number.group(1)) if number else 0, name


def _looks(folder_name: str, path: Path) -> bool:
    root = path if path.name == folder_name else next(
        (p for p in (path / 'Datasets' / folder_name, path / folder_name) if p.is_dir()), None)
    return root is not None and any((f / 'event').is_dir() for f in folders_below(root))


def _format(folder_name: str, summary: str) -> DatasetFormat:
    return DatasetFormat(
        folder_name.lower(), summary,
        f"""\
Datasets/{folder_name}/[<split>/]<sequence>/event/*.npz       x, y, t, p of each frame
                                       rgb_image/*      where there are any
Groundtruths/{folder_name}/[<split>/]<sequence>/*.png         colours are segments, white none""",
        'zhiwen-xdu/EventSAM', partial(_looks, folder_name), partial(_open, folder_name),
        {'split': 'train, test-normal, test-degraded, or easy, medium, hard (lists of RGBE-SEG); '
                  'all if empty',
         'ground_truth': 'folder of the ground truths where it is not beside Datasets',
         'time_unit': f'what times in the event files count in: {", ".join(TIME_UNITS)}',
         'damaged': 'event files that cannot be read: refuse, or skip and count them'})


EVENTSAM = tuple(_format(name, summary) for name, summary in (
    ('RGBE-SEG', 'RGBE-SEG: DAVIS346 events and frames of VisEvent and COESOT, masks by SAM'),
    ('MVSEC-SEG', 'MVSEC-SEG: frames of MVSEC, masks by SAM'),
    ('DDD17-SEG', 'DDD17-SEG: frames of DDD17, masks by SAM'),
    ('DSEC-SEG', 'DSEC-SEG: frames of DSEC, 640 x 480, masks by SAM')))
