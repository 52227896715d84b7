# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Sensor time on the host's clock.

Drivers stamp a packet when its bytes arrive, and the bytes arrive after the last event in them:
on two real cameras 0.6 and 0.9 ms after it in the median, but up to 13 ms when the host was busy
(`stamp - first event` would be a packet's length, 10 to 12 ms, on top). So the least difference
`stamp - last event` of the last seconds is the offset, and the delay of a prompt delivery the
error.
"""

from __future__ import annotations

from collections import deque

from .arrivals import JUMP_NS

SPAN_NS = 5_000_000_000
"""Host time over which the least difference counts: drift of 100 ppm makes 0.5 ms of it."""


class SensorClock:
    """Running offset from one sensor's clock to the host's."""

    def __init__(self, span_ns: int = SPAN_NS) -> None:
        """Start without an offset.

        Args:
            span_ns: Host time in ns over which the least difference counts, at least 1.

        Raises:
            ValueError: A span that is not positive.
        """
        if span_ns < 1:
            raise ValueError(f'span must be at least 1 ns, but got {span_ns}')
        self._span = span_ns
        # Stamps and differences; both grow from left to right, so the least is the first.
        self._samples: deque[tuple[int, int]] = deque()
        self._t_last = 0
        self._stamp = 0
        self._jumps = 0

    @property
    def offset_ns(self) -> int | None:
        """Host time minus sensor time, ns; None before the first packet."""
        return self._samples[0][1] if self._samples else None

    @property
    def counters(self) -> dict[str, int]:
        """Jumps: how often time jumped by more than a second and the offset began anew."""
        return {'jumps': self._jumps}

    def update(self, t_first_ns: int, t_last_ns: int, stamp_ns: int) -> None:
        """Take the times of the next packet that has events.

        Args:
            t_first_ns: Its first event, sensor time.
            t_last_ns: Its last event, sensor time.
            stamp_ns: Its header stamp, host time.
        """
        difference = stamp_ns - t_last_ns
        offset = self.offset_ns
        if offset is not None and (
            abs(difference - offset) > JUMP_NS or self._stamp - stamp_ns > JUMP_NS
            or self._t_last - t_first_ns > JUMP_NS
        ):
            self._jumps += 1
            self.reset()
        while self._samples and self._samples[-1][1] >= difference:
            self._samples.pop()
        self._samples.append((stamp_ns, difference))
        while self._samples[0][0] < stamp_ns - self._span:
            self._samples.popleft()
        self._t_last = t_last_ns
        self._stamp = stamp_ns

    def to_host(self, t_ns: int) -> int:
        """Return the host time of a sensor time, ns.

        Raises:
            ValueError: No packet yet.
        """
        return t_ns + self._offset()

    def to_sensor(self, stamp_ns: int) -> int:
        """Return the sensor time of a host time, ns.

        Raises:
            ValueError: No packet yet.
        """
        return stamp_ns - self._offset()

    def reset(self) -> None:
        """Forget the offset; the counters go on."""
        self._samples.clear()

    def _offset(self) -> int:
        offset = self.offset_ns
        if offset is None:
            raise ValueError('the sensor clock needs a packet with events before it can convert')
        return offset
