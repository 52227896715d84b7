# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Event files of the EventSAM sets: one npz (or npy) for each frame, in several spellings."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import BadZipFile
import zlib

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.errors import DatasetError
from eventsam_ros.events.types import Events

TIME_UNITS = {'s': 1_000_000_000, 'ms': 1_000_000, 'us': 1000, 'ns': 1}
_NAMES = {'x': ('x', 'xs'), 'y': ('y', 'ys'), 't': ('t', 'ts', 'timestamp', 'timestamps'),
          'p': ('p', 'ps', 'pol', 'polarity')}
_TABLES = ('events', 'event', 'data', 'arr_0')


def read_event_file(path: Path, unit: str, width: int, height: int) -> Events:
    """Return the events of a file, in the order of time.

    Spellings: arrays x, y, t, p (also xs, ts, timestamps, pol, polarity and the like); one array
    [N, 4] of columns x, y, t, p named events, event, data or as NumPy does; a structured array
    with such fields.

    Args:
        path: The npz or npy file.
        unit: What its times count in, one of TIME_UNITS; the sources do not say.
        width: Sensor columns.
        height: Sensor rows.

    Raises:
        DatasetError: Missing, damaged, of another spelling, or with impossible events.
    """
    x, y, t, p = _columns(path, _arrays(path))
    if not all(np.isfinite(c).all() for c in (x, y, t, p)):
        raise DatasetError(f'events in {path} must be finite numbers')
    if len(x) and not (x.min() >= 0 and x.max() < width and y.min() >= 0 and y.max() < height):
        raise DatasetError(
            f'events in {path} must lie within {width} x {height} pixels, but reach to column '
            f'{x.max():g} and row {y.max():g}')
    scale = TIME_UNITS[unit]
    # In two parts: nanoseconds since the epoch are more than float64 holds.
    whole = np.rint(t)
    t_ns = whole.astype(np.int64) * scale + np.rint((t - whole) * scale).astype(np.int64)
    order = slice(None) if (np.diff(t_ns) >= 0).all() else np.argsort(t_ns, kind='stable')
    return Events(x.astype(np.uint16), y.astype(np.uint16), (p > 0).view(np.uint8), t_ns)[order]


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        content = np.load(path, allow_pickle=False)
        if isinstance(content, np.ndarray):
            return {'arr_0': content}
        with content:
            return {name.lower(): content[name] for name in content.files}
    except FileNotFoundError as error:
        raise DatasetError(f'events {path} are missing') from error
    except (OSError, ValueError, EOFError, KeyError, BadZipFile, zlib.error) as error:
        raise DatasetError(f'{path} is damaged: no events can be read from it') from error


def _columns(path: Path, arrays: dict[str, NDArray[Any]]) -> list[NDArray[Any]]:
    table = next((arrays[name] for name in _TABLES if name in arrays), None)
    if table is not None and table.dtype.names:
        arrays = {name.lower(): table[name] for name in table.dtype.names}
    elif table is not None:
        if table.ndim != 2 or table.shape[1] != 4 or table.dtype.kind not in 'iuf':
            raise DatasetError(
                f'events in {path} must be N x 4 numbers, but are {list(table.shape)} of '
                f'{table.dtype}')
        return [table[:, k] for k in range(4)]
    found = []
    for column, names in _NAMES.items():
        values = next((arrays[name] for name in names if name in arrays), None)
        if values is None or values.dtype.kind not in 'iufb':
            raise DatasetError(
                f'{path} must have arrays x, y, t, p or one of N x 4, but has '
                f'{", ".join(arrays) or "none"} and no numbers {column}')
        found.append(values.reshape(-1))
    if len({len(c) for c in found}) > 1:
        raise DatasetError(
            f'x, y, t and p in {path} must be equally long, but are '
            f'{", ".join(str(len(c)) for c in found)}')
    return found
