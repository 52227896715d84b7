# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Bundles of task `panoramic`: what their `bundle.yaml` says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .class_bundle import STRIDE, ClassBundle, ClassManifest, Shapes, class_fields, load_checked
from .engines.engine import Shape
from .manifest import read_top

TASK = 'panoramic'


@dataclass(frozen=True, kw_only=True)
class PanoramicManifest(ClassManifest):
    """What `bundle.yaml` says beside what all of class maps say; the width is the whole circle.

    Attributes:
        wrap: Columns from beyond either edge that the network sees too, a multiple of STRIDE,
            at most the width; 0 lets it see an edge where there is none.
        mean: Grey level (0 to 255) that is subtracted from red, green and blue.
        std: Grey levels that the rest is divided by.
    """

    wrap: int
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def graph_shapes(self) -> tuple[Shapes, Shapes]:
        """Return the inputs and outputs, by name, that the graph must have."""
        return ({'image': (1, 3, self.height, self.width + 2 * self.wrap)},
                {'logits': self.logits_shape})

    @property
    def logits_shape(self) -> Shape:
        """Return the shape of the logits, those of what is wrapped around among them."""
        return (1, len(self.classes), self.height // STRIDE,
                (self.width + 2 * self.wrap) // STRIDE)


class PanoramicBundle(ClassBundle[PanoramicManifest]):
    """A bundle whose manifest and file have been checked."""


def read_panoramic_manifest(path: Path) -> PanoramicManifest:
    """Read and check the `bundle.yaml` of a bundle of this task.

    Raises:
        BundleError: It cannot be read, is for another task or format version, or a value does
            not fit.
    """
    top = read_top(path, TASK)
    picture, fields = top.section('input'), class_fields(top)
    wrap = picture.get('wrap')
    if not isinstance(wrap, int) or isinstance(wrap, bool) or wrap % STRIDE or not (
            0 <= wrap <= fields['width']):
        raise picture.error(
            f'input.wrap must be a multiple of {STRIDE} from 0 to the width', wrap)
    return PanoramicManifest(
        wrap=wrap, mean=picture.levels('mean'), std=picture.levels('std', above_zero=True),
        **fields)


def load_panoramic_bundle(path: Path | str) -> PanoramicBundle:
    """Read a bundle of this task and check that it is whole.

    Args:
        path: The folder, or its `bundle.yaml`.

    Raises:
        BundleError: Something is missing, altered, for another task or made for another release;
            the sentence says what, and what to do.
    """
    return PanoramicBundle(*load_checked(path, read_panoramic_manifest))
