# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""From actors to a scene, to frames and events, and to what is true of the objects."""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events.tensors import REPRESENTATIONS, window_image
from eventsam_ros.events.types import Float32, UInt8, Window
from eventsam_ros.simulation.capture import capture
from eventsam_ros.simulation.coloured import COLOURS, LUMINANCE, ColouredScene, shape_outline
from eventsam_ros.simulation.motion import Path
from eventsam_ros.simulation.samples import random_sensor
from eventsam_ros.simulation.scene import Layer, Scene, Swing
from eventsam_ros.simulation.sensor import EventSensor
from eventsam_ros.simulation.textures import random_relief, random_texture
from eventsam_ros.simulation.thermal_cameras import ColourCamera, Light, colour_picture

from .actors import Actor

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ClipSettings:
    """What all clips of a folder share.

    Attributes:
        width: Columns, 32 to 1024.
        height: Rows, 32 to 1024.
        frames: Frames in a clip, 3 to 64.
        period_ms: Between two frames, 10 to 1000.
        window_ms: Length of the window of events that ends with a frame, 1 to period_ms.
        representation: Event representation (eventsam_ros.events.tensors).
    """

    width: int = 128
    height: int = 96
    frames: int = 6
    period_ms: float = 100.0
    window_ms: float = 50.0
    representation: str = 'robust'

    def __post_init__(self) -> None:
        """Refuse values outside their ranges.

        Raises:
            ValueError: One of them.
        """
        for name, value, low, high in (
            ('width', self.width, 32, 1024), ('height', self.height, 32, 1024),
            ('frames', self.frames, 3, 64), ('period_ms', self.period_ms, 10, 1000),
            ('window_ms', self.window_ms, 1, self.period_ms),
        ):
            if not low <= value <= high:
                raise ValueError(f'{name} must be {low} to {high}, but got {value}')
        if self.representation not in REPRESENTATIONS:
            raise ValueError(f'representation must be one of {", ".join(REPRESENTATIONS)}, but '
                             f'got {self.representation!r}')

    @property
    def instants(self) -> Array:
        """When the frames are taken, seconds, float64 [T]."""
        return np.asarray((np.arange(self.frames) + 1) * self.period_ms * 1e-3, np.float64)


@dataclass(frozen=True)
class _Paint:
    """What all objects of one look share, so that they cannot be told apart by it."""

    colour: Array
    relief: Float32
    repeats: float
    shade: tuple[float, float]


def _paint(colour: str, rng: np.random.Generator) -> _Paint:
    tint = rng.uniform(0.85, 1.15) * np.exp(rng.normal(0, 0.06, 3))
    return _Paint(
        np.clip(np.asarray(COLOURS[colour]) * tint, 0.01, 0.95),
        random_relief(rng, rng.uniform(0.15, 0.4)), rng.uniform(0.2, 0.5),
        (rng.uniform(-0.15, 0.15), rng.uniform(-0.15, 0.15)))


def _ground_level(colours: list[Array], rng: np.random.Generator) -> float:
    """Return the grey, of a few, that the objects stand out from most: else nothing fires."""
    levels = rng.uniform(0.07, 0.45, 4)
    seen = np.log(np.stack(colours) @ np.asarray(LUMINANCE) + 0.01)
    contrast = np.abs(seen[:, None] - np.log(levels + 0.01)).min(0)
    return float(levels[int(np.argmax(contrast))])


def stage_scene(
    cast: list[Actor], settings: ClipSettings, rng: np.random.Generator,
) -> ColouredScene:
    """Return the scene of a cast, front to back, before a grey ground under a moving camera."""
    period = settings.period_ms * 1e-3
    layers, colours = [], []
    paints = {(a.colour, a.shape): _paint(a.colour, rng) for a in cast}
    for actor in cast:
        paint = paints[actor.colour, actor.shape]
        times = tuple((k + 1) * period for k in actor.keys)
        ends = (0.0, (settings.frames + 1) * period)
        sizes = tuple(np.arange(settings.frames + 2) - 1.0)
        layers.append(Layer(
            Path(times, tuple(x for x, _ in actor.places)),
            Path(times, tuple(y for _, y in actor.places)),
            Path(ends, (actor.angle - actor.spin, actor.angle + settings.frames * actor.spin)),
            Path(tuple((k + 1) * period for k in sizes),
                 tuple(actor.half * math.exp(k * actor.growth) for k in sizes)),
            1.0, shape_outline(actor.shape), paint.relief, paint.repeats, 1.0, paint.shade))
        colours.append(paint.colour)
    ground = random_texture(rng)
    aspect = settings.height / settings.width
    layers.append(Layer(
        Swing(0.5), Swing(0.5 * aspect), Swing(rng.uniform(-np.pi, np.pi)), Swing(0.5), 1.0,
        layers[0].outline, ground / max(float(ground.mean()), 1e-3), rng.uniform(0.5, 1.2), 1.0,
        (0.0, 0.0)))
    colours.append(_ground_level(colours, rng) * np.exp(rng.normal(0, 0.05, 3)))

    def sway(amplitude: float, speed: float) -> Swing:
        return Swing(0.0, 0.0, amplitude, rng.uniform(0.3, 1) * speed / amplitude,
                     rng.uniform(0, 2 * np.pi))
    scene = Scene(
        settings.width, settings.height, tuple(layers), pan=sway(0.015, 0.08),
        tilt=sway(0.015, 0.08), roll=sway(0.01, 0.05), zoom=Swing(1.0), light=Swing(1.0))
    return ColouredScene.of(scene, np.asarray(colours, np.float32))


def film(
    staged: ColouredScene, settings: ClipSettings, rng: np.random.Generator,
) -> tuple[UInt8, UInt8]:
    """Return frames and pictures of events, uint8 [T, H, W, 3] each."""
    scene, window_s = staged.scene, settings.window_ms * 1e-3
    camera, light = ColourCamera(blur=rng.uniform(0.2, 0.5)), Light(rng.uniform(0.5, 1.2))
    sensor = EventSensor(scene.width, scene.height, random_sensor(rng), rng)
    ends = settings.instants
    # the first instant lets the pixels settle, as in a running sensor
    stops = np.unique(np.concatenate([ends[:1] - 1.2 * window_s, ends - window_s, ends]))
    # where windows follow without a gap, an end and the next begin are a rounding error apart
    stops = stops[np.unique(np.round(stops * 1e9), return_index=True)[1]]
    wanted = {round(t * 1e9): t for t in ends}
    frames, pictures = [], []
    before = 0
    for moment in capture(scene, sensor, stops, max_steps=24):
        if moment.t_ns in wanted:
            window = Window(moment.events, before, moment.t_ns, scene.width, scene.height)
            pictures.append(window_image(
                window, settings.representation, scene.width, scene.height))
            frames.append(colour_picture(
                staged.reflectance(wanted[moment.t_ns]), light, camera, rng))
        before = moment.t_ns
    return np.stack(frames), np.stack(pictures)
