# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Folders of pairs: settings, and shards that several processes write.

A shard is an array file, uint8 [N, H, W, 7] (event picture, frame, ids), and a text file beside it
with names and content sizes. The array is renamed into place last, so that a shard which is
there is whole; a rerun writes what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
import fcntl
import json
import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .pair import Pair, Settings

_SETTINGS = 'settings.json'
_CHANNELS = 7


class PairsError(ValueError):
    """A folder of pairs cannot be used; the message is one sentence that says why."""


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file under another name, and rename it when it is on the disk."""
    for left in path.parent.glob(f'{path.name}.part*'):
        left.unlink(missing_ok=True)  # by a process that was killed
    part = path.with_name(f'{path.name}.part{os.getpid()}')
    with part.open('wb') as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def read_settings(folder: Path) -> tuple[Settings, dict[str, Any]]:
    """Return what the pairs of a folder share, and the description of each source in it.

    Raises:
        PairsError: No settings that can be read.
    """
    try:
        content = json.loads((folder / _SETTINGS).read_text())
        return Settings(**content['settings']), dict(content['sources'])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PairsError(f'{folder} has no {_SETTINGS} of training pairs that can be read; '
                         'write pairs with `python -m training pairs`') from error


def prepare(folder: Path, settings: Settings, source: str, description: dict[str, Any]) -> None:
    """Make a folder ready for the pairs of one more source, or for more pairs of a known one.

    Args:
        folder: Created where it is missing.
        settings: Must be those of the pairs that are there.
        source: Name of the source.
        description: What its pairs depend on; must be as before where the source is known.

    Raises:
        PairsError: They differ from what is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sources: dict[str, Any] = {}
    with (folder / '.lock').open('w') as lock:
        # two commands may add their sources at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / _SETTINGS).exists():
            present, sources = read_settings(folder)
            if present != settings:
                raise PairsError(f'{folder} holds pairs of {present}, not of {settings}: '
                                 'choose another folder')
        # as it will be read back: tuples become lists
        description = json.loads(json.dumps(description))
        if sources.get(source, description) != description:
            raise PairsError(f'{folder} holds pairs of {source} made otherwise '
                             f'({sources[source]}): choose another folder or seed')
        sources[source] = description
        text = json.dumps({'settings': asdict(settings), 'sources': sources}, indent=1)
        write_whole(folder / _SETTINGS, lambda file: file.write(text.encode()))


def complete(folder: Path, shard: str, most: int) -> bool:
    """Return whether a shard is there that was asked for at least so many pairs."""
    path = folder / f'{shard}.npy'
    if not path.exists():
        return False
    return int(json.loads(path.with_suffix('.json').read_text())['asked']) >= most


def write_pairs(
    folder: Path, shard: str, pairs: Iterable[Pair], settings: Settings, most: int,
) -> int:
    """Write one shard, unless it is there already.

    Args:
        folder: Made ready by `prepare`.
        shard: Name of the shard; it gives the order of the pairs in the folder.
        pairs: Read only if the shard is missing; the same pairs whenever it is called.
        settings: What the pairs must be of.
        most: Pairs in the shard at most; fewer are written where `pairs` ends before. A shard
            that was asked for less before is written anew.

    Returns:
        Number of pairs written; 0 where nothing was to do.

    Raises:
        PairsError: A pair of another size.
    """
    path = folder / f'{shard}.npy'
    if complete(folder, shard, most):
        return 0
    data = np.empty((most, settings.height, settings.width, _CHANNELS), np.uint8)
    names, contents = [], []
    for k, pair in enumerate(pairs):
        if pair.ids.shape != data.shape[1:3]:
            raise PairsError(
                f'pair {pair.name} is {pair.ids.shape[1]}x{pair.ids.shape[0]}, but must be '
                f'{settings.width}x{settings.height}')
        data[k, ..., :3], data[k, ..., 3:6], data[k, ..., 6] = pair.picture, pair.frame, pair.ids
        names.append(pair.name)
        contents.append(pair.content)
        if len(names) == most:
            break
    text = json.dumps({'asked': most, 'names': names, 'contents': contents})
    path.unlink(missing_ok=True)  # never an array beside the text of another
    write_whole(path.with_suffix('.json'), lambda file: file.write(text.encode()))
    write_whole(path, lambda file: np.save(file, data[:len(names)]))
    return len(names)
