# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pictures of a calibrated rig to a panorama, and that to classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import ClassVar

from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
from std_msgs.msg import Header

from eventsam_ros.events.types import UInt8
from eventsam_ros.inference.class_votes import NO_CLASS
from eventsam_ros.inference.panoramic import PanoramicSegmenter
from eventsam_ros.inference.stitching import Stitcher
from eventsam_ros.inference.stitching_rig import Camera, Rig

from .. import topics
from ..answers import Classes
from ..camera_work import CameraWork
from ..diagnostics import Concern, Look
from ..gathering import Gathered, Gathering
from ..images import Message, picture_bgr, rgb_of
from ..outputs import Scene
from ..parameters import pairing_of
from ..site import Site
from ..stamps import stamp
from ..topics import Topic

_KEPT = 8
"""Sets of living cameras whose tables are kept."""
MISSING = 'missing.'
"""Prefix of the counters of panoramas without a camera."""


def camera_topic(rig: Rig, camera: Camera) -> Topic:
    """Return the topic of a camera: as the rig says, or `image` of a lone one, or NAME/image."""
    alone = topics.IMAGE.name if len(rig.cameras) == 1 else f'{camera.name}/{topics.IMAGE.name}'
    return replace(topics.IMAGE, name=camera.topic or alone)


def incomplete(new: Mapping[str, int]) -> Concern | None:
    """Say which cameras are missing.

    Args:
        new: Growth of all counters since the last look.
    """
    names = [name.removeprefix(MISSING) for name, count in new.items()
             if count and name.startswith(MISSING)]
    if not names:
        return None
    return Concern(DiagnosticStatus.WARN, (
        f'no picture of {", ".join(names)} in {new.get("gathered", 0) - new.get("whole", 0)} of '
        f'{new.get("gathered", 0)} panoramas: what nobody else sees of it is unlabelled'))


class RigWork(CameraWork[str, Gathered[Message]]):
    """Stitches what belongs together and segments the newest panorama; see work.Work."""

    DROPS: ClassVar = (*CameraWork.DROPS, 'images_unreadable')
    TICKS: ClassVar = True

    def __init__(self, segmenter: PanoramicSegmenter, site: Site, rig: Rig) -> None:
        """Prepare; `start` begins.

        Args:
            segmenter: For this work's use alone.
            site: Where it lives.
            rig: The cameras.
        """
        super().__init__(segmenter, site, {
            camera.name: camera_topic(rig, camera) for camera in rig.cameras})
        self._segmenter, self._rig = segmenter, rig
        self._gathering: Gathering[Message] = Gathering(
            (camera.name for camera in rig.cameras), pairing_of(site.settings))
        self._missing = dict.fromkeys((camera.name for camera in rig.cameras), 0)
        self._unreadable = 0
        self._stitcher = lru_cache(_KEPT)(self._made)

    def reset(self) -> str:
        """Forget what waits for other cameras."""
        self._gathering.reset()
        return 'waiting pictures are forgotten'

    def counts(self) -> Mapping[str, int]:
        """Return pictures, panoramas, and those without each camera."""
        names = ('gathered', 'whole', 'restarted', *Gathering.LEFT_OUT)
        return {**super().counts(), **{name: self._gathering.counts[name] for name in names},
                **{f'{MISSING}{name}': count for name, count in self._missing.items()},
                'images_unreadable': self._unreadable}

    def look(self, new: Mapping[str, int]) -> Look:
        """Return how the cameras are."""
        look = super().look(new)
        return replace(look, concern=look.concern or incomplete(new))

    def arrived(self, camera: str, stamp_ns: int, arrived_ns: int, message: Message) -> None:
        """Take a picture, and submit what belongs to it."""
        self._submit(self._gathering.add(camera, stamp_ns, arrived_ns, message))

    def due(self, now_ns: int) -> None:
        """Let moments go on whose cameras are late."""
        self._submit(self._gathering.due(now_ns))

    def answer(self, gathered: Gathered[Message]) -> Scene:
        """Stitch and segment a moment."""
        pictures = self._read(gathered)
        stitcher = self._stitcher(frozenset(pictures))
        bgr = stitcher.stitch(pictures)
        found = self._segmenter.answer(rgb_of(bgr))
        labels = np.where(stitcher.seen, found.labels, np.uint8(NO_CLASS))
        header = Header(stamp=stamp(gathered.stamp_ns),
                        frame_id=self.site.settings['rig_frame_id'])
        return Scene(header, gathered.stamp_ns, Classes(replace(found, labels=labels)),
                     lambda: bgr)

    def _submit(self, found: list[Gathered[Message]]) -> None:
        for gathered in found:
            for name in gathered.missing:
                self._missing[name] += 1
            self.pipeline.submit(gathered)

    def _read(self, gathered: Gathered[Message]) -> dict[str, UInt8]:
        """Return the pictures that can be used.

        Raises:
            ValueError: None can.
        """
        pictures, reason = {}, ''
        for camera in self._rig.cameras:
            if camera.name not in gathered.items:
                continue
            try:
                picture = picture_bgr(gathered.items[camera.name])
                if picture.shape[:2] != (camera.height, camera.width):
                    raise ValueError(
                        f'must have {camera.width}x{camera.height} pixels as the rig says, but '
                        f'has {picture.shape[1]}x{picture.shape[0]}')
            except ValueError as error:
                self._unreadable += 1
                reason = f'a picture of the camera {camera.name} cannot be used: {error}'
                self.site.warn(reason)
                continue
            pictures[camera.name] = picture
        if not pictures:
            raise ValueError(reason)
        return pictures

    def _made(self, living: frozenset[str]) -> Stitcher:
        """Return what stitches the pictures of some cameras."""
        return Stitcher(replace(self._rig, cameras=tuple(
            camera for camera in self._rig.cameras if camera.name in living)))
