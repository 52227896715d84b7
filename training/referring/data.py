# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Clips of a recipe, and the words that are said about them."""

from __future__ import annotations

from typing import Any

from ..errors import RecipeError
from .batches import ClipSet
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


def all_sentences(clips: ClipSet) -> list[str]:
    """Return the text of every sentence."""
    return [s.text for k in range(len(clips)) for s in clips.sentences(k)]
