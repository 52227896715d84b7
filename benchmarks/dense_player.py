# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Publishes a simulated scene as a sensor of any event rate would: EVT3 with vector words.

The scene is that of the demo at 640 x 480; each of its events becomes as many neighbours as the
rate asks for. A packet holds 4.096 ms, one step of EVT3's high time, so that a second of packets
made beforehand is played for as long as one likes by writing the time into their first word.
`python -m benchmarks.dense_player RATE SECONDS` prints what was published as JSON.
"""

from __future__ import annotations

import argparse
import array
from itertools import pairwise
import json
import struct
import sys
import time

from event_camera_msgs.msg import EventPacket
import numpy as np
import rclpy
from rclpy.serialization import serialize_message

from eventsam_ros.benchmark.streams import HEIGHT, WIDTH, scene
from eventsam_ros.events import Events
from eventsam_ros.events.evt3_encoder import Evt3Encoder
from eventsam_ros.events.evt3_words import TIME_HIGH
from eventsam_ros.nodes import qos

PACKET_NS = 4_096_000
POOL = 244
_COLUMNS = 32
_SEQ = 0x1122334455667788
_WAIT_S = 120.0
_FLUSH_S = 1.0


def pool(rate: float, seed: int) -> list[Events]:
    """Return a second of packets with so many events a second, their times from 0 in each."""
    shown = scene(seed, 20, 50_000_000)
    events = Events.concatenate(shown.parts)
    places = np.searchsorted(events.t, events.t[0] + PACKET_NS * np.arange(POOL + 1))
    wanted = rate * PACKET_NS / 1e9
    parts = []
    for k, (low, high) in enumerate(pairwise(places.tolist())):
        part = events[low:high]
        start = int(events.t[0]) + k * PACKET_NS
        parts.append(_widened(part, start, wanted))
    return parts


def _widened(part: Events, start_ns: int, wanted: float) -> Events:
    """Return about as many events as are wanted, in runs of columns and then of rows."""
    if wanted < len(part):
        part = part[np.linspace(0, len(part) - 1, max(int(wanted), 1)).astype(np.int64)]
    share = wanted / max(len(part), 1)
    columns = min(max(round(share), 1), _COLUMNS)
    rows = max(round(share / columns), 1)
    t = np.clip((part.t - start_ns) // 1000, 0, PACKET_NS // 1000 - 1) * 1000
    x0 = np.minimum(part.x.astype(np.int64), WIDTH - columns)
    y0 = np.minimum(part.y.astype(np.int64), HEIGHT - rows)
    across, down = np.tile(np.arange(columns), rows), np.repeat(np.arange(rows), columns)
    size = columns * rows
    return Events(
        np.add.outer(x0, across).astype(np.uint16).ravel(),
        np.add.outer(y0, down).astype(np.uint16).ravel(),
        np.repeat(part.p, size), np.repeat(t, size))


def messages(parts: list[Events]) -> list[tuple[bytearray, int]]:
    """Return serialised packets, into which time, number and stamp are written when they go.

    With each comes where its events begin.
    """
    made = []
    for part in parts:
        packet = EventPacket(width=WIDTH, height=HEIGHT, encoding='evt3', seq=_SEQ)
        packet.header.frame_id = 'event_camera'
        data = Evt3Encoder(WIDTH, HEIGHT).encode(part)
        packet.events = array.array('B', data)
        raw = bytearray(serialize_message(packet))
        made.append((raw, raw.rindex(data)))
    return made


def main() -> int:
    """Play; the exit code is 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('rate', type=float, help='million events a second')
    parser.add_argument('seconds', type=float, help='how long to play')
    parser.add_argument('--topic', default='/events', help='where to publish')
    parser.add_argument('--seed', type=int, default=1, help='seed of the scene')
    arguments = parser.parse_args()
    parts = pool(arguments.rate * 1e6, arguments.seed)
    made = messages(parts)
    seq_at = made[0][0].index(struct.pack('<Q', _SEQ))
    rclpy.init(args=[])
    node = rclpy.create_node('dense_player')
    publisher = node.create_publisher(EventPacket, arguments.topic, qos.events())
    end = time.monotonic() + _WAIT_S
    while not publisher.get_subscription_count() and time.monotonic() < end:
        time.sleep(0.05)
    begun, k, late_s = time.monotonic(), 0, 0.0
    while (due := k * PACKET_NS / 1e9) < arguments.seconds:
        left = begun + due - time.monotonic()
        if left > 0:
            time.sleep(left)
        late_s = max(late_s, -left)
        message, at = made[k % POOL]
        struct.pack_into('<iI', message, 4, *divmod(time.time_ns(), 10**9))
        struct.pack_into('<Q', message, seq_at, k)
        struct.pack_into('<H', message, at, TIME_HIGH << 12 | k & 0xFFF)
        publisher.publish(bytes(message))
        k += 1
    seconds = time.monotonic() - begun
    events = sum(len(parts[j % POOL]) for j in range(k))
    time.sleep(_FLUSH_S)
    node.destroy_node()
    rclpy.try_shutdown()
    megabytes = sum(len(made[j % POOL][0]) for j in range(k)) / 1e6
    print(json.dumps({
        'packets': k, 'events': events, 'megabytes': megabytes, 'seconds': seconds,
        'late_s': late_s, 'events_per_s': events / seconds}))
    return 0


if __name__ == '__main__':
    sys.exit(main())
