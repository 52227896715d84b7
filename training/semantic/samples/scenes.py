# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Simulated scenes of discs, boxes, triangles and stars, each class with a texture of its own."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np

from eventsam_ros.evaluation.datasets.pictures import repeated
from eventsam_ros.events.types import Float32, UInt8, Window
from eventsam_ros.simulation.capture import capture
from eventsam_ros.simulation.scene import Swing, random_layer, random_scene
from eventsam_ros.simulation.sensor import EventSensor
from eventsam_ros.simulation.shapes import distance_map
from eventsam_ros.simulation.textures import random_texture

from ..classes import SHAPES
from .course import Course, random_config, uniform
from .sample import EventSample
from .simulated import Simulated

_CANVAS = 256
_KINDS = len(SHAPES) - 1
_TEXTURES = 77
_HALF_SIDES = (0.12, 0.26)
"""Of the objects, in widths: a shape must be seen to be told."""


class Scenes(Simulated):
    """Simulated scenes."""

    def look(self, number: int) -> tuple[EventSample, Course]:
        """Return a scene at a random time, and what the sensor was shown."""
        choice = self.choice
        of = choice.sensor
        rng = np.random.default_rng([choice.seed, number, 7])
        aspect = of.height / of.width
        kinds = rng.integers(0, _KINDS, int(rng.integers(2, 6)))
        layers = tuple(
            replace(random_layer(rng, aspect, outline(int(k), rng), texture(int(k))),
                    half_side=Swing(uniform(rng, _HALF_SIDES))) for k in kinds)
        scene = random_scene(rng, of.width, of.height, layers=layers)
        sensor = EventSensor(of.width, of.height, random_config(rng, of), rng)
        start, step = rng.uniform(0, 20), choice.packet_ms * 1e-3
        instants = start + step * np.arange(-1, self.packets + 1, dtype=np.float64)
        # the first shows the sensor the scene, the second is the run-up
        moments = list(capture(scene, sensor, instants, max_steps=16))[2:]
        begin = moments[0].t_ns - round(step * 1e9)
        times = [begin, *(m.t_ns for m in moments)]
        packets = tuple(
            Window(m.events, times[k], times[k + 1], of.width, of.height)
            for k, m in enumerate(moments))
        lights = tuple(m.luminance for m in moments)
        course = Course(packets, lights)
        classes = np.zeros(len(layers) + 2, np.uint8)
        classes[1:len(layers) + 1] = kinds + 1
        return EventSample(
            f'scenes/{choice.seed}.{number}/0', packets, repeated(course.greys[-1]),
            np.asarray(classes[moments[-1].ids], np.uint8)), course


@cache
def texture(kind: int) -> Float32:
    """Return the texture of a class, the same in every scene; the ground has any."""
    return random_texture(np.random.default_rng([_TEXTURES, kind]))


def outline(kind: int, rng: np.random.Generator) -> Float32:
    """Return the outline of a class of SHAPES (0 is disc), stretched a little, as distances."""
    canvas: UInt8 = np.zeros((_CANVAS, _CANVAS), np.uint8)
    middle = _CANVAS / 2
    stretch = np.asarray([1.0, uniform(rng, (0.7, 1.0))]) * middle * 0.88
    if kind == 0:
        angles, radii = np.linspace(0, 2 * np.pi, 64, endpoint=False), np.ones(64)
    elif kind == 1:
        angles, radii = np.arange(4) * np.pi / 2 + np.pi / 4, np.ones(4)
    elif kind == 2:
        angles, radii = np.arange(3) * 2 * np.pi / 3 - np.pi / 2, np.ones(3)
    else:
        angles, radii = np.arange(10) * np.pi / 5, np.tile([1.0, 0.42], 5)
    points = np.stack([np.cos(angles), np.sin(angles)], 1) * radii[:, None] * stretch + middle
    cv2.fillPoly(canvas, [np.rint(points).astype(np.int32)], 255)
    return distance_map(canvas)
