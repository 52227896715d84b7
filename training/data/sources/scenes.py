# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pairs of simulated scenes: the frame is what a grey camera sees at the end of the window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from eventsam_ros.evaluation.datasets.pictures import repeated
from eventsam_ros.simulation.recording import exposed
from eventsam_ros.simulation.samples import SENSOR_SIZES, moments_of

from ..boards import board_scene
from ..cutouts import Cutouts
from ..pair import Pair, Settings, make_pair
from ..photos import Photo, list_of
from ..windows import training_scene
from .source import Counted

_WINDOWS = 3
"""Windows of a scene at most."""


@dataclass(frozen=True)
class Scenes(Counted):
    """Simulated scenes of a seed.

    Attributes:
        seed, count: See Counted.
        photos: Photos whose objects are mixed into half of the scenes; may be empty.
        boards: Share of scenes with a printed board, 0 to 1.
    """

    photos: tuple[Photo, ...] = ()
    boards: float = 0.0

    @property
    def name(self) -> str:
        """Name of the source."""
        return f'scenes-{self.seed}'

    def description(self) -> dict[str, Any]:
        """Return what the pairs depend on."""
        return {'seed': self.seed, 'boards': self.boards, **list_of(self.photos)}

    def pairs(self, shard: int, settings: Settings) -> Iterator[Pair]:
        """Simulate scenes until the shard is full."""
        cutouts = Cutouts(tuple((p.path, p.mask) for p in self.photos)) if self.photos else None
        left, scene_number = self.size(shard), 0
        while left > 0:
            rng = np.random.default_rng([self.seed, shard, scene_number, 1])
            width, height = SENSOR_SIZES[int(rng.integers(len(SENSOR_SIZES)))]
            printed = rng.random() < self.boards
            scene = (board_scene if printed else training_scene)(rng, width, height, cutouts)
            for k, (window, moment) in enumerate(moments_of(scene, rng, min(_WINDOWS, left))):
                yield make_pair(
                    window, repeated(exposed(moment.luminance)), moment.ids, settings,
                    f'{self.name}/{shard}/{scene_number}/{k}')
                left -= 1
            scene_number += 1
