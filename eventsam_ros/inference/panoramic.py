# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Equirectangular panoramas to class maps whose left and right edges agree."""

from __future__ import annotations

import numpy as np

from eventsam_ros.events.types import Float32, UInt8

from .circle import Circle
from .class_maps import ClassMap, ClassSegmenter
from .panoramic_bundle import PanoramicBundle, PanoramicManifest


def network_input(manifest: PanoramicManifest, picture: UInt8) -> tuple[Float32, Circle]:
    """Return what the graph takes, and where the panorama lies in it.

    Args:
        manifest: For size, wrap and normalisation.
        picture: uint8 [H, W, 3] RGB, all around.

    Returns:
        float32 [1, 3, height, width + 2 wrap], and the place.

    Raises:
        ValueError: Not such a picture.
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise ValueError('a panorama must be [height, width, 3] of uint8, but got '
                         f'{list(picture.shape)} of {picture.dtype}')
    circle = Circle(picture.shape[1], picture.shape[0], manifest.width, manifest.height,
                    manifest.wrap)
    return circle.tensor(picture, manifest.mean, manifest.std), circle


class PanoramicSegmenter(ClassSegmenter[PanoramicBundle]):
    """Runs a bundle of task `panoramic`; for use from one thread; see ClassSegmenter."""

    def answer(self, picture: UInt8) -> ClassMap:
        """Return the classes of a panorama with their names; see segment."""
        return self.named(self.segment(picture))

    def segment(self, picture: UInt8) -> UInt8:
        """Return the class of every pixel, uint8 [H, W].

        Args:
            picture: uint8 [H, W, 3] RGB, columns all around, the horizon in the middle row.

        Returns:
            Values of the manifest's classes; class_votes.NO_CLASS in rows above and below what
            the network was made to see.

        Raises:
            EngineError: The back end failed.
            ValueError: Not such a picture.
        """
        return self._run(lambda: self._prepared(picture), lambda out, place: place.classes(out))

    def warm_up(self, width: int, height: int) -> None:
        """Segment a blank panorama once, so that the first real one is fast.

        Args:
            width: Panorama columns.
            height: Panorama rows.
        """
        self.segment(np.zeros((height, width, 3), np.uint8))

    def _prepared(self, picture: UInt8) -> tuple[dict[str, Float32], Circle]:
        image, circle = network_input(self.bundle.manifest, picture)
        return {'image': image}, circle
