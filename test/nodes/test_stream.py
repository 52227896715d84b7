# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Packets to stamped windows, whatever happens to the packets."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from eventsam_ros.errors import DecodeError
from eventsam_ros.events import PacketDecoder
from eventsam_ros.events.decoder import PIECE_BYTES
from eventsam_ros.events.summed_window import SummedWindow
from eventsam_ros.events.tensors import window_image
from eventsam_ros.events.windows import CountWindows, FrameWindows, PeriodWindows
from eventsam_ros.nodes.stream import EventStream

MS = 1_000_000
START_NS = 1_600_000_000 * 10**9


def array_message(begin_ns):
    """Return an EventArray of 100 events within 5 ms in CDR."""
    times = [divmod(begin_ns + k * 50_000, 10**9) for k in range(100)]
    head = struct.pack('<4BII', 0, 1, 0, 0, *times[0]) + struct.pack('<I4s', 4, b'cam\0')
    first, *rest = times
    return head + struct.pack('<3I', 64, 96, 100) + struct.pack('<HHIIB', 5, 6, *first, 1) + (
        b''.join(struct.pack('<xHHxxIIB', 5, 6, *t, 1) for t in rest))


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
    assert [len(w.window) for w in windows] == [2500] * 4


def test_who_sees_the_sensor_s_size_sees_its_frame(camera, monkeypatch):
    """A prompt that comes while the first packet is decoded must not be refused for its frame."""
    stream, decode, seen = EventStream(periods), PacketDecoder.decode_pixels, []

    def looked_at(self, *arguments):
        seen.append((stream.size, stream.frame_id))
        return decode(self, *arguments)
    monkeypatch.setattr(PacketDecoder, 'decode_pixels', looked_at)
    stream.packet(camera.packet())
    assert seen == [(stream.size, 'camera_optical_frame')]
    assert stream.size is not None


def test_lost_packets_are_counted_and_the_stream_goes_on(camera):
    stream = EventStream(periods)
    packets = [camera.packet() for _ in range(12)]
    del packets[4:7]
    windows = [w for p in packets for w in stream.packet(p)]
    assert stream.counts()['packets_lost'] == 3
    assert len(windows) == 2
    assert stream.restarts == 0


def test_a_number_that_goes_back_begins_anew_without_a_loss(camera):
    stream = EventStream(periods)
    packets = [camera.packet() for _ in range(70)]
    for packet in [*packets, *packets]:
        stream.packet(packet)
    assert stream.restarts == 1
    assert stream.counts()['packets_lost'] == 0
    assert stream.counts()['packets_duplicate'] == 0
    assert stream.counters['events'] == 2 * 70 * 500
    # The last 50 ms of the first round waited for the end of their window.
    assert stream.counts()['events_unfinished'] == pytest.approx(2500, abs=60)
    assert stream.counts()['events_dropped'] == 0


def test_what_comes_twice_or_late_is_not_decoded(camera):
    stream = EventStream(periods)
    p = [camera.packet() for _ in range(12)]
    windows = []
    for k in (0, 1, 1, 2, 4, 3, 5, 6, 5, 7, 8, 9, 10, 11):
        windows += stream.packet(p[k])
    counts = stream.counts()
    assert counts['packets_duplicate'] == 2
    assert counts['packets_late'] == 1
    assert counts['packets_lost'] == 0  # 3 was late, not lost
    assert counts['events'] == 11 * 500
    assert counts['stream_restarts'] == 0
    assert len(windows) == 2
    assert sum(len(w.window) for w in windows) == pytest.approx(4500, abs=60)


def test_packets_that_add_up(camera):
    rng = np.random.default_rng(5)
    stream = EventStream(periods)
    arriving, sent = [], 400
    for k in range(sent):
        packet = camera.packet(count=20)
        fate = rng.integers(0, 10)
        if fate > 0:
            arriving.append((k, packet))
        if fate == 1:
            arriving.append((k + 5, packet))
    arriving.sort(key=lambda pair: pair[0] + 3 * (pair[0] % 17 == 4))
    arriving = [pair for pair in arriving if pair[0] < sent]
    for _, packet in arriving:
        stream.packet(packet)
    counts = stream.counts()
    assert counts['packets'] == len(arriving)
    decoded = counts['events'] // 20
    assert decoded == counts['packets'] - counts['packets_duplicate'] - counts['packets_late']
    distinct = {packet.seq for _, packet in arriving}
    assert counts['packets_lost'] == max(distinct) - min(distinct) + 1 - len(distinct)


def test_a_publisher_that_does_not_count_loses_nothing(camera):
    stream = EventStream(periods)
    for _ in range(5):
        packet = camera.packet()
        packet.seq = 0
        stream.packet(packet)
    assert stream.counts()['packets_lost'] == 0
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
    assert stream.counts()['packets_lost'] == 0
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
    now = camera.host_end_ns
    assert stream.frame(now, now) == []  # no packet yet, so no clock either
    stream.packet(camera.packet())
    stamp = camera.host_end_ns + 25 * MS
    windows = stream.frame(stamp, stamp)
    for _ in range(5):
        windows += stream.packet(camera.packet())
    (window,) = windows
    assert window.stamp_ns == stamp
    # 20 ms of 500 events in 10 ms.
    assert len(window.window) == pytest.approx(1000, abs=60)


def test_windows_know_whether_the_stream_began_anew_after_them(camera):
    stream = EventStream(periods)
    packets = [camera.packet() for _ in range(70)]
    before = [w.epoch for p in packets for w in stream.packet(p)]
    assert set(before) == {stream.epoch}
    after = [w.epoch for p in packets for w in stream.packet(p)]
    assert set(after) == {stream.epoch}
    assert stream.epoch > before[0]


def test_arrays_whose_time_jumps_back_begin_anew():
    stream = EventStream(periods)
    for k in (0, 1, 2, 3, 400, 0, 1):   # a recording that loops
        stream.array(array_message(START_NS + k * 10 * MS))
    assert stream.restarts == 1
    assert stream.counts()['jumps_back'] == 1


def test_big_endian_packets_are_counted_and_told(camera):
    stream, packet = EventStream(periods), camera.packet()
    packet.is_bigendian = True
    with pytest.raises(DecodeError, match='big-endian event packets cannot be decoded'):
        stream.packet(packet)
    assert stream.counts()['packets_undecodable'] == 1
    assert stream.counters['events'] == 0


def test_packets_of_triggers_do_not_name_the_sensor_s_frame(camera):
    stream = EventStream(periods)
    stream.packet(camera.packet())
    other = camera.packet()
    other.encoding, other.events, other.header.frame_id = 'trigger', [], ''
    stream.packet(other)
    assert stream.frame_id == 'camera_optical_frame'


def test_reset_forgets_time_but_not_the_counters(camera):
    stream = EventStream(periods)
    for _ in range(3):
        stream.packet(camera.packet())
    stream.reset()
    assert stream.counts()['packets'] == 3
    assert stream.packet(camera.packet()) == []


@pytest.mark.parametrize('policy', [
    periods, lambda w, h: FrameWindows(w, h, 20 * MS), lambda w, h: CountWindows(700, w, h)])
@pytest.mark.parametrize('piece', [PIECE_BYTES, 200])
def test_windows_are_the_same_whether_they_keep_their_events_or_not(
        policy, piece, camera, monkeypatch):
    monkeypatch.setattr('eventsam_ros.events.decoder.PIECE_BYTES', piece)
    kept, summed = EventStream(policy, keep_events=True), EventStream(policy)
    windows, others = [], []
    for k in range(40):
        packet = camera.packet()
        if k % 11 == 5:
            kept.shed(packet)
            summed.shed(packet)
            continue
        windows += kept.packet(packet)
        others += summed.packet(packet)
        stamp = camera.host_end_ns
        windows, others = windows + kept.frame(stamp, stamp), others + summed.frame(stamp, stamp)
    assert len(windows) > 5
    assert kept.counts() == summed.counts()
    for window, other in zip(windows, others, strict=True):
        assert isinstance(other.window, SummedWindow)
        assert (window.stamp_ns, len(window.window)) == (other.stamp_ns, len(other.window))
        np.testing.assert_array_equal(
            window_image(window.window, 'robust', 64, 48),
            window_image(other.window, 'robust', 64, 48))


def test_thinned_events_are_counted_and_all_are_kept_again(camera):
    stream = EventStream(lambda w, h: CountWindows(1000, w, h))
    stream.thin_to(100)
    thin = [w for _ in range(10) for w in stream.packet(camera.packet())]
    assert all(abs(len(w.window) - 100) <= 3 for w in thin)
    assert stream.counts()['events_thinned'] == 5000 - sum(len(w.window) for w in thin)
    stream.thin_to(None)
    full = [w for _ in range(10) for w in stream.packet(camera.packet())]
    assert [len(w.window) for w in full] == [1000] * 5
    with pytest.raises(ValueError, match=r'^events of a window must be at least 1, but got 0$'):
        stream.thin_to(0)
