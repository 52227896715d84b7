# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Samples as pairs on disk: event picture, grey or reconstructed frame, classes in place of ids.

The folders are those of `training.data.shards`; padding and what is not labelled are 255.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets.pictures import repeated
from eventsam_ros.events.tensors import NO_EVENT, window_image
from eventsam_ros.events.types import UInt8
from eventsam_ros.inference.letterbox import Letterbox

from ..data.command import write_source
from ..data.pair import FRAME_PADDING, Pair, Settings, resized_frame, resized_ids
from ..data.pairs import PairsError, PairStore, prepare, write_pairs
from ..data.sources.source import SHARD
from ..distill.progress import Progress
from ..distill.students import as_plain
from ..errors import RecipeError
from .classes import IGNORE, TABLES
from .recipe import CmessRecipe, Reconstruction
from .reconstruct.learn import train_reconstruction
from .reconstruct.reconstructor import Reconstructor, open_reconstructor
from .samples.opening import open_samples
from .samples.sample import EventSample, Samples

SETS = ('source', 'target', 'test')
RECONSTRUCTION = 'reconstruction.pt'


@dataclass(frozen=True)
class SemanticPairs:
    """A set as a source of pairs (training.data.sources.source).

    Attributes:
        name: Of the set.
        samples: Where they come from.
        window_packets: The last so many packets are the event picture.
        said: What the pairs depend on.
        reconstruction: How the frame is made of the events; none takes the sample's own.
        trained: Checkpoint of the reconstruction.
    """

    name: str
    samples: Samples
    window_packets: int
    said: dict[str, Any]
    reconstruction: Reconstruction | None
    trained: Path

    @property
    def shards(self) -> int:
        """Return how many shards there are."""
        return -(-len(self.samples) // SHARD)

    def size(self, shard: int) -> int:
        """Return how many pairs a shard has."""
        return min(SHARD, len(self.samples) - shard * SHARD)

    def description(self) -> dict[str, Any]:
        """Return what the pairs depend on."""
        return self.said

    def pairs(self, shard: int, settings: Settings) -> Iterator[Pair]:
        """Make the pairs of a shard."""
        reconstructor = None
        if self.reconstruction is not None:
            reconstructor = open_reconstructor(self.reconstruction, self.trained)
        first = shard * SHARD
        for sample in self.samples.take(first, first + self.size(shard)):
            yield semantic_pair(sample, settings, self.window_packets, reconstructor)


def semantic_pair(
    sample: EventSample, settings: Settings, window_packets: int,
    reconstructor: Reconstructor | None,
) -> Pair:
    """Bring a sample to the network's scale, as inference does.

    Args:
        sample: With packets, or with an event picture.
        settings: Size and representation.
        window_packets: The last so many packets are the event picture.
        reconstructor: Makes the frame of all packets; None takes the sample's own frame.

    Raises:
        DatasetError: The sample shows nothing.
    """
    if sample.packets:
        size = sample.packets[0].width, sample.packets[0].height
    elif sample.picture is not None:
        size = sample.picture.shape[1], sample.picture.shape[0]
    else:
        raise DatasetError(f'{sample.name} has neither events nor an event picture')
    content = Letterbox(*size, settings.width, settings.height).content
    if sample.picture is not None:
        picture = resized_frame(sample.picture, content)
    else:
        picture = window_image(sample.window(window_packets), settings.representation, *content)
    frame: UInt8 | None = None
    if reconstructor is not None and sample.packets:
        frame = repeated(reconstructor.picture(sample.packets, *content))
    elif sample.frame is not None:
        frame = resized_frame(sample.frame, content)
    labels = None if sample.labels is None else resized_ids(sample.labels, content)
    columns, rows = content
    pair = Pair(
        np.full((settings.height, settings.width, 3), NO_EVENT, np.uint8),
        np.full((settings.height, settings.width, 3), FRAME_PADDING, np.uint8),
        np.full((settings.height, settings.width), IGNORE, np.uint8), content, sample.name)
    pair.picture[:rows, :columns] = picture
    if frame is not None:
        pair.frame[:rows, :columns] = frame
    if labels is not None:
        pair.ids[:rows, :columns] = labels
    return pair


def write_sets(recipe: CmessRecipe, folder: Path, jobs: int = 1) -> None:
    """Write the pairs of all sets that are missing, and train the reconstruction before.

    Args:
        recipe: What to write.
        folder: Receives a folder for each of SETS and reconstruction.pt.
        jobs: Processes.

    Raises:
        RecipeError: A set cannot be read, has no labels where they are needed, or shares pictures
            with another one.
    """
    opened = {name: open_samples(getattr(recipe, name), recipe.packets, recipe.classes)
              for name in SETS}
    trained = folder / RECONSTRUCTION
    if recipe.reconstruction.kind == 'recurrent':
        train_reconstruction(recipe, trained)
    for name, samples in opened.items():
        choice = None if name == 'source' else recipe.reconstruction
        said = as_plain({
            'set': asdict(getattr(recipe, name)), 'packets': recipe.packets,
            'window_packets': recipe.window_packets, 'classes': recipe.classes,
            'reconstruction': None if choice is None else asdict(choice),
            **samples.description()})
        source = SemanticPairs(name, samples, recipe.window_packets, said, choice, trained)
        settings = Settings(recipe.width, recipe.height, recipe.representation)
        try:
            _write(folder / name, source, settings, jobs)
        except (PairsError, DatasetError) as error:
            raise RecipeError(str(error)) from error
    check_sets(folder)


def _write(folder: Path, source: SemanticPairs, settings: Settings, jobs: int) -> None:
    """Write the shards that are missing; one process needs no other that imports torch anew."""
    if jobs > 1:
        write_source(folder, source, settings, jobs)
        return
    prepare(folder, settings, source.name, source.description())
    with Progress(len(source.samples), source.name, 'samples') as progress:
        for k in range(source.shards):
            write_pairs(folder, f'{source.name}_{k:05d}', source.pairs(k, settings), settings,
                        source.size(k))
            progress.advance(source.size(k))


def check_sets(folder: Path) -> None:
    """Check that nothing that is judged on is learnt from.

    Raises:
        RecipeError: A picture or recording is in two sets; one sentence names it.
    """
    groups = {name: {n.rpartition('/')[0] for n in open_set(folder, name).names}
              for name in SETS}
    for one, other in (('test', 'source'), ('test', 'target')):
        if both := sorted(groups[one] & groups[other]):
            raise RecipeError(f'{both[0]} is in {one} and in {other}: what is judged on must not '
                              'be learnt from')


def open_set(folder: Path, name: str) -> PairStore:
    """Return the pairs of a set.

    Raises:
        RecipeError: They have not been written.
    """
    try:
        store = PairStore(folder / name)
    except PairsError as error:
        raise RecipeError(f'{folder} has no pairs of the {name}: run `python -m training cmess '
                          'data RECIPE` first') from error
    if not len(store):
        raise RecipeError(f'{folder / name} is empty')
    return store


def labelled(store: PairStore, classes: str) -> None:
    """Check that a set has labels of a table, by its first and last pair.

    Raises:
        RecipeError: It has none, or other values.
    """
    for k in {0, len(store) - 1}:
        values = np.unique(store[k].ids)
        wrong = [int(v) for v in values if v >= len(TABLES[classes]) and v != IGNORE]
        if wrong or not len(values[values != IGNORE]):
            what = f'has the class {wrong[0]}' if wrong else 'has no labels'
            raise RecipeError(f'{store.names[k]} in {store.folder} {what}, but labels of '
                              f'{classes} are needed')
