# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Equirectangular panoramas to classes."""

from __future__ import annotations

from eventsam_ros.events.types import UInt8
from eventsam_ros.inference.panoramic import PanoramicSegmenter

from ..answers import Answer, Classes
from ..site import Site
from .one_camera import OneCameraWork


class PanoramaWork(OneCameraWork):
    """Segments the newest panorama; see work.Work."""

    def __init__(self, segmenter: PanoramicSegmenter, site: Site) -> None:
        """Prepare; `start` begins.

        Args:
            segmenter: For this work's use alone.
            site: Where it lives.
        """
        super().__init__(segmenter, site)
        self._segmenter = segmenter

    def found(self, rgb: UInt8, _stamp_ns: int) -> Answer:
        """Return the classes of a panorama."""
        return Classes(self._segmenter.answer(rgb))
