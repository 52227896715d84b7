# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Bundles of task `event_semantic`: what their `bundle.yaml` says, and their one graph."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from eventsam_ros.events.sum_words import BINS
from eventsam_ros.events.tensors import REPRESENTATIONS

from .class_bundle import ClassBundle, ClassManifest, Shapes, class_fields, load_checked
from .manifest import read_top

TASK = 'event_semantic'


@dataclass(frozen=True, kw_only=True)
class SemanticManifest(ClassManifest):
    """What `bundle.yaml` says beside what all of class maps say.

    Attributes:
        representation: Event picture, one of eventsam_ros.events.tensors.REPRESENTATIONS.
        window_ms: Length of the windows it was trained on, milliseconds.
        mean: Grey level (0 to 255) that is subtracted, one a channel.
        std: Grey levels that the rest is divided by, one a channel.
    """

    representation: str
    window_ms: float
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def graph_shapes(self) -> tuple[Shapes, Shapes]:
        """Return the inputs and outputs, by name, that the graph must have."""
        return {'image': (1, 3, self.height, self.width)}, {'logits': self.logits_shape}


class SemanticBundle(ClassBundle[SemanticManifest]):
    """A bundle whose manifest and file have been checked."""


def read_semantic_manifest(path: Path) -> SemanticManifest:
    """Read and check the `bundle.yaml` of a bundle of this task.

    Raises:
        BundleError: It cannot be read, is for another task or format version, or a value does
            not fit.
    """
    top = read_top(path, TASK)
    representation, picture = top.section('representation'), top.section('input')
    if (bins := representation.whole('bins')) != BINS:
        raise representation.error(f'representation.bins must be {BINS}', bins)
    return SemanticManifest(
        representation=representation.text('name', REPRESENTATIONS),
        window_ms=top.section('window').positive('duration_ms'),
        mean=picture.levels('mean'), std=picture.levels('std', above_zero=True),
        **class_fields(top))


def load_semantic_bundle(path: Path | str) -> SemanticBundle:
    """Read a bundle of this task and check that it is whole.

    Args:
        path: The folder, or its `bundle.yaml`.

    Raises:
        BundleError: Something is missing, altered, for another task or made for another release;
            the sentence says what, and what to do.
    """
    return SemanticBundle(*load_checked(path, read_semantic_manifest))
