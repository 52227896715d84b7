# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""DDD17 with 6 classes, as ESS exports it: memory maps of events and masks of 346 x 200.

Folders dir* are numbered in the order of their names, and the published splits go by that number.
Masks cover the upper 200 rows; events below are left out. Grey frames are taken from imgs/ where a
file has the number of the mask; the source does not say how they are named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
import re

import numpy as np

from eventsam_ros.errors import DatasetError
from eventsam_ros.events.types import Int64

from .class_tables import DDD17_6
from .dataset import Dataset, DatasetFormat, Sample
from .ddd17_events import ROWS, TIMES, WIDTH, Ddd17Events
from .files import pictures
from .pictures import read_colour, read_labels
from .sequences import SourceSequence
from .stored_events import WINDOW_OPTIONS, WindowRule

SPLITS = {7: {'train': (0, 2, 3, 5, 6), 'val': (1,), 'test': (4,)},
          6: {'train': (0, 2, 3, 4, 5), 'test': (1,)}}
"""Members of the splits among 7 folders (ESS) and 6 (OpenESS)."""
_NUMBER = re.compile(r'(\d+)$')


@dataclass(frozen=True)
class _Moment:
    """A mask with its time, its frame and, where the index has it, its range of events."""

    mask: Path
    stamp_ns: int
    frame: Path | None
    events: tuple[int, int] | None


def _read(rule: WindowRule, source: Ddd17Events, moment: _Moment) -> Sample:
    window = rule.window(source, moment.stamp_ns)
    if moment.events is not None:
        first, last = moment.events
        if not 0 <= first <= last <= len(source):
            raise DatasetError(
                f'index of {moment.mask.parent.parent} must stay within {len(source)} events, '
                f'but says {first} to {last}')
        window = type(window)(
            source.read(first, last), window.t_start, window.t_end, WIDTH, ROWS)
    frame = None if moment.frame is None else read_colour(moment.frame)[:ROWS]
    labels = read_labels(moment.mask, DDD17_6, (ROWS, WIDTH))
    return Sample(moment.mask.stem, moment.stamp_ns, window, frame, labels=labels)


def open_ddd17(
    path: Path, *, split: str = 'test', window_ms: float = 50.0, window_events: int = 0,
) -> Dataset:
    """Open DDD17: a sample for each mask.

    Args:
        path: Folder of dir* folders, or one of them.
        split: 'train', 'val', 'test', or '' for all.
        window_ms: See WINDOW_OPTIONS; 10, 50 and 250 take the ranges of the index.
        window_events: See WINDOW_OPTIONS.

    Raises:
        DatasetError: Not as ESS lays it out.
        ValueError: An option outside of its values.
    """
    rule = WindowRule.of(window_ms, window_events)
    folders = _folders(path)
    if not folders:
        raise DatasetError(f'{path} has no folder dir* with {TIMES}')
    if split and (path / TIMES).exists():
        split = ''  # one sequence is what was asked for
    if split:
        members = SPLITS.get(len(folders), {}).get(split)
        if members is None:
            raise DatasetError(
                f'split {split!r} is known for 7 folders (train, val, test) and 6 (train, test), '
                f'but {path} has {len(folders)}')
        folders = [folders[k] for k in members]
    sequences = []
    for folder in folders:
        left_out: Counter[str] = Counter()
        moments = tuple(_moments(folder, window_ms, rule, left_out))
        sequences.append(SourceSequence(
            folder.name, moments, partial(Ddd17Events, folder), partial(_read, rule),
            left_out=left_out))
    return Dataset('ddd17', 'semantic', tuple(sequences), DDD17_6, split)


def _moments(
    folder: Path, window_ms: float, rule: WindowRule, left_out: Counter[str],
) -> Iterable[_Moment]:
    masks = {_number(file): file for file in pictures(folder / 'segmentation_masks').values()}
    index, exact = _index(folder, window_ms)
    frames: dict[int, Path] = {}
    if (folder / 'imgs').is_dir():
        frames = {_number(file): file for file in pictures(folder / 'imgs').values()}
    for number, mask in sorted(masks.items()):
        if not 1 <= number <= len(index):
            raise DatasetError(
                f'{mask} must have a number from 1 to {len(index)}, the rows of the index')
        stamp, last, first = (int(v) for v in index[number - 1])
        if last <= 0:
            left_out['masks before the first event'] += 1
            continue
        ranged = exact and rule.count == 0
        yield _Moment(mask, stamp, frames.get(number), (max(first, 0), last) if ranged else None)


def _index(folder: Path, window_ms: float) -> tuple[Int64, bool]:
    """Return time, event index and event index a window before, and if the window is that long."""
    wanted = folder / 'index' / f'index_{window_ms:g}ms.npy'
    found = [wanted, *(folder / 'index' / f'index_{n}ms.npy' for n in (50, 10, 250))]
    path = next((file for file in found if file.exists()), None)
    if path is None:
        raise DatasetError(f'file {folder / "index" / "index_50ms.npy"} is missing')
    try:
        index = np.load(path)
    except (OSError, ValueError, EOFError) as error:
        raise DatasetError(f'{path} is no array that can be read') from error
    if index.ndim != 2 or index.shape[1] != 3 or index.dtype.kind not in 'iu':
        raise DatasetError(
            f'{path} must be N x 3 whole numbers, but is {list(index.shape)} of {index.dtype}')
    return index.astype(np.int64), path == wanted


def _number(path: Path) -> int:
    found = _NUMBER.search(path.stem)
    if found is None:
        raise DatasetError(f'name of {path} must end in the number of its frame')
    return int(found.group(1))


def _folders(path: Path) -> list[Path]:
    if (path / TIMES).exists():
        return [path]
    return sorted(file.parent for file in path.glob(f'dir*/{TIMES}'))


def _looks(path: Path) -> bool:
    return bool(_folders(path))


DDD17 = DatasetFormat(
    'ddd17', 'DDD17 with 6 classes as ESS exports it: memory maps, 346 x 200',
    """\
dir*/events.dat.t                 int64 ns
     events.dat.xyp               int16 x, y, p for each event
     index/index_{10,50,250}ms.npy   rows: time in ns, event index, event index a window before
     segmentation_masks/*_<n>.png    n from 1 is the row of the index
     imgs/*<n>.png                   grey frames, where there are any""",
    'uzh-rpg/ess', _looks, open_ddd17,
    {'split': 'train, val or test, by the order of the 7 folders (6: train, test); all if empty',
     **WINDOW_OPTIONS})
