# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A clip: frames, pictures of events, masks, and sentences that name its objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
import re

import numpy as np

from eventsam_ros.events.types import UInt8

_MIRRORED = {'left': 'right', 'leftmost': 'rightmost', 'leftward': 'rightward',
             'leftwards': 'rightwards'}
_SWAP = {**_MIRRORED, **{right: left for left, right in _MIRRORED.items()}}
_SIDES = re.compile(rf'\b({"|".join(_SWAP)})\b', re.IGNORECASE)


@dataclass(frozen=True)
class Sentence:
    """What is said about one object of a clip.

    Attributes:
        text: The sentence, lower case.
        object_id: Value of the object in the clip's ids.
        attributes: What the sentence uses, like 'colour=red' or 'motion=left'; empty where that
            is not known.
    """

    text: str
    object_id: int
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Clip:
    """Some frames in a row; T of them.

    Attributes:
        frames: uint8 [T, H, W, 3], RGB.
        pictures: Windows of events that end with each frame, as the node's picture of them
            (events.tensors.window_image), uint8 [T, H, W, 3]; None where there are no events.
        ids: Objects, uint8 [T, H, W]: 0 background, 1 and up objects. What is hidden is not there.
        sentences: At least one.
        name: Unique in its set.
        scenario: What kind of clip it is.
        looks: Colour and shape of object 1, of object 2 and so on, like 'red circle'; empty where
            that is not known.
    """

    frames: UInt8
    pictures: UInt8 | None
    ids: UInt8
    sentences: tuple[Sentence, ...]
    name: str = ''
    scenario: str = ''
    looks: tuple[str, ...] = ()

    def only(self, indices: Sequence[int]) -> Clip:
        """Return the clip with some of its sentences."""
        return replace(self, sentences=tuple(self.sentences[k] for k in indices))


def swap_sides(text: str) -> str:
    """Swap left and right in a sentence, as whole words: bright and upright stay."""
    def other(match: re.Match[str]) -> str:
        word = match[0]
        found = _SWAP[word.lower()]
        return found.capitalize() if word[0].isupper() else found
    return _SIDES.sub(other, text)


def mirrored(clip: Clip) -> Clip:
    """Return the clip with left and right swapped, in what it shows and in what is said."""
    def flipped(stack: UInt8) -> UInt8:
        return np.ascontiguousarray(stack[:, :, ::-1])

    return replace(
        clip, frames=flipped(clip.frames),
        pictures=None if clip.pictures is None else flipped(clip.pictures),
        ids=flipped(clip.ids), sentences=tuple(
            Sentence(swap_sides(s.text), s.object_id, tuple(map(swap_sides, s.attributes)))
            for s in clip.sentences))
