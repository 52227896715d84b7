# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Clips of a recipe, and the words that are said about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import RecipeError
from .batches import ClipSet
from .clips.clip import Clip, Sentence
from .clips.public import open_public
from .clips.store import ClipStore
from .recipe import ReferringRecipe


def read_split(recipe: ReferringRecipe, split: str) -> ClipSet:
    """Return the clips of a split.

    Raises:
        RecipeError: They cannot be read, or were made otherwise than the recipe says.
    """
    data = recipe.data
    if data.format != 'shards':
        options: dict[str, Any] = dict(data.options)
        return open_public(data.path, data.format, split, longest=data.longest, **options)
    clips = ClipStore(data.path, split)
    made = clips.settings
    if recipe.network.modalities != 'images' and (
            made.representation != recipe.representation or made.window_ms != recipe.window_ms):
        raise RecipeError(
            f'{data.path} holds windows of {made.window_ms:g} ms as {made.representation}, but '
            f'the recipe says {recipe.window_ms:g} ms as {recipe.representation}')
    return clips


class Told:
    """Clips with some of their sentences; those that have none left are not there."""

    def __init__(self, clips: ClipSet, leave_out: Sequence[str]) -> None:
        """Choose.

        Args:
            clips: All of them.
            leave_out: Kinds of attributes whose sentences go.

        Raises:
            RecipeError: No sentence is left.
        """
        self._clips, self._out = clips, set(leave_out)
        self._kept = [k for k in range(len(clips)) if self._told(clips.sentences(k))]
        if not self._kept:
            raise RecipeError(f'no sentence is left without {", ".join(leave_out)}')

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._kept)

    def __getitem__(self, index: int) -> Clip:
        """Return a clip."""
        # of a public set it has fewer sentences than its video: those of what shows in it
        clip = self._clips[self._kept[index]]
        return clip.only(self._told(clip.sentences))

    def sentences(self, index: int) -> tuple[Sentence, ...]:
        """Return the sentences of a clip."""
        said = self._clips.sentences(self._kept[index])
        return tuple(said[n] for n in self._told(said))

    def _told(self, said: Sequence[Sentence]) -> list[int]:
        """Return the numbers of the sentences that stay."""
        return [n for n, sentence in enumerate(said)
                if not {a.partition('=')[0] for a in sentence.attributes} & self._out]


def all_sentences(clips: ClipSet) -> list[str]:
    """Return the text of every sentence."""
    return [s.text for k in range(len(clips)) for s in clips.sentences(k)]
