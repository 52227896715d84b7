# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Sensor time on the host's clock: offset and drift, from when packets came.

Drivers stamp a packet when its bytes arrive, and the bytes arrive after the last event in them: on
two real cameras 0.6 and 0.9 ms after it in the median, but up to 13 ms when the host was busy. So
`stamp - last event` is offset + least delay + jitter, and the line under the samples of the last
seconds (see envelope.py) is the clock. The least delay itself cannot be seen from here: host times
are late by it, always alike.

Some drivers stamp with the first event, or when the first of several chunks arrives. Then
`stamp - first event` is what jitters least, and that is how it is noticed; times are off by a
chunk's length then, always alike. A packet that is much longer than the others has several chunks
or a corrupt time in it: what lies behind the usual length does not count.
"""

from __future__ import annotations

from .arrivals import JUMP_NS
from .envelope import Envelope
from .packet_times import PacketTimes, UsualLength

SPAN_NS = 10_000_000_000
"""Sensor time over which packets count."""

_OFF_NS = 500_000_000
"""Earlier or later than the clock says, by more than this, is not jitter..."""
_LONG_OFF_NS = -20_000_000
"""...nor is earlier than this, once the clock is known."""
_OFF_PACKETS = 3
"""That many such packets in a row are a step of a clock."""
_EARLY_NS = -1_000_000
"""Earlier than this is no jitter either, once the clock is known. The same number of such packets
within the span is a small step of the host; fewer are corrupt."""
_LATE_NS = 10_000_000
"""Later than the clock says by more than this may be jitter, or a small step of the host..."""
_LATE_SPAN_NS = 1_000_000_000
_LATE_PACKETS = 20
"""...which it is when all of so many packets were, over so long."""
_LEARNING = 32
"""Packets after which the usual length is known, and the first ones are looked at again."""
_AVERAGED = 64
"""Packets whose jitter is averaged."""
_CLEARLY = 1.25
_CLEARLY_NS = 500_000
"""Less jitter by this factor and so much tells which event the stamps go with."""


class _Reference:
    """Stamps against one event of each packet."""

    def __init__(self, span_ns: int) -> None:
        self.line = Envelope(span_ns)
        self.spread = 0.0
        self.delay = 0

    def add(self, time: int, stamp: int) -> None:
        self.line.add(time, stamp - time)
        self.delay = stamp - time - self.line.at(time)
        # One packet that is very late says little about the others.
        self.spread += (min(self.delay, _LATE_NS) - self.spread) / _AVERAGED


class SensorClock:
    """Running estimate of one sensor's clock against the host's.

    A step of the host's clock, a sensor that starts anew or a recording that loops begins the
    estimate anew, once three packets agree; until then the times of the new kind are converted by
    the newest packet alone. Drift is kept over a step.
    """

    def __init__(self, span_ns: int = SPAN_NS) -> None:
        """Start without an offset.

        Args:
            span_ns: Sensor time in ns over which packets count, at least 1.

        Raises:
            ValueError: A span that is not positive.
        """
        if span_ns < 1:
            raise ValueError(f'span must be at least 1 ns, but got {span_ns}')
        self._span = span_ns
        self._jumps = 0
        self._outliers = 0
        self.reset()

    def reset(self) -> None:
        """Forget offset and drift; the counters go on."""
        self._ends = {'last': _Reference(self._span), 'first': _Reference(self._span)}
        self._reference = 'last'
        self._seen = 0
        self._newest: PacketTimes | None = None
        self._off: list[PacketTimes] = []
        self._early: list[PacketTimes] = []
        self._late: list[PacketTimes] = []
        self._learning: list[tuple[int, int, int]] | None = []
        self._jumps_before = self._jumps
        self._usual = UsualLength()

    @property
    def offset_ns(self) -> int | None:
        """Host time minus sensor time at the newest packet, ns; None before the first one."""
        packet = self._off[-1] if self._off else self._newest
        return None if packet is None else self.to_host(packet.last) - packet.last

    @property
    def drift_ppm(self) -> float | None:
        """How much faster the host's clock runs, µs per s; None before 2 s of packets."""
        line = self._ends[self._reference].line
        return line.slope * 1e6 if line.long else None

    @property
    def delay_ms(self) -> float:
        """How much later than the promptest the newest packet came, ms."""
        return self._ends[self._reference].delay / 1e6

    @property
    def counters(self) -> dict[str, int]:
        """What was not the run of two clocks.

        jumps: how often the estimate began anew. outliers: packets that were off alone.
        """
        return {'jumps': self._jumps, 'outliers': self._outliers}

    def update(self, t_first_ns: int, t_last_ns: int, stamp_ns: int) -> None:
        """Take the times of the next packet that has events.

        Args:
            t_first_ns: Its first event, sensor time.
            t_last_ns: Its last event, sensor time.
            stamp_ns: Its header stamp, host time.
        """
        self._usual.learn(t_last_ns - t_first_ns)
        packet = self._usual.cut(t_first_ns, t_last_ns, stamp_ns)
        newest = self._newest
        if newest is None:
            self._take(packet)
        elif newest.last - packet.first > JUMP_NS and newest.stamp - stamp_ns > JUMP_NS:
            self._begin_anew([packet])  # both clocks say so: a recording that loops
        else:
            self._judge(packet)
        if self._learning is not None:
            self._learn(self._learning, (t_first_ns, t_last_ns, stamp_ns))

    def to_host(self, t_ns: int) -> int:
        """Return the host time of a sensor time, ns.

        Raises:
            ValueError: No packet yet.
        """
        newest = self._known()
        if self._off and abs(t_ns - self._off[-1].last) < abs(t_ns - newest.last):
            return t_ns + self._off[-1].stamp - self._off[-1].last
        return t_ns + self._ends[self._reference].line.at(t_ns)

    def to_sensor(self, stamp_ns: int) -> int:
        """Return the sensor time of a host time, ns.

        Raises:
            ValueError: No packet yet.
        """
        newest = self._known()
        if self._off and abs(stamp_ns - self._off[-1].stamp) < abs(stamp_ns - newest.stamp):
            return stamp_ns - self._off[-1].stamp + self._off[-1].last
        return self._ends[self._reference].line.before(stamp_ns)

    def _known(self) -> PacketTimes:
        if self._newest is None:
            raise ValueError('the sensor clock needs a packet with events before it can convert')
        return self._newest

    def _learn(
        self, learning: list[tuple[int, int, int]], times: tuple[int, int, int],
    ) -> None:
        """Keep the first packets, and cut them to the length that is known after them."""
        learning.append(times)
        if len(learning) < _LEARNING:
            return
        if self._jumps_before == self._jumps:
            self._ends = {name: _Reference(self._span) for name in self._ends}
            self._seen = 0
            for first, last, stamp in learning:
                self._take(self._usual.cut(first, last, stamp))
        self._learning = None

    def _judge(self, packet: PacketTimes) -> None:
        delay = packet.stamp - self._due(packet)
        known = self._ends[self._reference].line.long
        if not (_LONG_OFF_NS if known else -_OFF_NS) <= delay <= _OFF_NS:
            self._off.append(packet)
            if len(self._off) == _OFF_PACKETS:
                self._begin_anew(self._off)
            return
        self._outliers += len(self._off)
        self._off = []
        if known and delay < _EARLY_NS:
            horizon = packet.stamp - self._span
            recent = [p for p in self._early if p.stamp > horizon]
            self._outliers += len(self._early) - len(recent)
            self._early = [*recent, packet]
            if len(self._early) == _OFF_PACKETS:
                self._begin_anew(self._early)
            return
        if delay <= _LATE_NS:
            self._late = []
        else:
            self._late.append(packet)
            late_for = packet.stamp - self._late[0].stamp
            if len(self._late) >= _LATE_PACKETS and late_for >= _LATE_SPAN_NS:
                self._begin_anew(self._late)
                return
        self._take(packet)

    def _due(self, packet: PacketTimes) -> int:
        """Return when the packet should have been stamped."""
        time = packet.last if self._reference == 'last' else packet.first
        return time + self._ends[self._reference].line.at(time)

    def _take(self, packet: PacketTimes) -> None:
        self._newest = packet
        self._seen += 1
        self._ends['last'].add(packet.last, packet.stamp)
        self._ends['first'].add(packet.first, packet.stamp)
        other = 'first' if self._reference == 'last' else 'last'
        if self._seen > _AVERAGED and (
                self._ends[other].spread * _CLEARLY + _CLEARLY_NS
                < self._ends[self._reference].spread):
            self._reference = other

    def _begin_anew(self, packets: list[PacketTimes]) -> None:
        self._jumps += 1
        for end in self._ends.values():
            end.line.restart()
        self._off, self._early, self._late = [], [], []
        for packet in packets:
            self._take(packet)
