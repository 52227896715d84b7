# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""HDF5 files, opened so that each compressed chunk is unpacked once when windows follow."""

from __future__ import annotations

from importlib import import_module
from math import prod
from pathlib import Path
from typing import Any

from eventsam_ros.errors import DatasetError

_CACHE_LEAST, _CACHE_MOST = 2 ** 20, 2 ** 28
"""Bytes of unpacked chunks that HDF5 keeps of each column; larger chunks are not kept."""


def open_hdf5(path: Path) -> Any:
    """Open a file for reading, with the compressions that datasets use.

    Returns:
        An h5py.File.

    Raises:
        DatasetError: Missing, not HDF5 or cut off, or h5py or hdf5plugin is not installed.
    """
    h5py = _module('h5py', path)
    _module('hdf5plugin', path)
    if not path.is_file():
        raise DatasetError(f'file {path} is missing')
    try:
        return h5py.File(path, 'r')
    except OSError as error:
        raise DatasetError(f'{path} is no HDF5 file that can be read, or is cut off') from error


def column(
    file: Any, name: str, kinds: str = 'iuf', shape: tuple[int | None, ...] = (None,),
) -> Any:
    """Return a dataset of a file after a look at its form.

    Args:
        file: An open file.
        name: Path in the file.
        kinds: NumPy kinds that its elements may be of.
        shape: Its sizes; None allows any.

    Raises:
        DatasetError: Missing, or of another form.
    """
    path = Path(str(file.filename))
    try:
        # Not kept: HDF5 takes the cache of who opens first, and the one below is to be that.
        got, dtype, chunks = (getattr(file[name], part) for part in ('shape', 'dtype', 'chunks'))
    except (KeyError, AttributeError, OSError, RuntimeError) as error:
        raise DatasetError(f'{path} has no dataset {name}') from error
    fits = len(got) == len(shape) and all(
        w is None or w == g for w, g in zip(shape, got, strict=True))
    if not fits or dtype.kind not in kinds:
        wanted = ' x '.join('N' if n is None else str(n) for n in shape) or 'a single value'
        raise DatasetError(
            f'{name} in {path} must be {wanted} of numbers, but is '
            f'{" x ".join(map(str, got)) or "a single value"} of {dtype}')
    if chunks is None:
        return file[name]
    h5py = import_module('h5py')
    access = h5py.h5p.create(h5py.h5p.DATASET_ACCESS)
    # Two chunks, since a window begins in the chunk where the one before ended. A prime number of
    # slots, as HDF5 advises; 1: what was read in full is dropped first.
    kept = min(max(2 * dtype.itemsize * prod(chunks), _CACHE_LEAST), _CACHE_MOST)
    access.set_chunk_cache(2003, kept, 1.0)
    return h5py.Dataset(h5py.h5d.open(file.id, name.encode(), access))


def _module(name: str, path: Path) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise DatasetError(
            f'{path} needs the Python package {name}; install it with `pip install {name}`',
        ) from error
