# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Where a stream of words passes multiples of 4.096 ms of the sensor's time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.kernels import kernel

SLOT_NS = 4_096_000
"""Length of a slot, the step of EVT 3.0's TIME_HIGH."""

_FAR = 250
"""Slots, about a second, beyond which one time word must be confirmed by the next."""

# Positions in the state of a stream.
_STARTED, _COUNTER, _SLOT, _DOUBT, _STATE_SIZE = range(5)


@kernel
def _cut(places, times, state, turn):  # type: ignore[no-untyped-def]
    """Return before which of the time words another slot begins, and that slot."""
    cuts = np.empty(len(places), np.int64)
    slots = np.empty(len(places), np.int64)
    n = 0
    for i in range(len(places)):
        if not state[_STARTED]:
            state[_STARTED], state[_COUNTER], state[_DOUBT] = 1, times[i], -2
            continue
        step = (times[i] - state[_COUNTER]) % turn
        if step > turn // 2:
            step -= turn
        if abs(step) > _FAR and abs(times[i] - state[_DOUBT]) > 1:
            state[_DOUBT] = times[i]
            continue
        state[_DOUBT] = -2
        state[_COUNTER] = times[i]
        if step == 0:
            continue
        if step > 0:
            cuts[n] = places[i]
            slots[n] = state[_SLOT] + 1
            n += 1
        state[_SLOT] += step
    return cuts[:n], slots[:n]


class SlotCutter:
    """Cuts one stream, block by block; time only goes on, however its words jump."""

    def __init__(self, bits: int) -> None:
        """Start.

        Args:
            bits: Width of the sensor's slot counter.
        """
        self._turn = 1 << bits
        self._state = np.zeros(_STATE_SIZE, np.int64)
        self._newest = 0
        self._offset = 0

    @property
    def slot(self) -> int:
        """The slot that the stream is in, from 0 on; never decreases."""
        self._newest = max(self._newest, int(self._state[_SLOT]))
        return self._newest

    def skip(self, words: int) -> None:
        """Tell that the next block begins with the last `-words` of this one again."""
        self._offset = -words

    def cut(
        self, places: NDArray[np.int64], times: NDArray[np.int64],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return before which words packets end, and their slots.

        Args:
            places: Indices of the time words in the block, int64 [N].
            times: Their slot counters, int64 [N].
        """
        fresh = places >= self._offset
        newest = self.slot
        cuts, slots = _cut(places[fresh], times[fresh], self._state, self._turn)
        return cuts, np.maximum.accumulate(np.maximum(slots, newest)) if len(slots) else slots
