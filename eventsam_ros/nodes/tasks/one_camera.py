# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pictures of one colour camera, one by one."""

from __future__ import annotations

from abc import abstractmethod

from eventsam_ros.events.types import UInt8

from .. import topics
from ..answers import Answer
from ..camera_work import CameraWork
from ..images import Message, picture_bgr, rgb_of
from ..outputs import Scene
from ..site import Site
from ..stamps import nanoseconds
from ..work import Timed


class OneCameraWork(CameraWork[str, Message]):
    """Segments the newest picture on `image`; see work.Work."""

    def __init__(self, network: Timed, site: Site) -> None:
        """Prepare; `start` begins.

        Args:
            network: For this work's use alone.
            site: Where it lives.
        """
        super().__init__(network, site, {topics.IMAGE.name: topics.IMAGE})

    @abstractmethod
    def found(self, rgb: UInt8, stamp_ns: int) -> Answer:
        """Segment a picture; called in the pipeline's thread.

        Args:
            rgb: uint8 [H, W, 3].
            stamp_ns: Its stamp.

        Raises:
            ValueError: It cannot be used.
        """

    def arrived(self, _kind: str, _stamp_ns: int, _arrived_ns: int, message: Message) -> None:
        """Take a picture."""
        self.pipeline.submit(message)

    def answer(self, message: Message) -> Scene:
        """Segment a picture."""
        bgr, stamp_ns = picture_bgr(message), nanoseconds(message.header.stamp)
        return Scene(message.header, stamp_ns, self.found(rgb_of(bgr), stamp_ns), lambda: bgr)
