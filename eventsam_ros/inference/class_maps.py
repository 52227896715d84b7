# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What segmenters of class maps share, whatever they look at: one graph and its logits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
import time
from typing import Any, Generic, TypeVar

import cv2
import numpy as np

from eventsam_ros.events.types import Float32, UInt8

from .class_bundle import ClassBundle, Colours
from .engines import Engine, EngineOptions
from .graphs import Graph, open_graphs
from .letterbox import Letterbox
from .trials import ClassTrial

STAGES = ('tensor', 'network', 'post')
"""Names in `ClassSegmenter.timings`."""


@dataclass(frozen=True)
class ClassMap:
    """Classes of every pixel of a picture.

    Attributes:
        labels: Values of the classes, or class_votes.NO_CLASS, uint8 [height, width].
        names: Of the classes.
        colours: Of the classes, RGB.
    """

    labels: UInt8
    names: tuple[str, ...]
    colours: Colours

    def __len__(self) -> int:
        """Return how many classes there are in the picture."""
        return int(np.count_nonzero(np.bincount(self.labels.reshape(-1))[:len(self.names)]))


def open_network(
    bundle: ClassBundle[Any], engine: str = 'auto', threads: int | None = None,
    compiling: EngineOptions | None = None,
) -> Engine:
    """Load the graph of a bundle; arguments and errors as of `graphs.open_graphs`."""
    graph = Graph(bundle.network_path, *bundle.manifest.graph_shapes())
    network, = open_graphs(
        bundle.path, (graph,), ClassTrial(), engine, threads, compiling)
    return network


def class_map(logits: Float32, letterbox: Letterbox) -> UInt8:
    """Return the class of every pixel of the camera.

    Args:
        logits: float32 [1, C, h, w] at stride 4; interpolated linearly before the comparison. Of
            equal ones the lower class wins.
        letterbox: Where the picture lies in them.

    Returns:
        uint8 [height, width].
    """
    return best_classes(letterbox.cut(logits)[0], letterbox.width, letterbox.height)


def best_classes(logits: Float32, width: int, height: int) -> UInt8:
    """Return the class of every pixel, uint8 [height, width], of logits float32 [C, h, w].

    They are interpolated linearly before the comparison; of equal ones the lower class wins.
    """
    planes, size = np.ascontiguousarray(logits), (width, height)
    best = cv2.resize(planes[0], size, interpolation=cv2.INTER_LINEAR)
    found = np.zeros(best.shape, np.uint8)
    for k, plane in enumerate(planes[1:], 1):
        level = cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR)
        found[level > best] = k
        np.maximum(best, level, out=best)
    return found


Opened = TypeVar('Opened', bound=ClassBundle[Any])
_Place = TypeVar('_Place')


class ClassSegmenter(Generic[Opened]):
    """Runs a bundle of class maps; for use from one thread.

    Attributes:
        bundle: What it runs.
        timings: Milliseconds that each of STAGES took in the last call; 0 where it did not run.
    """

    def __init__(
        self, bundle: Opened, engine: str = 'auto', threads: int | None = None,
        compiling: EngineOptions | None = None,
    ) -> None:
        """Load the graph of a bundle.

        Args:
            bundle: A checked bundle.
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

    def close(self) -> None:
        """Free the graph."""
        self._network.close()

    def named(self, labels: UInt8) -> ClassMap:
        """Return a class map with the names and colours of its classes."""
        return ClassMap(labels, self.bundle.manifest.classes, self.bundle.manifest.colours)

    def _run(
        self, prepare: Callable[[], tuple[Mapping[str, Float32], _Place]],
        read: Callable[[Float32, _Place], UInt8],
    ) -> UInt8:
        """Return a class map, and the time of each stage in timings.

        Args:
            prepare: Makes what the graph takes, and says where the picture lies in it.
            read: Makes a class map of logits and that place.
        """
        with self._timed('tensor'):
            inputs, place = prepare()
        with self._timed('network'):
            logits = self._network.run(inputs)['logits']
        with self._timed('post'):
            return read(logits, place)

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.timings[stage] = (time.perf_counter() - start) * 1e3
