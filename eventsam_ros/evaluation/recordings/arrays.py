# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Arrays of events, of messages or files, as event packets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from eventsam_ros.events.event_arrays import read_event_array, read_event_array_ros1
from eventsam_ros.events.mono_encoder import SPAN_NS, encode_mono
from eventsam_ros.events.types import Events

from ..messages import PacketRecord, packet_to_cdr

FRAME_ID = 'event_camera_optical_frame'
"""Frame of the events of a file, which names none."""

ARRAY_TYPES = ('dvs_msgs/msg/EventArray', 'prophesee_event_msgs/msg/EventArray')
"""Type names of messages that are arrays of events."""


def packets_of(
    raw: bytes | memoryview, ros1: bool, seq: int,
) -> Iterator[tuple[PacketRecord, bytes]]:
    """Turn an EventArray message into packets, one unless it spans more than 4.29 s.

    Args:
        raw: The serialised message.
        ros1: Whether it is of a ROS 1 bag.
        seq: Number of the first packet.

    Yields:
        The packet, and the same serialised.

    Raises:
        DecodeError: Bytes that are no such message.
    """
    record = read_event_array_ros1(raw) if ros1 else read_event_array(raw)
    for part in split_by_span(record.events):
        packet = replace(
            packet_of(part, record.stamp_ns, record.width, record.height, seq),
            frame_id=record.frame_id)
        yield packet, bytes(packet_to_cdr(packet))
        seq += 1


def split_by_span(events: Events) -> Iterator[Events]:
    """Cut events, in their order, into runs that one packet can hold; one run at least."""
    while len(events) and int(events.t.max()) - int(events.t.min()) >= SPAN_NS:
        beyond = np.abs(events.t - events.t[0]) >= SPAN_NS // 2
        count = int(beyond.argmax())
        yield events[:count]
        events = events[count:]
    yield events


def split_by_time(events: Events, length_ns: int) -> Iterator[Events]:
    """Cut events, in their order, where their progress passes multiples of a length.

    No events make no part.
    """
    if len(events) == 0:
        return
    slots = np.maximum.accumulate(events.t) // length_ns
    cuts = np.flatnonzero(np.diff(slots)) + 1
    for start, end in pairwise([0, *cuts.tolist(), len(events)]):
        yield from split_by_span(events[start:end])


def packet_of(events: Events, stamp_ns: int, width: int, height: int, seq: int) -> PacketRecord:
    """Make a packet of events of a file, which fit into one."""
    base = int(events.t.min()) if len(events) else 0
    return PacketRecord(
        stamp_ns=stamp_ns, frame_id=FRAME_ID, width=width, height=height, seq=seq,
        time_base=base, encoding='mono', data=encode_mono(events, base))
