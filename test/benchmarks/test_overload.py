# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What the benchmark of overload plays, and how it adds up."""

from __future__ import annotations

import struct

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 here')
pytest.importorskip('event_camera_msgs', reason='event_camera_msgs is not installed')

from benchmarks.dense_player import PACKET_NS, messages, pool
from benchmarks.overload import accounts
from eventsam_ros.events import PacketDecoder
from eventsam_ros.events.evt3_words import TIME_HIGH


def test_packets_of_the_pool_go_on_in_time_when_their_first_word_is_written():
    parts = pool(2e6, seed=1)[:6]
    made = messages(parts)
    decoder = PacketDecoder('evt3', 640, 480)
    for k, (part, (message, at)) in enumerate(zip(parts * 2, made * 2, strict=True)):
        struct.pack_into('<H', message, at, TIME_HIGH << 12 | k)
        events = decoder.decode(message[at:])
        np.testing.assert_array_equal(events.t, part.t + k * PACKET_NS)
        np.testing.assert_array_equal(events.x, part.x)
        np.testing.assert_array_equal(events.y, part.y)


@pytest.mark.parametrize('rate', [3e5, 2e7])
def test_the_pool_has_the_rate_that_is_asked_for(rate):
    parts = pool(rate, seed=1)
    seconds = len(parts) * PACKET_NS / 1e9
    assert sum(map(len, parts)) / seconds == pytest.approx(rate, rel=0.15)


def test_what_no_name_explains_is_left_over():
    counted = {'packets_decoded': 7, 'packets_shed': 2, 'windows': 5, 'masks_published': 3,
               'windows_superseded': 2, 'events': 100, 'events_in_windows': 60,
               'events_thinned': 30, 'events_waiting': 9}
    books = accounts(counted, {'packets': 10})
    assert {name: book['unexplained'] for name, book in books.items()} == {
        'packets': 1, 'windows': 0, 'events': 1}
