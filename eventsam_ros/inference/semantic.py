# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Windows of events to class maps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import time

import numpy as np

from eventsam_ros.events.tensors import window_image
from eventsam_ros.events.types import Events, Float32, UInt8, Window

from .class_maps import STRIDE, Colours, class_map
from .class_votes import NO_CLASS
from .engines import EngineOptions
from .letterbox import Letterbox
from .semantic_bundle import SemanticBundle, SemanticManifest, open_network

STAGES = ('tensor', 'network', 'post')
"""Names in `SemanticSegmenter.timings`."""


def network_input(manifest: SemanticManifest, window: Window) -> tuple[Float32, Letterbox]:
    """Return what the graph takes, float32 [1, 3, H, W], and where the sensor lies in it."""
    letterbox = Letterbox(
        window.width, window.height, manifest.width, manifest.height, STRIDE)
    picture = window_image(window, manifest.representation, *letterbox.content)
    return letterbox.tensor(picture, manifest.mean, manifest.std), letterbox


@dataclass(frozen=True)
class ClassMap:
    """Classes of every pixel of a sensor.

    Attributes:
        labels: Values of the classes, or NO_CLASS, uint8 [height, width].
        names: Of the classes.
        colours: Of the classes, RGB.
    """

    labels: UInt8
    names: tuple[str, ...]
    colours: Colours

    def __len__(self) -> int:
        """Return how many classes there are in the picture."""
        return int(np.count_nonzero(np.bincount(self.labels.reshape(-1))[:len(self.names)]))


class SemanticSegmenter:
    """Runs a bundle of task `event_semantic`; for use from one thread.

    Attributes:
        bundle: What it runs.
        timings: Milliseconds that each of STAGES took in the last call; 0 where it did not run.
    """

    def __init__(
        self, bundle: SemanticBundle, engine: str = 'auto', threads: int | None = None,
        compiling: EngineOptions | None = None,
    ) -> None:
        """Load the graph of a bundle.

        Args:
            bundle: From `load_semantic_bundle`.
            engine: Back end, one of eventsam_ros.inference.engines.ENGINES.
            threads: Processor threads for one operator; None leaves it to the back end.
            compiling: Settings of back ends that compile graphs; None takes the defaults.

        Raises:
            BundleError: The graph does not fit its manifest.
            EngineError: The back end is unknown or missing, or cannot load the graph.
            ValueError: Less than one thread.
        """
        self.bundle = bundle
        self.timings = dict.fromkeys(STAGES, 0.0)
        self._network = open_network(bundle, engine, threads, compiling)

    @property
    def engine_description(self) -> str:
        """Return what the graph runs on, for people."""
        return self._network.description

    def answer(self, window: Window) -> ClassMap:
        """Return the classes of a window with their names; see segment."""
        manifest = self.bundle.manifest
        return ClassMap(self.segment(window), manifest.classes, manifest.colours)

    def segment(self, window: Window) -> UInt8:
        """Return the class of every pixel of the sensor, uint8 [height, width].

        A window without events is NO_CLASS throughout: nothing can be told from it.

        Raises:
            EngineError: The back end failed.
        """
        self.timings = dict.fromkeys(STAGES, 0.0)
        if not len(window):
            return np.full((window.height, window.width), NO_CLASS, np.uint8)
        with self._timed('tensor'):
            image, letterbox = network_input(self.bundle.manifest, window)
        with self._timed('network'):
            logits = self._network.run({'image': image})['logits']
        with self._timed('post'):
            return class_map(logits, letterbox)

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

    def close(self) -> None:
        """Free the graph."""
        self._network.close()

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.timings[stage] += (time.perf_counter() - start) * 1e3
