# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Class probabilities of networks, and the evaluation's figures of class maps."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from eventsam_ros.evaluation.datasets.classes import ClassTable
from eventsam_ros.evaluation.metrics.semantic import Absent, confusion_matrix, semantic_scores
from eventsam_ros.events.types import Float32, Int64, UInt8

from ..data.pairs import Pair
from .batches import Look, PairList, Shown


def full_size(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """Return logits [B, C, h, w] at the size (rows, columns) of the input, interpolated."""
    return F.interpolate(logits.float(), size, mode='bilinear', align_corners=False)


class Predictor:
    """A network on single pairs."""

    def __init__(self, network: nn.Module, look: Look, shown: Shown) -> None:
        """Take a network.

        Args:
            network: In evaluation mode.
            look: How pairs become input.
            shown: What of them the network sees.
        """
        self._network, self._look, self._shown = network, look, shown

    @torch.no_grad()
    def __call__(self, pair: Pair) -> Float32:
        """Return logits at full size, float32 [C, H, W]."""
        device = next(self._network.parameters()).device
        picture = torch.from_numpy(self._look.tensor(pair, self._shown))[None].to(device)
        logits = full_size(self._network(picture), (picture.shape[2], picture.shape[3]))
        return np.asarray(logits[0].cpu().numpy(), np.float32)


def probabilities(logits: Float32) -> Float32:
    """Return the softmax over the first axis."""
    grown = np.exp(logits - logits.max(0, keepdims=True))
    return np.asarray(grown / grown.sum(0, keepdims=True), np.float32)


class Judge:
    """Counts what is predicted where what is."""

    def __init__(self, table: ClassTable, absent: Absent) -> None:
        """Begin with nothing."""
        self._table, self._absent = table, absent
        self.counts: Int64 = np.zeros((len(table), len(table) + 1), np.int64)

    def add(self, truth: UInt8, predicted: UInt8) -> None:
        """Count one class map."""
        self.counts += confusion_matrix(truth, predicted, len(self._table), self._table.ignore)

    def scores(self) -> dict[str, float]:
        """Return `miou`, `accuracy` and `iou_CLASS` of each class, 0 to 1 or NaN."""
        found = semantic_scores(self.counts, absent=self._absent)
        return {'miou': found.miou, 'accuracy': found.pixel_accuracy,
                **{f'iou_{name}': float(v) for name, v in zip(
                    self._table.names, found.class_iou, strict=True)}}


def score_network(
    network: nn.Module, store: PairList, look: Look, shown: Shown, table: ClassTable,
    absent: Absent,
) -> dict[str, float]:
    """Return a network's scores on a labelled set; see Judge.scores."""
    judge = Judge(table, absent)
    predict = Predictor(network, look, shown)
    for k in range(len(store)):
        pair = store[k]
        judge.add(pair.ids, np.asarray(predict(pair).argmax(0), np.uint8))
    return judge.scores()
