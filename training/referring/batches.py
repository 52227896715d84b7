# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Batches of clips, a matter of seed, step and place alone, so that runs resume to the bit."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from eventsam_ros.events.tensors import NO_EVENT
from eventsam_ros.events.types import Bool, Int64, UInt8
from eventsam_ros.inference.letterbox import Letterbox
from eventsam_ros.inference.rgbt_input import fitted
from eventsam_ros.inference.words import Words

from ..distill.order import Order
from .clips.augment import augment
from .clips.clip import Clip, Sentence
from .recipe import ReferringRecipe


@dataclass(frozen=True)
class Batch:
    """B clips of T frames and S sentences each, of the input's size.

    Attributes:
        frames: uint8 [B, T, H, W, 3], RGB; None where only events are looked at.
        pictures: Of events, the same; None where only images are looked at.
        inside: What is no padding, bool [B, H, W].
        masks: Of the object of each sentence, bool [B, S, T, H, W].
        ids: Tokens of the sentences, int64 [B * S, L].
        words: 1 for a token, 0 for padding, float32 [B * S, L].
    """

    frames: Tensor | None
    pictures: Tensor | None
    inside: Tensor
    masks: Tensor
    ids: Tensor
    words: Tensor

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        moved: dict[str, Any] = {
            name: None if value is None else value.to(device, non_blocking=True)
            for name, value in ((f.name, getattr(self, f.name)) for f in fields(self))}
        return Batch(**moved)


class ClipSet(Protocol):
    """Clips by number."""

    def __len__(self) -> int:
        """Return how many there are."""

    def __getitem__(self, index: int) -> Clip:
        """Return a clip."""

    def sentences(self, index: int) -> tuple[Sentence, ...]:
        """Return its sentences without reading its pictures; of a public set, all of its video."""


def chosen_frames(
    count: int, wanted: int, stride: int, rng: np.random.Generator, from_first: float = 0.0,
) -> Int64:
    """Return the numbers of frames of a training clip, rising.

    Neighbours are 1 to `stride` frames apart, as far as the clip is long; of a clip that is
    shorter than what is wanted the last frame stands still, so that one picture is a clip of
    equal frames.

    Args:
        count: Frames that there are.
        wanted: Frames to choose.
        stride: Greatest step.
        rng: Source of chance.
        from_first: Probability that the first frame is the first of all.
    """
    steps = rng.integers(1, stride + 1, wanted - 1)
    places = np.concatenate([[0], np.cumsum(steps)])
    room = count - 1 - int(places[-1])
    first = room <= 0 or (from_first > 0 and rng.random() < from_first)
    start = 0 if first else int(rng.integers(0, room + 1))
    return np.asarray(np.minimum(start + places, count - 1), np.int64)


def chosen_sentences(clip: Clip, frames: Int64, count: int, rng: np.random.Generator) -> Int64:
    """Return the numbers of sentences, of different objects first.

    Objects that none of the frames shows come last: a clip without its object teaches little.

    Args:
        clip: With sentences.
        frames: That are shown.
        count: Sentences to choose; where there are fewer, some come twice.
        rng: Source of chance.
    """
    shown = set(np.unique(clip.ids[frames]).tolist())
    turns: dict[int, int] = {}
    ranked: list[tuple[bool, int, int, int]] = []
    for k in rng.permutation(len(clip.sentences)):
        target = clip.sentences[k].object_id
        turns[target] = turns.get(target, 0) + 1
        ranked.append((target not in shown, turns[target], len(ranked), int(k)))
    order = [entry[3] for entry in sorted(ranked)]
    return np.asarray([order[k % len(order)] for k in range(count)], np.int64)


def placed(
    stack: UInt8, letterbox: Letterbox, fill: int, nearest: bool = False,
) -> UInt8:
    """Return pictures [T, h, w] or [T, h, w, 3] as the vehicle has them: content at the top left.

    Args:
        stack: Pictures.
        letterbox: Where they go.
        fill: Level of the padding.
        nearest: Whether levels are ids, which have no mean.
    """
    columns, rows = letterbox.content
    out = np.full((len(stack), letterbox.in_height, letterbox.in_width, *stack.shape[3:]), fill,
                  np.uint8)
    for k, picture in enumerate(stack):
        if nearest:
            at = [((np.arange(new) + 0.5) * old / new).astype(np.int64)
                  for new, old in zip((rows, columns), picture.shape[:2], strict=True)]
            out[k, :rows, :columns] = picture[np.ix_(*at)]
        else:
            out[k, :rows, :columns] = fitted(np.ascontiguousarray(picture), columns, rows)
    return out


def inside_of(letterbox: Letterbox) -> Bool:
    """Return what of the input is no padding, bool [H, W]."""
    columns, rows = letterbox.content
    inside = np.zeros((letterbox.in_height, letterbox.in_width), np.bool_)
    inside[:rows, :columns] = True
    return inside


def encoded(sentences: list[str], words: Words) -> tuple[Tensor, Tensor]:
    """Return tokens int64 [N, L] and mask float32 [N, L] of sentences."""
    pairs = [words.encode(text) for text in sentences]
    ids = np.concatenate([pair[0] for pair in pairs])
    return torch.from_numpy(ids), torch.from_numpy(np.concatenate([pair[1] for pair in pairs]))


class BatchMaker:
    """Makes this process's share of each batch."""

    def __init__(
        self, recipe: ReferringRecipe, clips: ClipSet, words: Words, rank: int = 0,
        world: int = 1,
    ) -> None:
        """Take what batches are made of.

        Args:
            recipe: What is needed.
            clips: To train on.
            words: Tokenizer.
            rank: This process.
            world: Number of processes, a divisor of the recipe's batch.
        """
        self._recipe, self._clips, self._words = recipe, clips, words
        share = recipe.batch // world
        self._places = range(rank * share, (rank + 1) * share)
        self._order = Order(recipe.seed, len(clips), recipe.batch)

    def make(self, step: int) -> Batch:
        """Return this process's share of the batch of a step, counted from 0."""
        recipe = self._recipe
        looks = recipe.network.modalities
        frames, pictures, insides, masks, said = [], [], [], [], []
        for place in self._places:
            rng = np.random.default_rng([recipe.seed, step, place, 1])
            clip = self._clips[self._order.index(step, place)]
            which = chosen_frames(
                len(clip.ids), recipe.frames, recipe.stride, rng, recipe.from_first)
            numbers = chosen_sentences(clip, which, recipe.sentences, rng)
            clip = augment(cut(clip, which, numbers), recipe.augmentation, rng)
            rows, columns = clip.ids.shape[1:]
            box = Letterbox(columns, rows, recipe.width, recipe.height)
            insides.append(inside_of(box))
            if looks != 'events':
                frames.append(placed(clip.frames, box, 0))
            if looks != 'images':
                assert clip.pictures is not None
                pictures.append(placed(clip.pictures, box, NO_EVENT))
            ids = placed(clip.ids, box, 0, nearest=True)
            masks.append(np.stack([ids == s.object_id for s in clip.sentences]))
            said += [s.text for s in clip.sentences]
        tokens, there = encoded(said, self._words)
        return Batch(
            torch.from_numpy(np.stack(frames)) if frames else None,
            torch.from_numpy(np.stack(pictures)) if pictures else None,
            torch.from_numpy(np.stack(insides)), torch.from_numpy(np.stack(masks)), tokens, there)


def cut(clip: Clip, frames: Int64, sentences: Int64) -> Clip:
    """Return some frames and some sentences of a clip."""
    return Clip(
        clip.frames[frames], None if clip.pictures is None else clip.pictures[frames],
        clip.ids[frames], tuple(clip.sentences[int(k)] for k in sentences), clip.name,
        clip.scenario, clip.looks)
