# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Panoramas to classes, as they come or made of the pictures of a rig."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventsam_ros.events.types import UInt8
from eventsam_ros.inference.panoramic import PanoramicSegmenter
from eventsam_ros.inference.stitching_rig import Rig, read_rig

from ..answers import Answer, Classes
from ..site import Site
from ..work import Work
from .one_camera import OneCameraWork
from .rig import RigWork


def panoramic_work(segmenter: PanoramicSegmenter, site: Site) -> Work:
    """Return the work of a bundle of panoramas.

    Raises:
        RigError: The parameter rig names a file that cannot be read.
    """
    rig = rig_of(site.settings)
    return PanoramaWork(segmenter, site) if rig is None else RigWork(segmenter, site, rig)


def rig_of(values: Mapping[str, Any]) -> Rig | None:
    """Return the rig that parameters name, or None where panoramas come as they are.

    Raises:
        RigError: It cannot be read.
    """
    return read_rig(values['rig']) if values['rig'] else None


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
