# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""DSEC and DSEC-Semantic: events, frames of a second camera, class labels.

Where the sources leave it open: frames lie in images/left/rectified, images/left or, warped
already, images/left/ev_inf; the calibration is calibration/cam_to_cam.yaml.
Events that are rectified go to the nearest pixel; networks that splat them bilinearly can take
view=distorted and the map themselves. A frame belongs to a label where their times are at most
1 ms apart.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np

from eventsam_ros.errors import DatasetError
from eventsam_ros.events.types import Int64

from .class_tables import CITYSCAPES_19, DSEC_11
from .dataset import Dataset, DatasetFormat
from .dsec_events import HEIGHT, DsecEvents
from .dsec_reading import CALIBRATION, EVENTS, LABEL_ROWS, Moment, Reading, sequence
from .files import equal_counts, folders_below, pictures, read_times, sequence_names
from .stored_events import WINDOW_OPTIONS, WindowRule, window_ends

TEST = ('zurich_city_13_a', 'zurich_city_14_c', 'zurich_city_15_a')
TRAIN = tuple(f'zurich_city_0{n}_a' for n in (0, 1, 2, 4, 5, 6, 7, 8))
_SEMANTIC = Path('semantic/timestamps.txt')
_TOGETHER_NS = 1_000_000
_FRAMES = (('images/left/ev_inf', True), ('images/left/rectified', False), ('images/left', False))
_VIEWS = ('rectified', 'distorted')


def open_dsec(
    path: Path, *, split: str = '', view: str = 'distorted', frames: str = 'auto',
    window_ms: float = 50.0, window_events: int = 0,
) -> Dataset:
    """Open DSEC: a sample for each frame, or for each window length where there are no frames.

    Args:
        path: Folder of sequences, or one sequence.
        split: See _OPTIONS, as for the others.
        view: 'rectified' or 'distorted'.
        frames: 'auto' or 'none'.
        window_ms: See WINDOW_OPTIONS.
        window_events: See WINDOW_OPTIONS.

    Raises:
        DatasetError: Not as DSEC lays it out.
        ValueError: An option outside of its values.
    """
    rule = _checked(view, frames, window_ms, window_events)
    sequences = []
    for name, folder in _sequences(path, split, EVENTS, ((), ())).items():
        left_out: Counter[str] = Counter()
        times, found, warped = _frames(folder, frames, view, left_out)
        moments = tuple(Moment(file.stem, int(t), file, None)
                        for t, file in zip(times, found, strict=True))
        if not moments:
            with DsecEvents(folder / EVENTS) as events:
                moments = tuple(
                    Moment(f'{k:06d}', stamp, None, None) for k, stamp in enumerate(
                        window_ends(events.span_ns, rule.duration_ns, folder / EVENTS)))
        reading = Reading(folder, rule, view, HEIGHT, warped, None)
        sequences.append(sequence(name, moments, reading, left_out))
    return Dataset('dsec', 'unlabelled', tuple(sequences), split=split)


def open_dsec_semantic(
    path: Path, *, split: str = 'test', classes: int = 11, view: str = 'rectified',
    frames: str = 'auto', skip: int = 0, every: int = 1, window_ms: float = 50.0,
    window_events: int = 0,
) -> Dataset:
    """Open DSEC-Semantic: a sample for each label.

    Args:
        path: Folder of sequences, or one sequence.
        split: 'train', 'test', or '' for all.
        classes: 11 or 19.
        view: 'rectified' or 'distorted'.
        frames: 'auto' or 'none'.
        skip: Labels at the start of a sequence that are left out.
        every: Keeps every so many of the others.
        window_ms: See WINDOW_OPTIONS.
        window_events: See WINDOW_OPTIONS.

    Raises:
        DatasetError: Not as DSEC lays it out.
        ValueError: An option outside of its values.
    """
    rule = _checked(view, frames, window_ms, window_events)
    if classes not in (11, 19) or skip < 0 or every < 1:
        raise ValueError('classes must be 11 or 19, skip at least 0 and every at least 1, but '
                         f'got {classes}, {skip} and {every}')
    table = DSEC_11 if classes == 11 else CITYSCAPES_19
    sequences = []
    for name, folder in _sequences(path, split, _SEMANTIC, (TRAIN, TEST)).items():
        left_out: Counter[str] = Counter()
        labels = _labels(folder, classes)
        times = read_times(folder / _SEMANTIC)
        equal_counts({folder / _SEMANTIC: len(times), labels[0].parent: len(labels)},
                     'labels and their times')
        frame_times, found, warped = _frames(folder, frames, view, left_out)
        moments = tuple(
            Moment(file.stem, int(t), _nearest(frame_times, found, int(t)), file)
            for t, file in zip(times[skip::every], labels[skip::every], strict=True))
        left_out['labels left out by skip and every'] += len(labels) - len(moments)
        reading = Reading(
            folder, rule, view, LABEL_ROWS if view == 'rectified' else HEIGHT, warped, table)
        sequences.append(sequence(name, moments, reading, left_out))
    return Dataset('dsec-semantic', 'semantic', tuple(sequences), table, split)


def _checked(view: str, frames: str, window_ms: float, window_events: int) -> WindowRule:
    if view not in _VIEWS:
        raise ValueError(f'view must be rectified or distorted, but got {view!r}')
    if frames not in ('auto', 'none'):
        raise ValueError(f'frames must be auto or none, but got {frames!r}')
    return WindowRule.of(window_ms, window_events)


def _sequences(
    path: Path, split: str, marker: Path, named: tuple[tuple[str, ...], tuple[str, ...]],
) -> dict[str, Path]:
    """Return the sequences of a split: a folder of its name, or the published names."""
    root = path / split if split and (path / split).is_dir() else path
    names = sequence_names(root, (f for f in folders_below(root) if (f / marker).exists()))
    if not names:
        raise DatasetError(f'{root} has no sequence with {marker}')
    if root == path and split:
        members = {'train': named[0], 'test': named[1]}.get(split, ())
        names = {name: folder for name, folder in names.items() if folder.name in members}
        if not names:
            raise DatasetError(
                f'{path} has neither a folder {split} nor sequences that are known to be of it')
    return names


def _labels(folder: Path, classes: int) -> list[Path]:
    # The archives have `left`, the loader of ESS opens folders without it.
    places = [folder / 'semantic' / level / f'{classes}classes' / 'data' for level in ('left', '')]
    found = next((p for p in places if p.is_dir()), None)
    if found is None:
        raise DatasetError(f'folder {places[0]} with the labels of {classes} classes is missing')
    labels = list(pictures(found, endings=('.png',)).values())
    if not labels:
        raise DatasetError(f'{found} has no labels')
    return labels


def _frames(
    folder: Path, wanted: str, view: str, left_out: Counter[str],
) -> tuple[Int64, list[Path], bool]:
    """Return times and files of the frames, and whether they are in the event view already."""
    nothing: tuple[Int64, list[Path], bool] = (np.empty(0, np.int64), [], False)
    if wanted == 'none':
        return nothing
    for place, warped in _FRAMES:
        if (warped and view != 'rectified') or not (folder / place).is_dir():
            continue
        files = list(pictures(folder / place).values())
        if not files:
            continue
        if not warped and not (folder / CALIBRATION).exists():
            left_out['frames without a calibration'] += len(files)
            continue
        times = read_times(folder / 'images' / 'timestamps.txt')
        equal_counts({folder / 'images' / 'timestamps.txt': len(times),
                      folder / place: len(files)}, 'frames and their times')
        return times, files, warped
    return nothing


def _nearest(times: Int64, files: list[Path], t_ns: int) -> Path | None:
    if not files:
        return None
    k = int(np.abs(times - t_ns).argmin())
    return files[k] if abs(int(times[k]) - t_ns) <= _TOGETHER_NS else None


def _has(marker: Path, path: Path) -> bool:
    return any((folder / marker).exists() for folder in folders_below(path))


def _plain(path: Path) -> bool:
    return _has(EVENTS, path) and not _has(_SEMANTIC, path)


_OPTIONS = {
    'view': 'rectified (events to the nearest rectified pixel, as labels are) or distorted '
            '(events as recorded, labels and frames brought to them)',
    'frames': 'auto: frames as they are in the view, by ev_inf or by the calibration; or none',
    **WINDOW_OPTIONS,
}

DSEC = DatasetFormat(
    'dsec', 'DSEC: driving, 640 x 480 events and frames, no labels',
    """\
[train|test/]<sequence>/events/left/events.h5          /events/{x,y,p,t}, /ms_to_idx, /t_offset
                        events/left/rectify_map.h5     /rectify_map, needed for view=rectified
                        images/left/rectified/*.png    or images/left/*.png, images/left/ev_inf
                        images/timestamps.txt          µs, one line for each frame
                        calibration/cam_to_cam.yaml    without it frames are left out""",
    'dsec.ifi.uzh.ch, uzh-rpg/DSEC', _plain, open_dsec,
    {'split': 'name of the folder above the sequences; all if empty', **_OPTIONS})

DSEC_SEMANTIC = DatasetFormat(
    'dsec-semantic', 'DSEC-Semantic: 11 or 19 classes at the frames of DSEC, 640 x 440',
    """\
[train|test/]<sequence>/semantic/left/{11,19}classes/data/*.png   also without left/
                        semantic/timestamps.txt        µs, one line for each label
                        events/left/events.h5 and the rest as in dsec""",
    'dsec.ifi.uzh.ch, uzh-rpg/ess', partial(_has, _SEMANTIC), open_dsec_semantic,
    {'split': 'train or test: a folder of that name, else the sequences published as such; '
              'all if empty',
     'classes': '11 or 19', **_OPTIONS,
     'skip': 'labels at the start of each sequence that are left out (ESS: 6)',
     'every': 'keeps every so many of the others (ESS: 2)'})
