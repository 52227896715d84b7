# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Which moments CMESS learns from and is judged on: pictures, cameras and their motion."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ..errors import RecipeError
from ..fields import ranged

Range = tuple[float, float]
SIMULATED = ('scenes', 'streets')
"""Kinds of sets that need no folder."""


@dataclass(frozen=True)
class SensorRange:
    """Event cameras to draw from, least and most (eventsam_ros.simulation.sensor).

    Attributes:
        width: Columns.
        height: Rows.
        threshold: Contrast that fires a pixel, 0.05 to 1.
        spread: Relative standard deviation of the threshold over pixels, 0 to 0.3.
        refractory_us: Dead time after an event, µs, 0 to 10000.
        noise_hz: Spurious events per pixel and second, 0 to 50.
        hot_pixels: Pixels that fire by themselves, 0 to 1000.
        hot_hz: Rate of each of them per second, 0 to 20000.
        dark_level: Luminance under which contrast fades, 0.0001 to 0.5.
        light: Brightness of the scene, 1 by day, 0.001 to 10.
    """

    width: int = ranged(16, 4096, default=346)
    height: int = ranged(16, 4096, default=260)
    threshold: tuple[float, float] = ranged(0.05, 1, default=(0.1, 0.4))
    spread: tuple[float, float] = ranged(0, 0.3, default=(0.0, 0.1))
    refractory_us: tuple[float, float] = ranged(0, 10_000, default=(100.0, 1000.0))
    noise_hz: tuple[float, float] = ranged(0, 50, default=(0.02, 2.0))
    hot_pixels: tuple[float, float] = ranged(0, 1000, default=(0.0, 5.0))
    hot_hz: tuple[float, float] = ranged(0, 20_000, default=(50.0, 1000.0))
    dark_level: tuple[float, float] = ranged(0.0001, 0.5, default=(0.005, 0.05))
    light: tuple[float, float] = ranged(0.001, 10, default=(1.0, 1.0))


@dataclass(frozen=True)
class MotionRange:
    """How a camera moves over a picture during one window, least and most.

    Attributes:
        pan: Way across the picture in any direction, sensor pixels, 0 to 100.
        zoom: Growth of what is seen, natural logarithm, 0 to 1: driving ahead.
        roll: Turn either way, radians, 0 to 1.
        crop: Share of the picture's side that is seen, 0.2 to 1.
        aside: How far the view may lie off the picture's middle, as a share of the room there
            is, 0 to 1.
    """

    pan: tuple[float, float] = ranged(0, 100, default=(1.0, 8.0))
    zoom: tuple[float, float] = ranged(0, 1, default=(0.0, 0.02))
    roll: tuple[float, float] = ranged(0, 1, default=(0.0, 0.02))
    crop: tuple[float, float] = ranged(0.2, 1, default=(0.6, 1.0))
    aside: float = ranged(0, 1, default=1.0)


@dataclass(frozen=True)
class DriveRange:
    """How a camera drives through a simulated street, least and most.

    Attributes:
        speed: Ahead, m/s, 0 to 40. The way of all packets must not be longer than 2.5 m, the
            room that streets have around a camera.
        turn: Either way, degrees a second, 0 to 180.
        height: Of the camera over the ground, m, 0.5 to 4.
        field: Field of view across, degrees, 20 to 120.
        aside: How far to either side of the way ahead the camera may look, degrees, 0 to 180.
    """

    speed: tuple[float, float] = ranged(0, 40, default=(2.0, 12.0))
    turn: tuple[float, float] = ranged(0, 180, default=(0.0, 5.0))
    height: tuple[float, float] = ranged(0.5, 4, default=(1.15, 1.4))
    field: tuple[float, float] = ranged(20, 120, default=(50.0, 66.0))
    aside: float = ranged(0, 180, default=10.0)


@dataclass(frozen=True)
class SetChoice:
    """A set of moments: events that lead up to an instant, and what is known of the instant.

    Attributes:
        kind: `camvid`, `cityscapes`: labelled pictures under a moving camera; `scenes`: simulated
            shapes; `streets`: simulated streets that a camera drives through; `dataset`: anything
            that evaluation reads with events; `folder`: what another tool made (VID2E, E2VID), see
            samples.folder.
        path: Folder; none for scenes and streets.
        split: Of camvid (frames and labels in SPLIT/), cityscapes, or the dataset.
        names: Beginnings of the names of pictures that belong to it; empty takes all.
        part: From which to which share of each drive, city or sequence, in the order of names, 0
            to 1.
        every: Keeps every so many of them.
        views: Times that each picture is looked at; for scenes and streets: their
            number.
        seed: Of cameras, scenes and streets.
        packet_ms: Length of a packet of events, ms, 0.1 to 1000.
        packet_events: Events of a packet instead, for datasets; 0 goes by time.
        format: Of a dataset; empty recognises it.
        options: Further options of its reader.
        time_unit: What times in a folder's event files count in: s, ms, us or ns.
        sensor: See SensorRange.
        motion: See MotionRange; for pictures.
        drive: See DriveRange; for streets.
    """

    kind: Literal['camvid', 'cityscapes', 'scenes', 'streets', 'dataset', 'folder']
    path: Path | None = None
    split: str = 'train'
    names: tuple[str, ...] = ()
    part: tuple[float, float] = ranged(0, 1, default=(0.0, 1.0))
    every: int = ranged(1, default=1)
    views: int = ranged(1, default=1)
    seed: int = ranged(0, default=0)
    packet_ms: float = ranged(0.1, 1000, default=25.0)
    packet_events: int = ranged(0, 10_000_000, default=0)
    format: str = ''
    options: dict[str, str] = field(default_factory=dict)
    time_unit: Literal['s', 'ms', 'us', 'ns'] = 'us'
    sensor: SensorRange = field(default_factory=SensorRange)
    motion: MotionRange = field(default_factory=MotionRange)
    drive: DriveRange = field(default_factory=DriveRange)

    def check(self, where: str) -> None:
        """Check what no field can check alone.

        Raises:
            RecipeError: With one sentence.
        """
        if self.kind not in SIMULATED and self.path is None:
            raise RecipeError(f'{where}: path is needed for {self.kind}')
        ranges = {'part': self.part}
        for of in (self.sensor, self.motion, self.drive):
            ranges |= {k: v for k, v in vars(of).items() if isinstance(v, tuple)}
        for name, (least, most) in ranges.items():
            if least > most:
                raise RecipeError(f'{where}: {name} must rise, but is {least:g} to {most:g}')
