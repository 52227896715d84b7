# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Windows of events to class maps."""

from __future__ import annotations

import numpy as np

from eventsam_ros.events.tensors import window_image
from eventsam_ros.events.types import Events, Float32, UInt8, Window

from .class_bundle import STRIDE
from .class_maps import STAGES, ClassMap, ClassSegmenter, class_map
from .class_votes import NO_CLASS
from .letterbox import Letterbox
from .semantic_bundle import SemanticBundle, SemanticManifest


def network_input(manifest: SemanticManifest, window: Window) -> tuple[Float32, Letterbox]:
    """Return what the graph takes, float32 [1, 3, H, W], and where the sensor lies in it."""
    letterbox = Letterbox(
        window.width, window.height, manifest.width, manifest.height, STRIDE)
    picture = window_image(window, manifest.representation, *letterbox.content)
    return letterbox.tensor(picture, manifest.mean, manifest.std), letterbox


class SemanticSegmenter(ClassSegmenter[SemanticBundle]):
    """Runs a bundle of task `event_semantic`; for use from one thread; see ClassSegmenter."""

    def answer(self, window: Window) -> ClassMap:
        """Return the classes of a window with their names; see segment."""
        return self.named(self.segment(window))

    def segment(self, window: Window) -> UInt8:
        """Return the class of every pixel of the sensor, uint8 [height, width].

        A window without events is NO_CLASS throughout: nothing can be told from it.

        Raises:
            EngineError: The back end failed.
        """
        self.timings = dict.fromkeys(STAGES, 0.0)
        if not len(window):
            return np.full((window.height, window.width), NO_CLASS, np.uint8)
        return self._run(lambda: self._prepared(window), class_map)

    def warm_up(self, width: int, height: int) -> None:
        """Segment a made-up window once, so that the first real one is fast.

        Args:
            width: Sensor columns.
            height: Sensor rows.
        """
        events = Events(
            np.zeros(1, np.uint16), np.zeros(1, np.uint16), np.ones(1, np.uint8),
            np.zeros(1, np.int64))
        self.segment(Window(events, 0, 50_000_000, width, height))

    def _prepared(self, window: Window) -> tuple[dict[str, Float32], Letterbox]:
        image, letterbox = network_input(self.bundle.manifest, window)
        return {'image': image}, letterbox
