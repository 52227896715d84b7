# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Stage 2: two predictions of each target sample, fused and masked, as PNG files.

Beside `labels/` (what stage 3 reads) stand `fused/` (the likeliest class of every pixel) and
`confidence/` (its probability, 255 is 1). Files that are there are kept, so that a rerun goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from eventsam_ros.evaluation.datasets.pictures import read_indices
from eventsam_ros.events.types import Float32, Int64, UInt8

from ..data.pairs import PairStore
from ..distill.progress import Progress
from ..errors import RecipeError
from ..kept import kept_for, put
from ..networks.segformer import SegFormer
from .batches import Look
from .classes import IGNORE
from .recipe import Fusion
from .score import Predictor, probabilities

_SUMMARY = 'summary.json'


def fused(of_source: Float32, of_target: Float32, given: Fusion) -> Float32:
    """Return P* of two predictions.

    Args:
        of_source: Logits of the network of pictures on the reconstruction, float32 [C, H, W].
        of_target: Logits of the network of events on the event picture.
        given: Weight, and of what.

    Returns:
        Probabilities, float32 [C, H, W].
    """
    weight = np.float32(given.weight)
    if given.of == 'logits':
        return probabilities(weight * of_source + (1 - weight) * of_target)
    return np.asarray(
        weight * probabilities(of_source) + (1 - weight) * probabilities(of_target), np.float32)


def thresholds(counts: Int64, given: Fusion) -> UInt8:
    """Return the least confidence that each class needs, uint8 [C].

    Args:
        counts: Pixels by class and confidence, int64 [C, 256].
        given: `threshold` holds for all; `share` keeps the surest pixels of each class.
    """
    least = np.full(len(counts), np.ceil(given.threshold * 255), np.int64)
    for k, of in enumerate(counts):
        # pixels with this confidence or more
        above = of[::-1].cumsum()[::-1]
        enough = np.flatnonzero(above >= given.share * of.sum())
        if given.share < 1 and of.sum():
            least[k] = max(least[k], int(enough[-1]))
    return least.astype(np.uint8)


class PseudoLabels:
    """The folder of stage 2."""

    def __init__(self, folder: Path) -> None:
        """Name the folder."""
        self.folder = folder

    def path(self, kind: str, name: str) -> Path:
        """Return the file of a sample: `labels`, `fused` or `confidence`."""
        return self.folder / kind / f'{name}.png'

    def read(self, kind: str, name: str) -> UInt8:
        """Return the picture of a sample, uint8 [H, W].

        Raises:
            DatasetError: It is not there.
        """
        return np.asarray(read_indices(self.path(kind, name)), np.uint8)

    def whole(self, names: list[str]) -> bool:
        """Return whether every sample has its label."""
        return (self.folder / _SUMMARY).exists() and all(
            self.path('labels', name).exists() for name in names)

    def make(
        self, images: SegFormer, events: SegFormer, target: PairStore, look: Look,
        given: Fusion, said: dict[str, Any],
    ) -> dict[str, Any]:
        """Write the pseudo-labels of a set, and a summary.

        Args:
            images: The network of pictures.
            events: The network of events.
            target: Samples; their own labels, if any, are not read.
            look: How they become input.
            given: How predictions are fused and masked.
            said: What the labels depend on.

        Returns:
            The summary: share of the pixels that are labelled, and of them by class; how often
            both networks say the same; least confidence by class.

        Raises:
            RecipeError: The folder holds labels of other networks or another fusion.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        kept_for(self.folder, said, 'pseudo-labels')
        predict = Predictor(images, look, 'images'), Predictor(events, look, 'events')
        agreement = self._fuse(predict, target, given)
        return self._mask(target.names, images.classes, given, agreement)

    def _fuse(
        self, predict: tuple[Predictor, Predictor], target: PairStore, given: Fusion,
    ) -> Path:
        """Write `fused` and `confidence`; return the file with agreement by sample."""
        file = self.folder / 'agreement.json'
        agreement = _agreement(file)
        with Progress(len(target), 'stage 2', 'samples') as progress:
            for k, name in enumerate(target.names):
                progress.advance()
                if name in agreement and self.path('confidence', name).exists():
                    continue
                pair = target[k]
                logits = [one(pair) for one in predict]
                found = fused(logits[0], logits[1], given)
                columns, rows = pair.content
                inside = (slice(0, rows), slice(0, columns))
                same = logits[0].argmax(0)[inside] == logits[1].argmax(0)[inside]
                agreement[name] = float(same.mean())
                best = np.full(pair.ids.shape, IGNORE, np.uint8)
                best[inside] = found.argmax(0)[inside]
                sure = np.zeros(pair.ids.shape, np.uint8)
                sure[inside] = np.floor(255 * found.max(0)[inside])
                _write(self.path('fused', name), best)
                _write(self.path('confidence', name), sure)
                # a run that is killed here must find the file whole
                put(file, json.dumps(agreement))
        return file

    def _mask(
        self, names: list[str], classes: int, given: Fusion, agreement: Path,
    ) -> dict[str, Any]:
        counts = np.zeros((classes, 256), np.int64)
        for best, sure in self._both(names):
            counts += _counts(best, sure, classes)
        least = thresholds(counts, given)
        kept = np.zeros(classes, np.int64)
        for name, (best, sure) in zip(names, self._both(names), strict=True):
            needed = np.append(least, np.uint8(0))[np.minimum(best, classes)]
            labels = np.where((best != IGNORE) & (sure >= needed), best, IGNORE).astype(np.uint8)
            kept += np.bincount(labels[labels != IGNORE], minlength=classes)
            _write(self.path('labels', name), labels)
        shares = json.loads(agreement.read_text())
        summary = {
            'samples': len(names), 'labelled': round(float(kept.sum() / max(counts.sum(), 1)), 4),
            'by_class': [round(float(v), 4) for v in kept / max(int(kept.sum()), 1)],
            'agreement': round(float(np.mean([shares[n] for n in names])), 4),
            'least_confidence': [round(float(v) / 255, 4) for v in least]}
        (self.folder / _SUMMARY).write_text(json.dumps(summary, indent=1))
        return summary

    def _both(self, names: list[str]) -> Iterator[tuple[UInt8, UInt8]]:
        for name in names:
            yield self.read('fused', name), self.read('confidence', name)


def _counts(best: UInt8, sure: UInt8, classes: int) -> Int64:
    """Return pixels by class and confidence, int64 [C, 256]."""
    inside = best != IGNORE
    joint = best[inside].astype(np.int64) * 256 + sure[inside]
    return np.bincount(joint, minlength=classes * 256).reshape(classes, 256)


def _agreement(file: Path) -> dict[str, float]:
    """Return agreement by sample; a file that was cut off is made anew with what it says."""
    try:
        return dict(json.loads(file.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return {}


def _write(path: Path, picture: UInt8) -> None:
    """Write a PNG that is whole once it is there.

    Raises:
        RecipeError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix('.part.png')
    if not cv2.imwrite(str(part), picture):
        raise RecipeError(f'{path} cannot be written')
    part.replace(path)
