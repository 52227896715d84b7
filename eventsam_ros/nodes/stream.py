# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""One stream of event packets, from bytes to windows with host stamps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from event_camera_msgs.msg import EventPacket
import numpy as np

from eventsam_ros.errors import DecodeError
from eventsam_ros.events import ENCODINGS, Events, PacketDecoder, Window
from eventsam_ros.events.clock import SensorClock
from eventsam_ros.events.windows import CountWindows, FrameWindows, PeriodWindows

from .stamps import nanoseconds

Policy = PeriodWindows | CountWindows | FrameWindows
PolicyFactory = Callable[[int, int], Policy]
_PENDING_FRAMES = 32


@dataclass(frozen=True)
class StampedWindow:
    """A window and when it ended on the host's clock.

    Attributes:
        window: The events.
        stamp_ns: Host time of its end, or the stamp of the frame that ended it.
        frame_id: Frame of the sensor.
    """

    window: Window
    stamp_ns: int
    frame_id: str


def warm_up() -> None:
    """Compile what packets of any encoding need, which takes seconds the very first time."""
    for encoding in ENCODINGS:
        PacketDecoder(encoding, 64, 64).decode(bytes(64))
    time = np.arange(0, 10_000_000, 1000, dtype=np.int64)
    place = np.zeros(len(time), np.uint16)
    PeriodWindows(5_000_000, 64, 64).push(Events(place, place, place.astype(np.uint8), time))


class EventStream:
    """Decodes the packets of one publisher, all of them and in order.

    Attributes:
        counters: packets, bytes, events, and what went wrong by name (see DROPS).
        restarts: How often the stream began anew, as a recording does when it loops.
    """

    DROPS = (
        'packets_lost', 'packets_undecodable', 'frames_superseded', 'frames_late',
        'frames_dropped', 'events_dropped')

    def __init__(self, policy: PolicyFactory) -> None:
        """Wait for the first packet.

        Args:
            policy: Makes a window policy for a sensor's columns and rows.
        """
        self._make_policy = policy
        self._decoder: PacketDecoder | None = None
        self._policy: Policy | None = None
        self._clock = SensorClock()
        self._next_seq: int | None = None
        self._frames: dict[int, int] = {}
        self.counters: Counter[str] = Counter()
        self.restarts = 0
        self.format = ''

    def counts(self) -> dict[str, int]:
        """Return all counters, those of the packet decoder and of the windows among them."""
        parts = () if self._decoder is None or self._policy is None else (
            self._decoder.counters, self._policy.counters, self._clock.counters)
        merged = {k: v for part in parts for k, v in part.items()} | dict(self.counters)
        # What waited for the end of its window when the stream began anew is no fault.
        merged['events_dropped'] = (
            merged.get('events_dropped', 0) - self.counters['events_unfinished'])
        return merged

    def reset(self) -> None:
        """Forget time, windows and decoder state; the counters go on."""
        if self._decoder is not None:
            self._decoder.reset()
        if self._policy is not None:
            before = self._policy.counters['events_dropped']
            self._policy.reset()
            self.counters['events_unfinished'] += (
                self._policy.counters['events_dropped'] - before)
        self._clock.reset()
        self._next_seq = None
        self._frames.clear()

    def packet(self, packet: EventPacket) -> list[StampedWindow]:
        """Decode a packet and return the windows that it completes.

        Args:
            packet: The next message of the topic.

        Raises:
            DecodeError: An encoding or a sensor size that cannot be; the packet is counted.
        """
        self.counters['packets'] += 1
        self.counters['bytes'] += len(packet.events)
        self._follow(packet.seq)
        try:
            decoder, policy = self._prepare(packet)
            events = decoder.decode(packet.events, packet.time_base)
        except DecodeError:
            self.counters['packets_undecodable'] += 1
            raise
        if len(events) == 0:
            return []
        self.counters['events'] += len(events)
        header = packet.header
        self._clock.update(int(events.t[0]), int(events.t[-1]), nanoseconds(header.stamp))
        return [self._stamped(window, header.frame_id) for window in policy.push(events)]

    def frame(self, stamp_ns: int, frame_id: str) -> list[StampedWindow]:
        """End a window at a frame's stamp; without a policy of frames nothing happens.

        Returns:
            The window, if its events are here already; otherwise a later packet brings it.
        """
        if not isinstance(self._policy, FrameWindows) or self._clock.offset_ns is None:
            return []
        t_end = self._clock.to_sensor(stamp_ns)
        self._frames[t_end] = stamp_ns
        while len(self._frames) > _PENDING_FRAMES:
            self._frames.pop(next(iter(self._frames)))
            self.counters['frames_superseded'] += 1
        return [self._stamped(window, frame_id) for window in self._policy.frame(t_end)]

    def _follow(self, seq: int) -> None:
        expected, self._next_seq = self._next_seq, seq + 1
        # Publishers that do not count send one number for ever.
        if expected is None or seq in {expected, expected - 1}:
            return
        if seq > expected:
            self.counters['packets_lost'] += seq - expected
            if self._decoder is not None:
                self._decoder.gap()
        else:
            self.restarts += 1
            self.reset()
            self._next_seq = seq + 1

    def _prepare(self, packet: EventPacket) -> tuple[PacketDecoder, Policy]:
        name = f'{packet.encoding} {packet.width}x{packet.height}'
        if self._decoder is None or self._policy is None or name != self.format:
            decoder = PacketDecoder(packet.encoding, packet.width, packet.height)
            self._clock.reset()
            self._frames.clear()
            self._decoder, self.format = decoder, name
            self._policy = self._make_policy(packet.width, packet.height)
        return self._decoder, self._policy

    def _stamped(self, window: Window, frame_id: str) -> StampedWindow:
        stamp = self._frames.pop(window.t_end, None)
        if stamp is None:
            stamp = self._clock.to_host(window.t_end)
        return StampedWindow(window, stamp, frame_id)
