# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Clips on disk: shards of raw arrays, each with a text file of its sentences.

A shard is uint8 [N, T, H, W, 7] (frame, picture of events, ids); it is renamed into place last,
so that a shard which is there is whole, and a rerun writes what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
import json
from pathlib import Path
from typing import Any

import numpy as np

from eventsam_ros.events.types import UInt8

from ...data.shards import write_whole
from ...errors import RecipeError
from .clip import Clip, Sentence
from .filming import ClipSettings
from .making import make_clip
from .scenarios import SCENARIOS
from .splits import pairs_of

SHARD = 50
"""Clips in a shard."""
_SETTINGS = 'settings.json'


def write_clips(
    folder: Path, split: str, count: int, *, seed: int = 0,
    scenarios: Sequence[str] = tuple(SCENARIOS), settings: ClipSettings | None = None,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Simulate the clips of a split; the scenarios take turns.

    Args:
        folder: Created where it is missing; other splits of the same settings may be there.
        split: One of splits.SPLITS.
        count: Clips; asking for more later goes on where this ends.
        seed: Of the first clip, the next is that of the second.
        scenarios: Of scenarios.SCENARIOS.
        settings: Size, length and timing; the defaults where None.
        progress: Called with the number of clips done.

    Raises:
        RecipeError: The folder holds clips made otherwise.
        ValueError: Unknown split or scenario.
    """
    settings = settings or ClipSettings()
    # before anything is written down: what was meant instead could not be put there any more
    pairs_of(split)
    if unknown := sorted(set(scenarios) - set(SCENARIOS)):
        raise ValueError(
            f'scenario must be one of {", ".join(SCENARIOS)}, but got {unknown[0]!r}')
    folder.mkdir(parents=True, exist_ok=True)
    _agree(folder, split, settings, {'seed': seed, 'scenarios': list(scenarios)})
    for start in range(0, count, SHARD):
        wanted = min(SHARD, count - start)
        path = folder / f'{split}_{start // SHARD:04d}.npy'
        if not (path.exists() and len(_read_texts(path)) >= wanted):
            clips = []
            for k in range(start, start + wanted):
                clips.append(make_clip(seed + k, split, scenarios[k % len(scenarios)], settings))
                if progress is not None:
                    progress(k + 1)
            _write(path, clips)
        if progress is not None:
            progress(start + wanted)


def _agree(folder: Path, split: str, settings: ClipSettings, made: dict[str, Any]) -> None:
    """Write how clips are made, or check that it is as before."""
    path = folder / _SETTINGS
    splits: dict[str, Any] = {}
    if path.exists():
        present, splits = _read_settings(folder)
        if present != settings:
            raise RecipeError(
                f'{folder} holds clips of {present}, not of {settings}: choose another folder')
    if splits.get(split, made) != made:
        raise RecipeError(f'{folder} holds clips of {split} made with {splits[split]}, not with '
                          f'{made}: choose another folder')
    text = json.dumps({'settings': asdict(settings), 'splits': {**splits, split: made}}, indent=1)
    write_whole(path, lambda file: file.write(text.encode()))


def _read_settings(folder: Path) -> tuple[ClipSettings, dict[str, Any]]:
    try:
        content = json.loads((folder / _SETTINGS).read_text())
        return ClipSettings(**content['settings']), dict(content['splits'])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecipeError(f'{folder} has no {_SETTINGS} of clips that can be read') from error


def _write(path: Path, clips: Sequence[Clip]) -> None:
    first = clips[0].ids.shape
    data = np.empty((len(clips), *first, 7), np.uint8)
    texts = []
    for k, clip in enumerate(clips):
        assert clip.pictures is not None
        data[k, ..., :3], data[k, ..., 3:6], data[k, ..., 6] = clip.frames, clip.pictures, clip.ids
        texts.append({
            'name': clip.name, 'scenario': clip.scenario, 'looks': clip.looks,
            'sentences': [asdict(s) for s in clip.sentences]})
    path.unlink(missing_ok=True)  # never an array beside the texts of another
    write_whole(path.with_suffix('.json'), lambda file: file.write(json.dumps(texts).encode()))
    write_whole(path, lambda file: np.save(file, data))


def _read_texts(path: Path) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads(path.with_suffix('.json').read_text())
    except (OSError, ValueError) as error:
        raise RecipeError(f'{path.with_suffix(".json")} cannot be read: {error}') from error
    return found


class ClipStore:
    """Random access to the clips of a split, mapped from disk as they are asked for.

    Attributes:
        settings: What the clips share.
    """

    settings: ClipSettings

    def __init__(self, folder: Path, split: str) -> None:
        """Open the clips of a split.

        Raises:
            RecipeError: No clips of the split are there, or a shard cannot be read.
        """
        self.settings, _ = _read_settings(folder)
        self._places: list[tuple[UInt8, int, dict[str, Any]]] = []
        for path in sorted(folder.glob(f'{split}_*.npy')):
            try:
                data: UInt8 = np.load(path, mmap_mode='r')
            except (OSError, ValueError) as error:
                raise RecipeError(f'{path} cannot be read: {error}') from error
            self._places += [(data, k, text) for k, text in enumerate(_read_texts(path))]
        if not self._places:
            raise RecipeError(f'{folder} has no clips of {split}')

    def __len__(self) -> int:
        """Return the number of clips."""
        return len(self._places)

    def __getitem__(self, index: int) -> Clip:
        """Return a clip."""
        data, k, text = self._places[index]
        planes = np.asarray(data[k])
        return Clip(
            planes[..., :3], planes[..., 3:6], planes[..., 6],
            tuple(_sentence(s) for s in text['sentences']), text['name'], text['scenario'],
            tuple(text['looks']))

    def sentences(self, index: int) -> tuple[Sentence, ...]:
        """Return the sentences of a clip without reading its pictures."""
        return tuple(_sentence(s) for s in self._places[index][2]['sentences'])


def _sentence(content: dict[str, Any]) -> Sentence:
    return Sentence(content['text'], content['object_id'], tuple(content['attributes']))
