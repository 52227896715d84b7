# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What compiled engines of class maps and of sentences are asked before they may run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
import math

import cv2
import numpy as np

from eventsam_ros.events.types import Float32

from .engines.engine import Shape
from .gate import Engines, mask_fault
from .parity import Answer, Parity, compare

LEAST_AGREEMENT = 0.98
"""Share of places with the same class below which engines are refused."""
_PICTURES = 3
_COARSE = 12
"""Sides of the patches that made-up pictures vary over, in parts of the picture."""
_SEED = 2026


def _picture(rng: np.random.Generator, shape: tuple[int, ...]) -> Float32:
    """Return a normalised picture float32 [1, C, H, W]: soft patches and a little noise."""
    _, channels, height, width = shape
    coarse = rng.normal(size=(_COARSE, _COARSE, channels)).astype(np.float32)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    noisy = smooth.reshape(height, width, channels) + 0.2 * rng.normal(
        size=(height, width, channels))
    return np.ascontiguousarray(noisy.transpose(2, 0, 1)[None], np.float32)


def _inputs(shapes: Mapping[str, Shape], count: int) -> Iterator[dict[str, Float32]]:
    """Yield the same inputs every time; what is no picture says that all of them are there."""
    rng = np.random.default_rng(_SEED)
    for _ in range(count):
        sizes = {name: tuple(side or 1 for side in shape) for name, shape in shapes.items()}
        yield {name: _picture(rng, size) if len(size) == 4 else np.ones(size, np.float32)
               for name, size in sizes.items()}


class ClassTrial:
    """Classes of made-up pictures, place by place; see gate.Trial."""

    names = ('logits_max', 'agreement')

    def measure(self, found: Engines, reference: Engines) -> Mapping[str, float]:
        """Compare one graph."""
        (mine,), (right,) = found, reference
        differences, agreements = [], []
        for inputs in _inputs(right.inputs, _PICTURES):
            one, two = (engine.run(inputs)['logits'] for engine in (mine, right))
            differences.append(np.abs(one - two).max())
            agreements.append(np.mean(one.argmax(1) == two.argmax(1)))
        # np.max keeps what is not a number, max would not
        return {'logits_max': float(np.max(differences)), 'agreement': float(np.mean(agreements))}

    def fault(self, figures: Mapping[str, float]) -> str | None:
        """Refuse logits that are no numbers, and classes that differ."""
        if not math.isfinite(figures['logits_max']):
            return 'its logits are not finite'
        if figures['agreement'] < LEAST_AGREEMENT:
            return (f'{figures["agreement"]:.4f} of its classes are those of ONNX Runtime, and '
                    f'{LEAST_AGREEMENT} is required')
        return None


class SentenceTrial:
    """Masks of made-up pictures and sentences, with the track of a frame before; see gate.Trial.

    The graphs are encoder, text and decoder.
    """

    names = tuple(Parity.__dataclass_fields__)

    def __init__(self, ids: int) -> None:
        """Take how many different tokens there are."""
        self._ids = ids

    def measure(self, found: Engines, reference: Engines) -> Mapping[str, float]:
        """Compare the three graphs, one after the other."""
        return asdict(compare(self._answers(found), self._answers(reference)))

    def fault(self, figures: Mapping[str, float]) -> str | None:
        """Refuse embeddings that are no numbers, and masks that differ."""
        return mask_fault(Parity(**figures))

    def _answers(self, engines: Engines) -> list[Answer]:
        encoder, text, decoder = engines
        rng = np.random.default_rng(_SEED)
        found = []
        for pictures in _inputs(encoder.inputs, _PICTURES):
            length = text.inputs['ids'][1] or 1
            ids = rng.integers(0, self._ids, (1, length)).astype(np.float32)
            said = text.run({'ids': ids, 'mask': np.ones_like(ids)})
            given = {**encoder.run(pictures), **said, 'mask': np.ones_like(ids)}
            if 'track' in decoder.inputs:
                size = decoder.inputs['track'][1] or 1
                given |= {'track': np.zeros((1, size), np.float32),
                          'has_track': np.zeros(1, np.float32)}
            first = decoder.run(given)
            answers = [first]
            if 'next_track' in first:
                answers.append(decoder.run({
                    **given, 'track': first['next_track'],
                    'has_track': np.ones(1, np.float32)}))
            masks = np.concatenate([each['low_res_masks'][:, 0] > 0 for each in answers])
            found.append(Answer(given['embedding'], masks))
        return found
