# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What works of cameras share: pictures in, the newest moment segmented, silence told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
import time
from typing import Any, ClassVar, Generic, TypeVar

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.clock import Clock, ClockType

from .diagnostics import Concern, Look, silence
from .images import Message
from .outputs import Scene
from .picture_inputs import Kind, PictureInputs
from .pipeline import MOMENTS, Pipeline, drops
from .site import Site
from .topics import Topic
from .work import Timed

Moment = TypeVar('Moment')
TICK_S = 0.01
"""How often it is looked for pictures whose partners did not come."""


def disordered(new: Mapping[str, int]) -> Concern | None:
    """Say that stamps do not go on, so that pictures cannot be told to belong together, or None.

    Args:
        new: Growth of all counters since the last look.
    """
    count = new.get('out_of_order', 0)
    if not count:
        return None
    return Concern(DiagnosticStatus.WARN, (
        f'{count} pictures left out: their stamps are not later than those before of their '
        'cameras; does each driver stamp its pictures, and is there one publisher of each topic?'))


class CameraWork(ABC, Generic[Kind, Moment]):
    """Segments moments, which are pictures that belong together; see work.Work.

    Attributes:
        TICKS: Whether pictures may wait for others, so that `due` is called all the time.
        pipeline: From moments to masks.
    """

    DROPS: ClassVar[tuple[str, ...]] = ('moments_unusable', *drops(MOMENTS))
    RATES: ClassVar[Mapping[str, str]] = {
        'images_per_s': 'images', 'moments_per_s': 'masks_published'}
    TICKS: ClassVar[bool] = False

    def __init__(self, network: Timed, site: Site, cameras: Mapping[Kind, Topic]) -> None:
        """Prepare; `start` begins.

        Args:
            network: For this work's use alone.
            site: Where it lives.
            cameras: Topic of each camera by its name.
        """
        self.site = site
        self.inputs = PictureInputs[Kind](site, cameras)
        self.pipeline = Pipeline[Moment](
            MOMENTS, self.answer, lambda: network.timings, site, unusable='moments_unusable')
        self._timer: Any = None

    @abstractmethod
    def arrived(self, kind: Kind, stamp_ns: int, arrived_ns: int, message: Message) -> None:
        """Take a picture; see PictureInputs.subscribe."""

    def due(self, now_ns: int) -> None:
        """Submit what waits no longer.

        Args:
            now_ns: Of the clock of arrivals.
        """

    @abstractmethod
    def answer(self, moment: Moment) -> Scene:
        """Segment a moment; called in the pipeline's thread.

        Raises:
            ValueError: A picture cannot be used.
        """

    def start(self) -> None:
        """Subscribe and begin."""
        self.pipeline.start()
        self.inputs.subscribe(self.arrived)
        if self.TICKS:
            self._timer = self.site.node.create_timer(
                TICK_S, lambda: self.due(time.monotonic_ns()),
                clock=Clock(clock_type=ClockType.STEADY_TIME))

    def stop(self) -> None:
        """Finish the moment at hand and end the threads."""
        if self._timer is not None:
            self.site.node.destroy_timer(self._timer)
            self._timer = None
        self.pipeline.stop()

    def adopt(self) -> None:
        """Do nothing: what may change is looked up when it is needed."""

    def reset(self) -> str:
        """Do nothing: pictures are segmented one by one."""
        return 'there is nothing to forget'

    def clear_prompts(self) -> int:
        """Return 0: there are no prompts."""
        return 0

    def counts(self) -> Mapping[str, int]:
        """Return how many pictures came."""
        return self.inputs.counts()

    def look(self, new: Mapping[str, int]) -> Look:
        """Return how the cameras are."""
        silent_s = self.inputs.silent_s()
        return Look(silent_s, concern=silence(
            silent_s, self.site.settings['diagnostics.stale_s'], 'picture') or disordered(new))
