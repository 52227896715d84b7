# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""One stream of events, from the bytes of its messages to windows with host stamps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from event_camera_msgs.msg import EventPacket

from eventsam_ros.errors import BIG_ENDIAN, DecodeError
from eventsam_ros.events import Events, PacketDecoder, Window
from eventsam_ros.events.clock import SensorClock
from eventsam_ros.events.event_arrays import read_event_array
from eventsam_ros.events.pixel_events import PixelEvents
from eventsam_ros.events.windows import FrameWindows, TriggerWindows

from .policies import Policy, PolicyFactory
from .sequence import Sequence, Verdict
from .stamps import nanoseconds

TRIGGER = 'trigger'
"""Encoding of packets that hold trigger edges only; they come between those of the events."""
PIXELS_LIMIT = 1 << 24
"""Most pixels of a sensor: masks of more would take the memory of the vehicle."""
_PENDING_FRAMES = 32


@dataclass(frozen=True)
class StampedWindow:
    """A window and when it ended on the host's clock.

    Attributes:
        window: Its events, or their sums (events.summed_window).
        stamp_ns: Host time of its end, or the stamp of the frame that ended it.
        frame_id: Frame of the sensor.
        epoch: That of the stream when it was cut.
    """

    window: Window
    stamp_ns: int
    frame_id: str
    epoch: int = 0


class EventStream:
    """Decodes the messages of one publisher, all of them and in order.

    Attributes:
        counters: packets, bytes, events, and what went wrong by name (see DROPS).
        clock: Sensor time on the host's clock.
        restarts: How often the stream began anew, as a recording does when it loops.
        epoch: How often what was known of the time before became worthless, by whatever cause.
        format: Encoding and sensor size, '' before the first packet.
        size: Sensor columns and rows, None before the first packet.
        frame_id: Frame of the sensor, '' before the first packet.
        stamp_ns: Stamp of the newest packet, 0 before the first.
    """

    DROPS = (
        'packets_lost', 'packets_shed', 'packets_duplicate', 'packets_late',
        'packets_undecodable', 'frames_superseded', 'frames_late', 'frames_dropped',
        'events_dropped', 'events_thinned')

    def __init__(self, policy: PolicyFactory, keep_events: bool = False) -> None:
        """Wait for the first packet.

        Args:
            policy: Makes a window policy for a sensor's columns and rows.
            keep_events: Whether windows keep their events, as the representation 'eventsam'
                needs; otherwise they are summed, and a window takes 8 bytes a pixel at most.
        """
        self._make_policy = policy
        self._keep_events = keep_events
        self._most: int | None = None
        self._decoder: PacketDecoder | None = None
        self._trigger_decoder: PacketDecoder | None = None
        self._policy: Policy | None = None
        self._jumps = 0
        self._sequence, self._trigger_sequence = Sequence(), Sequence()
        self._frames: dict[int, int] = {}
        self._before: Counter[str] = Counter()
        self.clock = SensorClock()
        self.counters: Counter[str] = Counter()
        self.restarts = 0
        self.epoch = 0
        self.format = ''
        self._kind: tuple[str, int, int] | None = None
        self.size: tuple[int, int] | None = None
        self.frame_id = ''
        self.stamp_ns = 0

    def counts(self) -> dict[str, int]:
        """Return all counters, those of the decoders and of the windows among them."""
        merged = self._before.copy()
        for part in (self._decoder, self._trigger_decoder, self._policy, self.clock,
                     self._sequence, self._trigger_sequence):
            if part is not None:
                merged.update(part.counters)
        # Packets and events are what this stream took, whatever its decoders made of them.
        counts = {**merged, **self.counters, 'stream_restarts': self.restarts}
        # What waited for the end of its window when the stream began anew is no fault.
        counts['events_dropped'] = merged['events_dropped'] - self.counters['events_unfinished']
        counts['events_waiting'] = 0 if self._policy is None else self._policy.waiting
        return counts

    def reset(self) -> None:
        """Forget time, windows and decoder state; the counters go on."""
        self.epoch += 1
        for decoder in (self._decoder, self._trigger_decoder):
            if decoder is not None:
                decoder.reset()
        if self._policy is not None:
            before = self._policy.counters['events_dropped']
            self._policy.reset()
            self.counters['events_unfinished'] += (
                self._policy.counters['events_dropped'] - before)
        self.clock.reset()
        self._sequence.reset()
        self._trigger_sequence.reset()
        self._frames.clear()

    def packet(self, packet: EventPacket) -> list[StampedWindow]:
        """Decode a packet and return the windows that it completes.

        A packet that comes a second time or after its successors is counted and left out: the
        events of its time have been handed on, and decoders take packets in order only.

        Args:
            packet: The next message of the topic.

        Raises:
            DecodeError: An encoding or a sensor size that cannot be; the packet is counted.
        """
        data = memoryview(packet.events)
        self.counters['packets'] += 1
        self.counters['bytes'] += len(data)
        stamp_ns = nanoseconds(packet.header.stamp)
        triggers = packet.encoding == TRIGGER
        if not self._follows(packet.seq, stamp_ns, data, triggers):
            return []
        try:
            if packet.is_bigendian:
                raise DecodeError(BIG_ENDIAN)
            decoder = self._prepare(packet)
            pieces = (iter((decoder.decode(data, packet.time_base),)) if self._keep_events
                      else decoder.decode_pieces(data, packet.time_base))
        except DecodeError:
            self.counters['packets_undecodable'] += 1
            raise
        if packet.encoding != TRIGGER:
            self.frame_id = packet.header.frame_id
        windows = self._advance(pieces, stamp_ns, decoder)
        self.counters['packets_decoded'] += 1
        return windows

    def shed(self, packet: EventPacket) -> None:
        """Leave out a packet for which there was no time; the next one is as after a loss.

        Args:
            packet: The next message of the topic; its bytes may be gone.
        """
        self.counters['packets'] += 1
        triggers = packet.encoding == TRIGGER
        if self._follows(packet.seq, nanoseconds(packet.header.stamp),
                         memoryview(packet.events), triggers):
            self.counters['packets_shed'] += 1
            decoder = self._trigger_decoder if triggers else self._decoder
            if decoder is not None:
                decoder.gap()

    def array(self, message: bytes) -> list[StampedWindow]:
        """Take a serialised EventArray and return the windows that it completes.

        Args:
            message: The next message of the topic, CDR.

        Raises:
            DecodeError: Bytes that are no such message; it is counted.
        """
        self.counters['packets'] += 1
        self.counters['bytes'] += len(message)
        try:
            record = read_event_array(message)
            self._begin('EventArray', record.width, record.height, record.frame_id)
        except DecodeError:
            self.counters['packets_undecodable'] += 1
            raise
        self.frame_id = record.frame_id
        for name, count in record.counts.items():
            if name != 'events':
                self.counters[name] += count
        events = record.events
        if not self._keep_events:
            events = PixelEvents.of(events, record.width, record.height)
        windows = self._advance(iter((events,)), record.stamp_ns)
        self.counters['packets_decoded'] += 1
        return windows

    def thin_to(self, events_per_window: int | None) -> None:
        """Set how many events of a window are kept, evenly in space; None keeps all.

        The others are counted as events_thinned. With the policy period, which sums events as
        they come, the window before tells how many there will be.

        Args:
            events_per_window: At least 1.

        Raises:
            ValueError: Fewer than 1.
        """
        if events_per_window is not None and events_per_window < 1:
            raise ValueError(
                f'events of a window must be at least 1, but got {events_per_window}')
        self._most = events_per_window
        if self._policy is not None:
            self._policy.thin_to(events_per_window)

    def frame(self, stamp_ns: int, shown_ns: int) -> list[StampedWindow]:
        """End a window at a frame's time; without a policy of frames nothing happens.

        Args:
            stamp_ns: The frame's stamp, which the window's masks will carry.
            shown_ns: Host time that the frame shows.

        Returns:
            The window, if its events are here already; otherwise a later packet brings it.
        """
        if not isinstance(self._policy, FrameWindows) or self.clock.offset_ns is None:
            return []
        t_end = self.clock.to_sensor(shown_ns)
        self._frames[t_end] = stamp_ns
        while len(self._frames) > _PENDING_FRAMES:
            self._frames.pop(next(iter(self._frames)))
            self.counters['frames_superseded'] += 1
        return [self._stamped(window) for window in self._policy.frame(t_end)]

    def _advance(
        self, pieces: Iterator[Events], stamp_ns: int, decoder: PacketDecoder | None = None,
    ) -> list[StampedWindow]:
        """Push what came at a time, piece by piece; the decoder has its trigger edges."""
        policy, self.stamp_ns = self._policy, stamp_ns
        windows: list[Window] = []
        first = last = None
        for events in pieces:
            if decoder is not None and isinstance(policy, TriggerWindows):
                windows += policy.triggers(decoder.take_triggers())
            if len(events) == 0:
                continue
            self.counters['events'] += len(events)
            last = int(events.t[-1])
            if first is None:
                first = int(events.t[0])
            if policy is not None:
                windows += policy.push(events)
        if first is not None and last is not None:
            self.clock.update(first, last, stamp_ns)
        if policy is not None and (jumps := policy.counters['jumps_back']) > self._jumps:
            self._jumps = jumps
            self.restarts += 1
            self.epoch += 1
        return [self._stamped(window) for window in windows]

    def _follows(self, seq: int, stamp_ns: int, data: memoryview, triggers: bool) -> bool:
        """Follow the publisher's numbers; return whether the packet is to be decoded."""
        sequence = self._trigger_sequence if triggers else self._sequence
        verdict = sequence.take(seq, stamp_ns, data)
        if verdict is Verdict.NEXT:
            return True
        if verdict is Verdict.DUPLICATE or verdict is Verdict.LATE:
            return False
        decoder = self._trigger_decoder if triggers else self._decoder
        if verdict is Verdict.GAP and decoder is not None:
            decoder.gap()
        if verdict is Verdict.RESTART and not triggers:
            self.restarts += 1
            self.reset()
            sequence.take(seq, stamp_ns, data)
        return True

    def _prepare(self, packet: EventPacket) -> PacketDecoder:
        encoding, width, height = packet.encoding, packet.width, packet.height
        if encoding == TRIGGER:
            if self._trigger_decoder is None or self._trigger_decoder.size != (width, height):
                self._trigger_decoder = PacketDecoder(encoding, width, height)
            return self._trigger_decoder
        if self._decoder is None or self._kind != (encoding, width, height):
            decoder = PacketDecoder(encoding, width, height)
            self._begin(encoding, width, height, packet.header.frame_id)
            self._decoder = decoder
        return self._decoder

    def _begin(self, encoding: str, width: int, height: int, frame_id: str) -> None:
        """Begin a stream of another encoding or sensor size; nothing where they are the same."""
        if self._kind == (encoding, width, height):
            return
        if width * height > PIXELS_LIMIT:
            raise DecodeError(f'sensor size must be at most {PIXELS_LIMIT} pixels, '
                              f'but got {width}x{height}')
        for part in (self._decoder, self._policy):
            if part is not None:
                self._before.update(part.counters)
        self.restarts += bool(self.format)
        self.epoch += 1
        self.clock.reset()
        self._frames.clear()
        self._decoder = None
        self._policy = self._make_policy(width, height)
        self._policy.thin_to(self._most)
        self._jumps = 0
        self._kind = encoding, width, height
        # Other threads ask for the frame once they know the size.
        self.frame_id = frame_id
        self.size = width, height
        self.format = f'{encoding} {width}x{height}'

    def _stamped(self, window: Window) -> StampedWindow:
        stamp_ns = self._frames.pop(window.t_end, None)
        if stamp_ns is None:
            stamp_ns = self.clock.to_host(window.t_end)
        self.counters['events_in_windows'] += len(window)
        return StampedWindow(window, stamp_ns, self.frame_id, self.epoch)
