# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Packets to stamped windows, whatever happens to the packets."""

from __future__ import annotations

import pytest

from eventsam_ros.errors import DecodeError
from eventsam_ros.events.windows import FrameWindows, PeriodWindows
from eventsam_ros.nodes.stream import EventStream

MS = 1_000_000


def periods(width, height):
    return PeriodWindows(50 * MS, width, height)


def test_every_event_is_decoded_and_windows_carry_the_host_time_of_their_end(camera):
    stream = EventStream(periods)
    windows = [w for _ in range(21) for w in stream.packet(camera.packet())]
    assert len(windows) == 4
    assert stream.counters['events'] == 21 * 500
    assert all(w.frame_id == 'camera_optical_frame' for w in windows)
    # The camera stamps each packet 1 ms after its end, and the last event is 20 µs before it.
    first_end = camera.host_end_ns - 16 * camera.PACKET_NS
    expected = [first_end + k * 50 * MS for k in range(4)]
    assert [w.stamp_ns for w in windows] == pytest.approx(expected, abs=1.1 * MS)
    assert [len(w.window.events) for w in windows] == [2500] * 4


def test_lost_packets_are_counted_and_the_stream_goes_on(camera):
    stream = EventStream(periods)
    packets = [camera.packet() for _ in range(12)]
    del packets[4:7]
    windows = [w for p in packets for w in stream.packet(p)]
    assert stream.counters['packets_lost'] == 3
    assert len(windows) == 2
    assert stream.restarts == 0


def test_a_number_that_goes_back_begins_anew_without_a_loss(camera):
    stream = EventStream(periods)
    packets = [camera.packet() for _ in range(8)]
    for packet in [*packets, *packets]:
        stream.packet(packet)
    assert stream.restarts == 1
    assert stream.counters['packets_lost'] == 0
    assert stream.counters['events'] == 2 * 8 * 500
    # Of the first 80 ms, 50 ms made a window and 30 ms waited for the end of theirs.
    assert stream.counts()['events_unfinished'] == pytest.approx(1500, abs=60)
    assert stream.counts()['events_dropped'] == 0


def test_a_publisher_that_does_not_count_loses_nothing(camera):
    stream = EventStream(periods)
    for _ in range(5):
        packet = camera.packet()
        packet.seq = 0
        stream.packet(packet)
    assert stream.counters['packets_lost'] == 0
    assert stream.restarts == 0


def test_an_unknown_encoding_is_counted_and_does_not_disturb_the_stream(camera):
    stream = EventStream(periods)
    windows = []
    for k in range(12):
        packet = camera.packet()
        windows += stream.packet(packet)
        if k == 5:
            packet.encoding, packet.seq = 'evt9', packet.seq + 1
            camera.seq += 1
            with pytest.raises(DecodeError, match='evt3, libcaer'):
                stream.packet(packet)
    assert stream.counters['packets_undecodable'] == 1
    assert stream.counters['packets_lost'] == 0
    assert len(windows) == 2


def test_another_sensor_size_begins_a_new_decoder(camera):
    stream = EventStream(periods)
    stream.packet(camera.packet())
    packet = camera.packet()
    packet.width = 128
    stream.packet(packet)
    assert stream.format == 'evt3 128x64'


def test_windows_of_frames_end_at_the_frames_and_carry_their_stamps(camera):
    stream = EventStream(lambda w, h: FrameWindows(w, h, 20 * MS))
    assert stream.frame(camera.host_end_ns, 'f') == []  # no packet yet, so no clock either
    stream.packet(camera.packet())
    stamp = camera.host_end_ns + 25 * MS
    windows = stream.frame(stamp, 'f')
    for _ in range(5):
        windows += stream.packet(camera.packet())
    (window,) = windows
    assert window.stamp_ns == stamp
    # 20 ms of 500 events in 10 ms.
    assert len(window.window.events) == pytest.approx(1000, abs=60)


def test_reset_forgets_time_but_not_the_counters(camera):
    stream = EventStream(periods)
    for _ in range(3):
        stream.packet(camera.packet())
    stream.reset()
    assert stream.counts()['packets'] == 3
    assert stream.packet(camera.packet()) == []
