# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Simulated streets that a camera drives through: near things pass faster than far ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
import math

import numpy as np

from eventsam_ros.evaluation.datasets.pictures import repeated
from eventsam_ros.events.types import Float32, UInt8
from eventsam_ros.simulation.panorama import pinhole_ways, seen
from eventsam_ros.simulation.panorama_town import CLEAR, random_street

from ...errors import RecipeError
from ..classes import street_merge
from ..sets import SetChoice
from .course import Course, uniform, watch
from .sample import EventSample
from .simulated import Simulated

_LUMINANCE = np.asarray([0.2126, 0.7152, 0.0722], np.float32)
_EXPOSURE = 0.25
"""Mean luminance of the last picture by day."""


@dataclass(frozen=True)
class Streets(Simulated):
    """Simulated streets.

    Attributes:
        merge: Class of each class that a street has, uint8 [256].
    """

    merge: UInt8

    def look(self, number: int) -> tuple[EventSample, Course]:
        """Return a street at the end of a way through it, and what the sensor was shown."""
        choice = self.choice
        sensor, drive = choice.sensor, choice.drive
        rng = np.random.default_rng([choice.seed, number, 61])
        street, x = random_street(rng)
        focal = sensor.width / 2 / math.tan(math.radians(uniform(rng, drive.field)) / 2)
        height = uniform(rng, drive.height)
        step = uniform(rng, drive.speed) * choice.packet_ms * 1e-3
        turn = math.radians(uniform(rng, drive.turn)) * choice.packet_ms * 1e-3
        turn *= rng.choice((-1, 1))
        pitch = rng.normal(math.radians(-2), math.radians(1))
        aside = math.radians(rng.uniform(-drive.aside, drive.aside))

        def look(t: float) -> tuple[Float32, UInt8]:
            left = t - self.packets

            def ways(dx: float, dy: float) -> Float32:
                return pinhole_ways(
                    sensor.width, sensor.height, focal, pitch, aside + left * turn, dx, dy)
            shown, labels, _ = seen(street, (x, left * step, height), ways, 1 / focal)
            return np.asarray(shown @ _LUMINANCE, np.float32), labels

        last, labels = look(float(self.packets))
        gain = np.float32(_EXPOSURE / max(float(last.mean()), 1e-6))

        @lru_cache(maxsize=1)   # the end of each packet is asked for twice
        def light(t: float) -> Float32:
            return np.asarray(look(t)[0] * gain, np.float32)

        course = watch(light, sensor, self.packets, round(choice.packet_ms * 1e6),
                       _path(step, turn, focal, height, sensor.height), rng)
        return EventSample(
            f'streets/{choice.seed}.{number}/0', course.packets, repeated(course.greys[-1]),
            np.asarray(self.merge[labels], np.uint8)), course


def _path(step: float, turn: float, focal: float, height: float, rows: int) -> float:
    """Return the pixels that the ground moves by at the lower edge of the picture."""
    near = height * focal / (rows / 2)
    return focal * (step * height / near ** 2 + abs(turn))


def open_streets(choice: SetChoice, packets: int, table: str) -> Streets:
    """Open simulated streets.

    Args:
        choice: Of kind streets.
        packets: Packets of each.
        table: Of classes.

    Raises:
        RecipeError: The way is longer than the room that there is.
    """
    way = choice.drive.speed[1] * packets * choice.packet_ms * 1e-3
    if way > CLEAR:
        raise RecipeError(f'drive: speed leads {way:.1f} m through a street in {packets} packets, '
                          f'but at most {CLEAR:g} m are free: lower speed or packet_ms')
    return Streets(choice, packets, street_merge(table))
