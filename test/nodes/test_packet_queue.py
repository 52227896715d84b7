# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What waits for the decoder stays in order and within its bounds."""

from __future__ import annotations

import array
import threading
import time

from event_camera_msgs.msg import EventPacket
import pytest

from eventsam_ros.nodes.packet_queue import MOST_ENTRIES, Arrival, Kind, PacketQueue, arrived_ns


def packet(seq, size):
    message = EventPacket(seq=seq, events=array.array('B', bytes(size)))
    return Arrival(Kind.PACKET, message, time.monotonic_ns(), size)


def test_messages_leave_in_the_order_of_arrival():
    queue = PacketQueue(1000)
    queue.put(packet(k, 10) for k in range(5))
    queue.put([Arrival(Kind.FRAME, (1, 2), 0)])
    queue.put([packet(5, 10)])
    taken = [queue.take(0) for _ in range(8)]
    assert [t.message.seq for t in taken[:5]] == [0, 1, 2, 3, 4]
    assert taken[5].message == (1, 2)
    assert taken[6].message.seq == 5
    assert taken[7] is None
    assert queue.bytes == 0


def test_beyond_its_bytes_the_oldest_are_emptied_and_keep_their_numbers():
    queue = PacketQueue(1000)
    queue.put(packet(k, 300) for k in range(10))
    assert queue.bytes == 900
    taken = [queue.take(0) for _ in range(10)]
    assert [t.message.seq for t in taken] == list(range(10))
    assert [t.emptied for t in taken] == [True] * 7 + [False] * 3
    assert [len(t.message.events) for t in taken] == [0] * 7 + [300] * 3
    assert queue.bytes == 0


def test_one_message_may_be_larger_than_all_may_be():
    queue = PacketQueue(1000)
    queue.put([packet(0, 5000)])
    assert not queue.take(0).emptied


def test_emptied_messages_do_not_pile_up_without_end():
    queue = PacketQueue(1000)
    refused = queue.put(packet(k, 500) for k in range(MOST_ENTRIES + 7))
    assert refused == 7
    assert len(queue) == MOST_ENTRIES
    assert queue.bytes <= 1000
    # A reset always has a place.
    assert queue.put([Arrival(Kind.RESET, None, 0)]) == 0


def test_who_waits_is_woken_by_a_message_and_by_the_end():
    queue, taken = PacketQueue(1000), []

    def wait():
        while not queue.closed:
            taken.append(queue.take(None))
    thread = threading.Thread(target=wait)
    thread.start()
    queue.put([packet(0, 10)])
    while not taken:
        time.sleep(0.001)
    queue.close()
    thread.join(5)
    assert not thread.is_alive()
    assert [t and t.message.seq for t in taken] == [0, None]


def test_age_is_counted_from_reception():
    queue = PacketQueue(1000)
    assert queue.age_ms() == 0
    received = time.time_ns() - 80_000_000
    queue.put([Arrival(Kind.PACKET, EventPacket(), arrived_ns(received))])
    assert 80 <= queue.age_ms() < 2000


@pytest.mark.parametrize('received', [None, 0, 1, 1 << 62])
def test_a_reception_that_cannot_be_is_now(received):
    before = time.monotonic_ns()
    assert before <= arrived_ns(received) <= time.monotonic_ns()
