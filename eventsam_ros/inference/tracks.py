# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Ids that stay with an object from window to window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventsam_ros.events.types import Bool, Float32

from .masks import Int32
from .overlaps import mask_iou
from .prompts import LARGEST_ID
from .proposals import inner_points

_MOST = 256
"""Objects remembered at most; the ones longest unseen go first."""


@dataclass
class _Track:
    id: int
    mask: Bool
    missed: int = 0


class Tracks:
    """The objects seen lately.

    A mask gets the id of the object that it overlaps most, pairs of highest IoU first; a mask
    without one begins a new object. An object that was not seen for some windows is forgotten.
    """

    def __init__(self) -> None:
        """Begin with no objects and id 1."""
        self._tracks: list[_Track] = []
        self._next_id = 1

    def __len__(self) -> int:
        """Return the number of objects that are remembered."""
        return len(self._tracks)

    def reset(self) -> None:
        """Forget all objects and begin again with id 1."""
        self._tracks = []
        self._next_id = 1

    def points(self) -> Float32:
        """Return where to look for the objects: the inmost point of each one's last mask.

        Returns:
            Columns and rows, float32 [K, 2], seen most recently first.
        """
        if not self._tracks:
            return np.empty((0, 2), np.float32)
        recent = sorted(self._tracks, key=lambda track: track.missed)
        return inner_points(np.stack([track.mask for track in recent]))

    def update(self, masks: Bool, least_iou: float, memory: int) -> Int32:
        """Give each mask of a new window its id.

        Args:
            masks: bool [M, h, w], none of them empty, best first.
            least_iou: IoU that a mask must share with an object to be it; above 0 in any case.
            memory: Windows for which an object that is not seen is remembered.

        Returns:
            int32 [M], unique.
        """
        if self._tracks and self._tracks[0].mask.shape != masks.shape[1:]:
            self.reset()
        ids = np.zeros(len(masks), np.int32)
        for k, track in self._match(masks, least_iou):
            track.mask, track.missed = masks[k].copy(), -1
            ids[k] = track.id
        for track in self._tracks:
            track.missed += 1
        self._tracks = [track for track in self._tracks if track.missed <= memory]
        self._tracks = sorted(self._tracks, key=lambda track: track.missed)[:_MOST]
        for k in np.flatnonzero(ids == 0).tolist():
            ids[k] = self._new_id()
            self._tracks.append(_Track(int(ids[k]), masks[k].copy()))
        return ids

    def _match(self, masks: Bool, least_iou: float) -> list[tuple[int, _Track]]:
        if not self._tracks or not len(masks):
            return []
        overlaps = mask_iou(masks, np.stack([track.mask for track in self._tracks]))
        pairs: list[tuple[int, _Track]] = []
        while True:
            k, j = divmod(int(np.argmax(overlaps)), len(self._tracks))
            if overlaps[k, j] <= 0 or overlaps[k, j] < least_iou:
                return pairs
            pairs.append((k, self._tracks[j]))
            overlaps[k], overlaps[:, j] = 0, 0

    def _new_id(self) -> int:
        taken = {track.id for track in self._tracks}
        while self._next_id in taken:
            self._next_id = self._next_id % LARGEST_ID + 1
        new = self._next_id
        self._next_id = new % LARGEST_ID + 1
        return new
