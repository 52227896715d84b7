# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pictures of a colour and a thermal camera to classes."""

from __future__ import annotations

from collections.abc import Mapping
import time
from typing import Any, ClassVar

from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
from rclpy.clock import Clock, ClockType
from std_msgs.msg import Header

from eventsam_ros.events.types import UInt8
from eventsam_ros.inference.rgbt import RgbtSegmenter
from eventsam_ros.inference.rgbt_input import fitted, thermal_levels
from eventsam_ros.inference.rgbt_pairing import (
    LEFT_OUT,
    MODES,
    PAIRED,
    Kind,
    Matched,
    Pairing,
    describe,
)

from .. import topics
from ..answers import Classes
from ..diagnostics import Concern, Look, silence
from ..images import Message, Picture, picture_bgr, picture_grey
from ..outputs import Scene
from ..parameters import pairing_of
from ..picture_inputs import PictureInputs
from ..pipeline import MOMENTS, Pipeline, drops
from ..site import Site
from ..stamps import stamp

DEGRADED: Mapping[str, str] = {
    'late_thermal': 'the thermal camera is late: class maps come from colour alone',
    'late_rgb': 'the colour camera is late: class maps come from heat alone',
    'rgb_only': 'no thermal pictures: class maps come from colour alone',
    'thermal_only': 'no colour pictures: class maps come from heat alone',
}
"""A sentence for each mode with one camera."""
TICK_S = 0.01
"""How often it is looked for pictures whose partner did not come."""


def degraded(new: Mapping[str, int], one_camera: bool) -> Concern | None:
    """Say what is wrong with pairs.

    Args:
        new: Moments since the last look, by mode.
        one_camera: Whether the bundle was trained to serve with one camera.
    """
    alone = {mode: new[mode] for mode in DEGRADED if new.get(mode)}
    if not alone:
        return None
    mode, some = max(alone, key=lambda m: alone[m]), sum(alone.values())
    told = f'{DEGRADED[mode]} ({some} of {some + new.get(PAIRED, 0)})'
    return Concern(DiagnosticStatus.WARN, told if one_camera else (
        f'{told}, for which this bundle was not trained'))


class RgbtWork:
    """Pairs what arrives and segments the newest moment; see work.Work.

    Attributes:
        pipeline: From moments to class maps.
    """

    DROPS: ClassVar = ('images_unreadable', *drops(MOMENTS))
    RATES: ClassVar[Mapping[str, str]] = {
        'images_per_s': 'images', 'moments_per_s': 'masks_published'}

    def __init__(self, segmenter: RgbtSegmenter, site: Site) -> None:
        """Prepare; `start` begins.

        Args:
            segmenter: For this work's use alone.
            site: Where it lives.
        """
        self._segmenter, self._site = segmenter, site
        self._pairing: Pairing[Message] = Pairing(pairing_of(site.settings))
        self._inputs = PictureInputs[Kind](
            site, {'rgb': topics.IMAGE, 'thermal': topics.THERMAL})
        self.pipeline = Pipeline[Matched[Message]](
            MOMENTS, self._answer, lambda: segmenter.timings, site, unusable='images_unreadable')
        self._timer: Any = None
        self._mode = ''

    def start(self) -> None:
        """Subscribe and begin."""
        self.pipeline.start()
        self._inputs.subscribe(self._arrived)
        self._timer = self._site.node.create_timer(
            TICK_S, self._tick, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def stop(self) -> None:
        """Finish the moment at hand and end the threads."""
        if self._timer is not None:
            self._site.node.destroy_timer(self._timer)
            self._timer = None
        self.pipeline.stop()

    def adopt(self) -> None:
        """Do nothing: what may change is looked up when it is needed."""

    def reset(self) -> str:
        """Forget what waits for its partner."""
        self._pairing.reset()
        return 'waiting pictures are forgotten'

    def clear_prompts(self) -> int:
        """Return 0: there are no prompts."""
        return 0

    def counts(self) -> Mapping[str, int]:
        """Return pictures, and moments by mode."""
        return {**self._inputs.counts(), **{
            name: self._pairing.counts[name] for name in (*MODES, *LEFT_OUT)}}

    def look(self, new: Mapping[str, int]) -> Look:
        """Return how the cameras are."""
        silent_s = self._inputs.silent_s()
        concern = silence(silent_s, self._site.settings['diagnostics.stale_s'], 'picture')
        if concern is None:
            concern = degraded(new, self._segmenter.bundle.manifest.one_camera)
        return Look(silent_s, {'mode': self._mode, **describe(self._pairing)}, concern,
                    well='segmenting with both cameras')

    def _arrived(self, kind: Kind, stamp_ns: int, arrived_ns: int, message: Message) -> None:
        self._take(self._pairing.add(kind, stamp_ns, arrived_ns, message))

    def _tick(self) -> None:
        self._take(self._pairing.due(time.monotonic_ns()))

    def _take(self, found: list[Matched[Message]]) -> None:
        for matched in found:
            self.pipeline.submit(matched)

    def _answer(self, matched: Matched[Message]) -> Scene:
        bgr = None if matched.rgb is None else picture_bgr(matched.rgb)
        thermal = None if matched.thermal is None else picture_grey(matched.thermal)
        rgb = None if bgr is None else np.ascontiguousarray(bgr[..., ::-1])
        classes = self._segmenter.segment(rgb, thermal)
        source = matched.thermal if matched.rgb is None else matched.rgb
        assert source is not None
        self._mode = matched.mode
        return Scene(
            Header(stamp=stamp(matched.stamp_ns), frame_id=source.header.frame_id),
            matched.stamp_ns, Classes(self._segmenter.named(classes)),
            lambda: _ground(bgr, thermal, classes), mode=matched.mode)


def _ground(bgr: UInt8 | None, thermal: Picture | None, classes: UInt8) -> UInt8:
    if bgr is not None:
        return bgr
    assert thermal is not None
    grey = fitted(thermal_levels(thermal), classes.shape[1], classes.shape[0])
    return np.repeat(grey[..., None], 3, axis=2)
