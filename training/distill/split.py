# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Which pairs a run trains on and which it validates on; never one of the test set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
import hashlib
from pathlib import Path

import numpy as np

from eventsam_ros.events.types import Int64

from ..data.pairs import Pair, PairsError, PairStore, Settings
from ..errors import RecipeError
from .recipe import DistillRecipe


def sequence_of(name: str) -> str:
    """Return the scene, photo or recording that a pair comes from; its windows look alike."""
    return name.rpartition('/')[0] or name


def held_out(sequence: str, share: float) -> bool:
    """Whether a sequence belongs to the share that is held out; a matter of its name alone."""
    digest = hashlib.sha256(sequence.encode()).digest()
    return int.from_bytes(digest[:8], 'big') < share * 2 ** 64


def evenly(total: int, count: int) -> Int64:
    """Return at most `count` of the indices below `total`, evenly spread."""
    spread = np.linspace(0, total - 1, min(count, total)).round()
    return np.asarray(spread, np.int64)


@dataclass(frozen=True)
class PairSet:
    """Chosen pairs of some folders.

    Attributes:
        stores: The folders; the same one may be there twice.
        which: Store and index within it of each chosen pair, int64 [N, 2].
    """

    stores: tuple[PairStore, ...]
    which: Int64

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.which)

    def __getitem__(self, index: int) -> Pair:
        """Return a pair as stored."""
        store, row = self.place(index)
        return self.stores[store][row]

    def place(self, index: int) -> tuple[int, int]:
        """Return the store of a pair, and its index in it."""
        return int(self.which[index, 0]), int(self.which[index, 1])

    @property
    def settings(self) -> Settings:
        """What the pairs share."""
        return self.stores[0].settings

    @property
    def names(self) -> list[str]:
        """Name of each pair."""
        return [self.stores[s].names[k] for s, k in self.which.tolist()]

    @property
    def sequences(self) -> set[str]:
        """Where the pairs come from."""
        return {sequence_of(name) for name in self.names}

    def spread(self, count: int) -> PairSet:
        """Return at most `count` of the pairs, evenly over all."""
        return PairSet(self.stores, self.which[evenly(len(self), count)])


def _opened(folders: Iterable[Path]) -> tuple[PairStore, ...]:
    try:
        return tuple(PairStore(folder) for folder in folders)
    except PairsError as error:
        raise RecipeError(str(error)) from error


def _chosen(stores: Sequence[PairStore], share: float, held: bool) -> PairSet:
    which = [(s, k) for s, store in enumerate(stores) for k, name in enumerate(store.names)
             if held_out(sequence_of(name), share) == held]
    return PairSet(tuple(stores), np.asarray(which, np.int64).reshape(-1, 2))


def split(recipe: DistillRecipe) -> tuple[PairSet, PairSet]:
    """Return what a run trains on and what it validates on.

    Raises:
        RecipeError: A folder holds no pairs, the folders do not share size and representation, a
            set is empty, a sequence is in two of training, validation and test, or the pictures
            cannot be augmented.
    """
    stores = _opened(recipe.data)
    own = _opened(recipe.validation)
    representation = stores[0].settings.representation
    if recipe.augment and representation != 'robust':
        raise RecipeError(f'{stores[0].folder} holds pictures as {representation}, whose level of '
                          '"no event" moves, so that events cannot be changed: augment must be '
                          'false')
    for store in (*stores, *own):
        if store.settings != stores[0].settings:
            raise RecipeError(f'{store.folder} holds pairs of {store.settings}, but '
                              f'{stores[0].folder} of {stores[0].settings}')
    if own:
        training, validation = (_chosen(s, 0.0, False) for s in (stores, own))
    else:
        training, validation = (
            _chosen(stores, recipe.validation_share, held) for held in (False, True))
    if not len(training):
        raise RecipeError(f'there is nothing to train on in {recipe.data[0]}')
    if not len(validation):
        raise RecipeError('there is nothing to validate on: give validation a folder, or '
                          'validation_share a larger share')
    test = {sequence_of(n) for store in _opened(recipe.test) for n in store.names}
    seen = {'trained': training.sequences, 'validated': validation.sequences}
    for what, sequences in seen.items():
        if both := sorted(sequences & test):
            raise RecipeError(f'{both[0]} of the test set would be {what} on')
    if both := sorted(seen['trained'] & seen['validated']):
        raise RecipeError(f'{both[0]} would be trained on and validated on')
    return training, validation
