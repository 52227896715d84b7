# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What lies between two frames of a film, by optical flow both ways.

The flows from an instant to both frames are put together from those between the frames as in
Jiang et al., "Super SloMo", CVPR 2018, section 3.2; both frames are fetched along them and mixed
by nearness in time.
"""

from __future__ import annotations

import cv2
import numpy as np

from eventsam_ros.events.types import Float32, UInt8

_FAR = 0.9
"""Share of pixels that must move less than the longest motion that is counted."""


class Between:
    """Two frames and the motion between them.

    Attributes:
        path: Pixels that fast parts move from the first to the second.
        mismatch: How badly the first, moved by the flow, fits the second: mean difference of grey
            levels, 0 to 255. Cuts and large motion are told by it.
    """

    def __init__(self, first: UInt8, second: UInt8) -> None:
        """Find the motion.

        Args:
            first: uint8 [h, w, 3] RGB.
            second: The next frame, of the same size.
        """
        grey = [np.asarray(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), np.uint8)
                for p in (first, second)]
        finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._forth = np.asarray(finder.calc(grey[0], grey[1], None), np.float32)
        self._back = np.asarray(finder.calc(grey[1], grey[0], None), np.float32)
        rows, columns = grey[0].shape
        y, x = np.mgrid[:rows, :columns].astype(np.float32)
        self._here = np.stack([x, y], -1)
        moved = self._fetch(grey[0].astype(np.float32), self._back)
        self.mismatch = float(np.abs(moved - grey[1]).mean())
        speed = np.linalg.norm(self._forth, axis=-1)
        self.path = float(np.quantile(speed, _FAR))

    def at(self, first: Float32, second: Float32, t: float) -> Float32:
        """Return an instant between two maps that move like the frames.

        Args:
            first: float32 [h, w] at t = 0, for example the first frame's luminance.
            second: float32 [h, w] at t = 1.
            t: 0 to 1; the ends are the maps themselves.
        """
        to_first = np.float32(t * t) * self._back - np.float32((1 - t) * t) * self._forth
        to_second = (np.float32((1 - t) ** 2) * self._forth
                     - np.float32(t * (1 - t)) * self._back)
        early, late = self._fetch(first, to_first), self._fetch(second, to_second)
        return np.asarray(early + np.float32(t) * (late - early), np.float32)

    def _fetch(self, values: Float32, flow: Float32) -> Float32:
        """Return values[p + flow(p)] for every pixel p."""
        place = self._here + flow
        return np.asarray(cv2.remap(
            values, place[..., 0], place[..., 1], cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE), np.float32)
