# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Colour and thermal pictures to class maps, with both cameras or with one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import time

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events.types import Float32, UInt8

from .class_maps import STRIDE, class_map, open_graph
from .engines import EngineOptions
from .letterbox import Letterbox
from .rgbt_bundle import RgbtBundle, RgbtManifest, graph_shapes
from .rgbt_input import colour_input, thermal_input

STAGES = ('tensor', 'network', 'post')
"""Names in `RgbtSegmenter.timings`."""
BOTH, RGB_ONLY, THERMAL_ONLY = 'both', 'rgb_only', 'thermal_only'
SIGHTS = (BOTH, RGB_ONLY, THERMAL_ONLY)
"""What a class map was made from."""
Thermal = NDArray[np.uint8] | NDArray[np.uint16]


def sight_of(rgb: object, thermal: object) -> str:
    """Return which of SIGHTS two pictures make, either of which may be None.

    Raises:
        ValueError: Both are None.
    """
    if rgb is None and thermal is None:
        raise ValueError('a class map needs a colour picture, a thermal picture, or both')
    if rgb is None:
        return THERMAL_ONLY
    return RGB_ONLY if thermal is None else BOTH


def network_inputs(
    manifest: RgbtManifest, rgb: UInt8 | None, thermal: Thermal | None,
) -> tuple[dict[str, Float32], Letterbox]:
    """Return what the graph takes, and where the pictures lie in it.

    Args:
        manifest: For size and normalisation.
        rgb: uint8 [H, W, 3], or None.
        thermal: uint8 or uint16 [h, w], or None. The pictures are registered: they show the same
            view, whatever their number of pixels.

    Raises:
        ValueError: Not such pictures, none at all, or their sides have other proportions.
    """
    sight_of(rgb, thermal)
    if rgb is not None and (rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8):
        raise ValueError('a colour picture must be [height, width, 3] of uint8, but got '
                         f'{list(rgb.shape)} of {rgb.dtype}')
    boxes = [Letterbox(p.shape[1], p.shape[0], manifest.width, manifest.height, STRIDE)
             for p in (rgb, thermal) if p is not None]
    if len({box.cells for box in boxes}) > 1:
        one, two = boxes
        raise ValueError(
            f'registered pictures have the same proportions, but the colour picture is '
            f'{one.width}x{one.height} and the thermal one {two.width}x{two.height}')
    nothing = np.zeros((1, 3, manifest.height, manifest.width), np.float32)
    present = np.asarray([[rgb is not None, thermal is not None]], np.float32)
    inputs: dict[str, Float32] = {'rgb': nothing, 'thermal': nothing, 'present': present}
    if rgb is not None:
        inputs['rgb'] = boxes[0].tensor(
            colour_input(rgb, boxes[0]), manifest.rgb_mean, manifest.rgb_std, 'zero')
    if thermal is not None:
        inputs['thermal'] = boxes[-1].tensor(
            thermal_input(thermal, boxes[-1]), manifest.thermal_mean, manifest.thermal_std,
            'zero')
    return inputs, boxes[0]


class RgbtSegmenter:
    """Runs a bundle of task `rgbt_semantic`; for use from one thread.

    Attributes:
        bundle: What it runs.
        timings: Milliseconds that each of STAGES took in the last call.
        sight: What the last class map was made from, one of SIGHTS.
    """

    def __init__(
        self, bundle: RgbtBundle, engine: str = 'auto', threads: int | None = None,
        compiling: EngineOptions | None = None,
    ) -> None:
        """Load the graph of a bundle.

        Args:
            bundle: From `load_rgbt_bundle`.
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
        self.sight = BOTH
        self._network = open_graph(
            bundle.network_path, *graph_shapes(bundle.manifest), engine, threads, compiling)

    @property
    def engine(self) -> str:
        """Return what the graph runs on."""
        return self._network.description

    def segment(self, rgb: UInt8 | None, thermal: Thermal | None) -> UInt8:
        """Return the class of every pixel.

        Args:
            rgb: Colour picture, uint8 [H, W, 3], or None where it is missing.
            thermal: Registered thermal picture, uint8 or uint16 [h, w], or None.

        Returns:
            Values of the manifest's classes, uint8, in the pixels of the colour picture, or of
            the thermal one where it is alone.

        Raises:
            EngineError: The back end failed.
            ValueError: Not such pictures, none at all, or of other proportions.
        """
        self.timings = dict.fromkeys(STAGES, 0.0)
        self.sight = sight_of(rgb, thermal)
        with self._timed('tensor'):
            inputs, letterbox = network_inputs(self.bundle.manifest, rgb, thermal)
        with self._timed('network'):
            logits = self._network.run(inputs)['logits']
        with self._timed('post'):
            return class_map(logits, letterbox)

    def warm_up(self) -> None:
        """Segment blank pictures once, so that the first real ones are fast."""
        size = (self.bundle.manifest.height, self.bundle.manifest.width)
        self.segment(np.zeros((*size, 3), np.uint8), np.zeros(size, np.uint8))

    def close(self) -> None:
        """Free the graph."""
        self._network.close()

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.timings[stage] += (time.perf_counter() - start) * 1e3
