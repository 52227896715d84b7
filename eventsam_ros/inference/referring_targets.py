# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What is to be followed: named sentences, encoded once, and the track of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from eventsam_ros.events.types import Float32

from .prompts import LARGEST_ID
from .referring_bundle import CHANNELS
from .words import split_words


class Encoded(NamedTuple):
    """A sentence as the decoder takes it.

    Attributes:
        words: float32 [1, L, 256].
        mask: 1 for a token, 0 for padding, float32 [1, L].
        sentence: float32 [1, 256].
    """

    words: Float32
    mask: Float32
    sentence: Float32


@dataclass
class Target:
    """One thing to follow.

    Attributes:
        name: Of the target.
        sentence: What names it in the picture, its white space collapsed.
        id: 1 to 65534; stays while the target lives.
        encoded: The sentence.
        track: Track token float32 [256] that the next frame gets; None before the first.
    """

    name: str
    sentence: str
    id: int
    encoded: Encoded
    track: Float32 | None = None


class Targets:
    """All targets by name, in the order in which they were added."""

    def __init__(self, encode: Callable[[str], Encoded]) -> None:
        """Take what encodes a sentence; asked once a sentence."""
        self._encode = encode
        self._known: dict[str, Encoded] = {}
        self._targets: dict[str, Target] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._targets)

    @property
    def all(self) -> list[Target]:
        """Return the targets."""
        return list(self._targets.values())

    def add(self, name: str, sentence: str) -> None:
        """Follow what a sentence names; a new sentence under a known name resets its track.

        Raises:
            ValueError: No name, an empty sentence, or 65534 targets already.
        """
        said = ' '.join(sentence.split())
        if not name:
            raise ValueError('a target needs a name, but got an empty one')
        if not split_words(said):
            raise ValueError(f'the sentence of target {name} must have at least one word, but is '
                             f'{said!r}')
        known = self._targets.get(name)
        if known is not None and known.sentence == said:
            return
        taken = {target.id for target in self._targets.values()}
        number = known.id if known is not None else next(
            (i for i in range(1, LARGEST_ID + 1) if i not in taken), 0)
        if not number:
            raise ValueError(f'there can be {LARGEST_ID} targets at most')
        if said not in self._known:
            self._known[said] = self._encode(said)
        self._targets[name] = Target(name, said, number, self._known[said])
        self._forget_unused()

    def remove(self, name: str) -> bool:
        """Remove a target; tell whether it was there."""
        found = self._targets.pop(name, None) is not None
        self._forget_unused()
        return found

    def clear(self) -> int:
        """Remove all targets; return how many there were."""
        count = len(self._targets)
        self._targets.clear()
        self._known.clear()
        return count

    def reset(self, name: str | None = None) -> None:
        """Forget the track of a target, or of all; sentences stay.

        Raises:
            ValueError: There is no such target.
        """
        if name is not None and name not in self._targets:
            raise ValueError(f'there is no target {name}')
        for target in self._targets.values():
            if name in (None, target.name):
                target.track = None

    def _forget_unused(self) -> None:
        """Keep the words of living targets alone, so that memory does not grow with talk."""
        living = {target.sentence for target in self._targets.values()}
        self._known = {said: e for said, e in self._known.items() if said in living}


def decoder_inputs(targets: Sequence[Target], track: bool) -> dict[str, Float32]:
    """Return what the decoder takes of some targets besides the picture.

    Args:
        targets: At least one.
        track: Whether the decoder takes track tokens.
    """
    inputs = {key: np.concatenate([getattr(t.encoded, key) for t in targets])
              for key in Encoded._fields}
    if track:
        nothing = np.zeros(CHANNELS, np.float32)
        inputs['track'] = np.stack([
            nothing if t.track is None else t.track for t in targets])
        inputs['has_track'] = np.asarray([t.track is not None for t in targets], np.float32)
    return inputs
