# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pictures of a colour and a thermal camera to classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np

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
from ..camera_work import CameraWork
from ..diagnostics import Concern, Look
from ..images import Message, Picture, picture_bgr, picture_grey, rgb_of
from ..outputs import Scene
from ..parameters import pairing_of
from ..site import Site

DEGRADED: Mapping[str, str] = {
    'late_thermal': 'the thermal camera is late: class maps come from colour alone',
    'late_rgb': 'the colour camera is late: class maps come from heat alone',
    'rgb_only': 'no thermal pictures: class maps come from colour alone',
    'thermal_only': 'no colour pictures: class maps come from heat alone',
}
"""A sentence for each mode with one camera."""


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


class RgbtWork(CameraWork[Kind, Matched[Message]]):
    """Pairs what arrives and segments the newest moment; see work.Work."""

    TICKS: ClassVar = True

    def __init__(self, segmenter: RgbtSegmenter, site: Site) -> None:
        """Prepare; `start` begins.

        Args:
            segmenter: For this work's use alone.
            site: Where it lives.
        """
        super().__init__(segmenter, site, {'rgb': topics.IMAGE, 'thermal': topics.THERMAL})
        self._segmenter = segmenter
        self._pairing: Pairing[Message] = Pairing(pairing_of(site.settings))
        self._mode = ''

    def reset(self) -> str:
        """Forget what waits for its partner."""
        self._pairing.reset()
        return 'waiting pictures are forgotten'

    def counts(self) -> Mapping[str, int]:
        """Return pictures, and moments by mode."""
        return {**super().counts(), **{
            name: self._pairing.counts[name] for name in (*MODES, 'restarted', *LEFT_OUT)}}

    def look(self, new: Mapping[str, int]) -> Look:
        """Return how the cameras are."""
        look = super().look(new)
        concern = look.concern or degraded(new, self._segmenter.bundle.manifest.one_camera)
        return replace(look, concern=concern, well='segmenting with both cameras', measures={
            'mode': self._mode, **describe(self._pairing)})

    def arrived(self, kind: Kind, stamp_ns: int, arrived_ns: int, message: Message) -> None:
        """Take a picture, and submit what is paired with it."""
        self._submit(self._pairing.add(kind, stamp_ns, arrived_ns, message))

    def due(self, now_ns: int) -> None:
        """Let pictures go on alone whose partner did not come."""
        self._submit(self._pairing.due(now_ns))

    def answer(self, matched: Matched[Message]) -> Scene:
        """Segment a moment."""
        bgr = None if matched.rgb is None else picture_bgr(matched.rgb)
        thermal = None if matched.thermal is None else picture_grey(matched.thermal)
        classes = self._segmenter.segment(None if bgr is None else rgb_of(bgr), thermal)
        source = matched.thermal if matched.rgb is None else matched.rgb
        assert source is not None
        self._mode = matched.mode
        return Scene(
            source.header, matched.stamp_ns, Classes(self._segmenter.named(classes)),
            lambda: _ground(bgr, thermal, classes), mode=matched.mode)

    def _submit(self, found: list[Matched[Message]]) -> None:
        for matched in found:
            self.pipeline.submit(matched)


def _ground(bgr: UInt8 | None, thermal: Picture | None, classes: UInt8) -> UInt8:
    if bgr is not None:
        return bgr
    assert thermal is not None
    grey = fitted(thermal_levels(thermal), classes.shape[1], classes.shape[0])
    return np.repeat(grey[..., None], 3, axis=2)
