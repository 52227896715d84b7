# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A picture under a moving camera, objects moving over it: frame, ids and events."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import cv2
import numpy as np

from eventsam_ros.events.types import Events, Float32, UInt8, Window
from eventsam_ros.simulation.sensor import EventSensor, SensorConfig

from .camera import Camera
from .movers import Mover
from .pair import MOST_IDS

Pixels = TypeVar('Pixels', UInt8, Float32)

_RUN_UP = 0.2
"""Run-up before a window as a share of it, so that pixels have settled."""
_LUMINANCE = np.asarray([0.2126, 0.7152, 0.0722], np.float32)
"""Of linear red, green and blue (ITU-R BT.709)."""
_LINEAR = ((np.arange(256) / 255.0) ** 2.2).astype(np.float32)
_MOST_STEPS = 48


def luminance(picture: UInt8) -> Float32:
    """Return the linear luminance of an RGB picture (gamma 2.2 undone), float32 [h, w]."""
    return np.asarray(_LINEAR[picture] @ _LUMINANCE, np.float32)


def warped(array: Pixels, camera: Camera, t: float, nearest: bool = False) -> Pixels:
    """Return what the camera sees at window time t; outside, the picture is mirrored."""
    method = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
    view: Pixels = cv2.warpPerspective(
        np.ascontiguousarray(array), camera.to_picture(t), (camera.width, camera.height),
        flags=method | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT)
    return view


@dataclass(frozen=True)
class View:
    """What a sensor is shown during a window.

    Attributes:
        picture: What lies behind, uint8 [h, w, 3] RGB.
        behind: Ids of the objects in it, uint8 [h, w], 0 background.
        camera: How it is looked at.
        movers: What moves over it, the last in front.
    """

    picture: UInt8
    behind: UInt8
    camera: Camera
    movers: tuple[Mover, ...] = ()

    def frame(self) -> UInt8:
        """Return the colours at the end of the window, uint8 [height, width, 3] RGB."""
        seen = warped(self.picture, self.camera, 1.0)
        for mover in self.movers:
            over = mover.onto(seen.astype(np.float32), mover.patch.astype(np.float32), 1.0)
            seen = np.rint(over).astype(np.uint8)
        return seen

    def ids(self) -> UInt8:
        """Return the ids at the end of the window, uint8 [height, width]."""
        seen: UInt8 = np.array(warped(self.behind, self.camera, 1.0, nearest=True))
        first = int(self.behind.max()) + 1
        for k, mover in enumerate(self.movers, first):
            seen[mover.mask(self.camera.width, self.camera.height)] = k if k <= MOST_IDS else 0
        return seen

    def light(self, t: float) -> Float32:
        """Return the luminance at window time t, float32 [height, width]."""
        seen = warped(self._light, self.camera, t)
        for mover, look in zip(self.movers, self._looks, strict=True):
            seen = mover.onto(seen, look, t)
        return seen

    @cached_property
    def _light(self) -> Float32:
        return luminance(self.picture)

    @cached_property
    def _looks(self) -> list[Float32]:
        return [luminance(mover.patch) for mover in self.movers]

    def window(self, config: SensorConfig, rng: np.random.Generator) -> Window:
        """Return the events that a sensor gives, over 20 to 80 ms.

        Args:
            config: Imperfections of the sensor.
            rng: Source of chance, for the sensor and the length of the window.
        """
        width, height = self.camera.width, self.camera.height
        span_ns = round(1e9 * float(np.exp(rng.uniform(np.log(0.02), np.log(0.08)))))
        sensor = EventSensor(width, height, config, rng)
        path = max([self.camera.path, *(mover.path for mover in self.movers)])
        steps = int(np.clip(np.ceil(path), 2, _MOST_STEPS))
        parts = [
            sensor.show(self.light(float(t)), span_ns + round(t * span_ns))
            for t in (-_RUN_UP, *np.linspace(0, 1, steps + 1))]
        # the first shows the sensor its picture, the second is the run-up
        return Window(Events.concatenate(parts[2:]), span_ns, 2 * span_ns, width, height)


def shrunk(view: View) -> View:
    """Bring a picture that is finer than the sensor down to it, so that it does not flicker."""
    camera, shape = view.camera, view.behind.shape
    factor = camera.width / float(np.linalg.norm(camera.corners[1] - camera.corners[0]))
    if factor >= 1:
        return view
    size = (max(round(shape[1] * factor), 2), max(round(shape[0] * factor), 2))
    scale = np.asarray(size) / np.asarray(shape[::-1])
    moved = Camera(
        camera.width, camera.height, (camera.corners + 0.5) * scale - 0.5, camera.shift * scale,
        camera.turn, camera.growth, camera.bend)
    return View(
        np.asarray(cv2.resize(view.picture, size, interpolation=cv2.INTER_AREA), np.uint8),
        np.asarray(cv2.resize(view.behind, size, interpolation=cv2.INTER_NEAREST_EXACT), np.uint8),
        moved, view.movers)
