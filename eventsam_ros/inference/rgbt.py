# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Colour and thermal pictures to class maps, with both cameras or with one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events.types import Float32, UInt8

from .class_bundle import STRIDE
from .class_maps import ClassSegmenter, class_map
from .letterbox import Letterbox
from .rgbt_bundle import RgbtBundle, RgbtManifest
from .rgbt_input import check_thermal, colour_input, thermal_input

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
    if thermal is not None:
        check_thermal(thermal)
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


class RgbtSegmenter(ClassSegmenter[RgbtBundle]):
    """Runs a bundle of task `rgbt_semantic`; for use from one thread.

    Attributes:
        sight: What the last class map was made from, one of SIGHTS; for more see ClassSegmenter.
    """

    sight = BOTH

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
        self.sight = sight_of(rgb, thermal)
        return self._run(
            lambda: network_inputs(self.bundle.manifest, rgb, thermal), class_map)

    def warm_up(self) -> None:
        """Segment blank pictures once, so that the first real ones are fast."""
        size = (self.bundle.manifest.height, self.bundle.manifest.width)
        self.segment(np.zeros((*size, 3), np.uint8), np.zeros(size, np.uint8))
