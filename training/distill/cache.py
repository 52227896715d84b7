# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What the teacher makes of each frame, computed once and kept on disk as fp16.

A file holds one kind of output of up to CHUNK neighbouring pairs of a folder in one view. Its name
is a hash of the teacher, of the pairs' names and of frames among them, so that pairs made anew are
looked at anew.
Files are renamed into place when they are complete; a run that was interrupted fills the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
import torch
from torch import Tensor
from torch.nn import functional as F

from ..data.pairs import Pair, PairStore, views
from ..errors import RecipeError
from ..teachers.teacher import Teacher
from .progress import Progress

CHUNK = 64
"""Pairs in a file."""
_TOGETHER = 8
"""Frames that the teacher looks at in one call."""
_SAMPLING = 8
"""Every so manieth frame goes into the hash of a file, with every so manieth row and column."""
WEIGHTINGS = ('next', 'product', 'clean')

Half = NDArray[np.float16]


@dataclass(frozen=True)
class Taught:
    """A teacher's outputs for one pair, as fp16.

    Attributes:
        embedding: [256, h, w].
        taps: [T, C, h, w], or None where they were not asked for.
        weights: Token weights [3, T, h, w] in the order of WEIGHTINGS.
    """

    embedding: Half
    taps: Half | None
    weights: Half


@torch.no_grad()
def look(teacher: Teacher, frames: Tensor, contents: Tensor) -> dict[str, Tensor]:
    """Return what a teacher makes of B frames, as it is kept: float16 (see Taught).

    Args:
        teacher: On any device.
        frames: uint8 [B, H, W, 3].
        contents: Columns and rows that are not padding, int64 [B, 2].

    Raises:
        RecipeError: A value is too large for fp16.
    """
    device = next(teacher.network.parameters()).device
    outputs = teacher.look(
        teacher.normalise(frames.to(device)), teacher.valid(contents.to(device)))
    found = {
        'embedding': outputs.embedding.half(),
        'taps': torch.stack(outputs.taps, 1).half(),
        'weights': torch.stack(
            [torch.cat(outputs.weights[name], 1) for name in WEIGHTINGS], 1).half()}
    for name, tensor in found.items():
        if not torch.isfinite(tensor).all():
            raise RecipeError(f"the teacher's {name} exceed what fp16 holds")
    return found


@torch.no_grad()
def patch_tokens(teacher: Teacher, frames: Tensor, contents: Tensor) -> Tensor:
    """Return a teacher's tokens [B, h, w, C] before positions are added, of what `look` shows it.

    Args:
        teacher: On the device of the frames.
        frames: uint8 [B, H, W, 3].
        contents: Columns and rows that are not padding, int64 [B, 2].
    """
    images = teacher.normalise(frames)
    shown = F.interpolate(teacher.valid(contents).float(), images.shape[-2:], mode='nearest')
    return teacher.network.embed(images * shown)


def _digest(pair: Pair) -> bytes:
    sample = np.ascontiguousarray(pair.frame[::_SAMPLING, ::_SAMPLING])
    return hashlib.sha256(
        f'{pair.content}|{pair.frame.shape}'.encode() + sample.tobytes()).digest()


@lru_cache(maxsize=256)
def _mapped(path: Path) -> Half:
    mapped: Half = np.load(path, mmap_mode='r')
    return mapped


class TeacherCache:
    """Outputs of one teacher for views of the pairs of some folders."""

    def __init__(self, folder: Path, teacher: Teacher, taps: bool) -> None:
        """Open or begin a cache.

        Args:
            folder: Any number of teachers and runs may share it.
            teacher: Its fingerprint goes into the names of the files.
            taps: Whether taps are kept; without them the cache is several times smaller.
        """
        self._folder = folder
        self._teacher = teacher
        self._print = teacher.fingerprint
        self._kinds = ('embedding', 'weights', *(('taps',) if taps else ()))
        self._keys: dict[Path, dict[int, list[str]]] = {}

    def _path(self, key: str, kind: str) -> Path:
        return self._folder / self._print[:16] / f'{key}.{kind}.npy'

    def _key(self, store: PairStore, version: int, first: int) -> str:
        members = range(first, min(first + CHUNK, len(store)))
        found = hashlib.sha256(f'{self._print}|{version}'.encode())
        found.update('|'.join(store.names[k] for k in members).encode())
        for k in members[::_SAMPLING]:
            found.update(_digest(store[k]))
        if version:
            # a change of `views` itself shows in its first view
            found.update(_digest(views(store[first], version)))
        return found.hexdigest()[:32]

    def fill(self, stores: Sequence[PairStore], versions: int, rank: int = 0,
             world: int = 1) -> None:
        """Compute what is missing.

        Args:
            stores: Folders of pairs; all of their pairs are looked at.
            versions: Number of views of each pair.
            rank: This process; each fills its share of the files.
            world: Number of processes.

        Raises:
            RecipeError: See `look`.
        """
        unique = {s.folder: s for s in stores if len(self._keys.get(s.folder, ())) < versions}
        for folder, store in unique.items():
            self._keys[folder] = {
                v: [self._key(store, v, first) for first in range(0, len(store), CHUNK)]
                for v in range(versions)}
        jobs = [(store, v, k, key) for folder, store in unique.items()
                for v, keys in self._keys[folder].items() for k, key in enumerate(keys)]
        missing = [job for n, job in enumerate(jobs) if n % world == rank and any(
            not self._path(job[3], kind).exists() for kind in self._kinds)]
        with Progress(len(missing) * CHUNK, 'teacher', 'pairs', shown=rank == 0) as progress:
            for store, version, k, key in missing:
                self._write(store, version, k * CHUNK, key)
                progress.advance(CHUNK)

    def _write(self, store: PairStore, version: int, first: int, key: str) -> None:
        parts: dict[str, list[Half]] = {kind: [] for kind in self._kinds}
        last = min(first + CHUNK, len(store))
        for begin in range(first, last, _TOGETHER):
            pairs = [views(store[k], version)
                     for k in range(begin, min(begin + _TOGETHER, last))]
            arrays = {name: t.cpu().numpy() for name, t in look(
                self._teacher, torch.from_numpy(np.stack([p.frame for p in pairs])),
                torch.tensor([p.content for p in pairs])).items()}
            for kind in self._kinds:
                parts[kind].append(arrays[kind])
        for kind, found in parts.items():
            path = self._path(key, kind)
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f'{path.name}.part{os.getpid()}')
            with part.open('wb') as file:
                np.save(file, np.concatenate(found))
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)

    def read(self, store: PairStore, index: int, version: int) -> Taught:
        """Return what the teacher makes of a view of a pair; `fill` comes first."""
        key = self._keys[store.folder][version][index // CHUNK]
        row = index % CHUNK
        found: dict[str, Any] = {
            kind: _mapped(self._path(key, kind))[row] for kind in self._kinds}
        return Taught(found['embedding'], found.get('taps'), found['weights'])
