# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The decode thread: order, shedding by age and bytes, and accounts that add up."""

from __future__ import annotations

import time

import numpy as np
import pytest

from eventsam_ros.events import PacketDecoder
from eventsam_ros.events.windows import PeriodWindows
from eventsam_ros.nodes.budget import Budget
from eventsam_ros.nodes.decoding import Decoding
from eventsam_ros.nodes.packet_queue import Arrival, Kind, PacketQueue
from eventsam_ros.nodes.parameters import PARAMETERS
from eventsam_ros.nodes.stream import EventStream

MS = 1_000_000
SETTINGS = {p.name: p.default for p in PARAMETERS}


class Run:
    """A decode thread of its own, and what it hands on."""

    def __init__(self, most_bytes=10**9, **settings):
        self.windows, self.restarts, self.faults = [], [], []
        self.decoding = Decoding(
            EventStream(lambda w, h: PeriodWindows(50 * MS, w, h)), PacketQueue(most_bytes),
            Budget({**SETTINGS, **settings}), lambda *given: self.windows.append(given),
            lambda: self.restarts.append(True), self.faults.append)

    def put(self, packets, age_ms=0.0):
        now = time.monotonic_ns() - round(age_ms * MS)
        self.decoding.queue.put([
            Arrival(Kind.PACKET, p, now, len(p.events)) for p in packets])

    def counts_when(self, packets):
        """Return the counters when so many packets have been taken."""
        end = time.monotonic() + 20
        while self.decoding.counts().get('packets', 0) < packets:
            assert time.monotonic() < end
            time.sleep(0.005)
        time.sleep(0.05)
        return self.decoding.counts()


@pytest.fixture
def make_run():
    """Return a function that prepares a run; all are stopped in the end."""
    runs = []

    def make(*given, **settings):
        runs.append(Run(*given, **settings))
        return runs[-1]
    yield make
    for run in runs:
        run.decoding.stop()


def adds_up(counts):
    return counts['packets'] == sum(counts.get(name, 0) for name in (
        'packets_decoded', 'packets_shed', 'packets_duplicate', 'packets_late',
        'packets_undecodable', 'packets_failed'))


def test_windows_are_those_of_the_stream_and_know_what_completed_them(make_run, camera):
    packets = [camera.packet() for _ in range(21)]
    alone = EventStream(lambda w, h: PeriodWindows(50 * MS, w, h))
    expected = [w for p in packets for w in alone.packet(p)]
    run = make_run()
    run.decoding.start()
    begun = time.monotonic_ns()
    run.put(packets)
    counts = run.counts_when(21)
    assert [w.stamp_ns for w, _ in run.windows] == [w.stamp_ns for w in expected]
    assert all(begun <= arrived <= time.monotonic_ns() for _, arrived in run.windows)
    assert counts['packets_decoded'] == 21
    assert counts['events'] == 21 * 500
    assert counts.get('packets_shed', 0) == 0


def test_what_waited_too_long_is_shed_and_counted(make_run, camera):
    run = make_run(**{'overload.budget_ms': 1000.0})
    packets = [camera.packet() for _ in range(30)]
    run.put(packets[:10])
    run.put(packets[10:17], age_ms=5000.0)
    run.put(packets[17:])
    run.decoding.start()
    counts = run.counts_when(30)
    assert counts['packets_shed'] == 7
    assert counts['packets_decoded'] == 23
    assert counts.get('packets_lost', 0) == 0  # shed is not lost
    assert counts['stream_restarts'] == 0
    assert adds_up(counts)


def test_what_has_no_place_is_shed_and_counted(make_run, camera):
    packets = [camera.packet() for _ in range(40)]
    size = len(packets[20].events)
    run = make_run(5 * size + size // 2)
    run.put(packets)
    run.decoding.start()
    counts = run.counts_when(40)
    assert 33 <= counts['packets_shed'] <= 36
    assert counts.get('packets_lost', 0) == 0
    assert adds_up(counts)


def test_after_shed_packets_what_is_decoded_is_right(make_run, camera):
    """EVT3 is stateful: each packet alone, whose full time comes first, is the oracle."""
    packets = [camera.packet() for _ in range(40)]
    run = make_run()
    seen = []
    stream = run.decoding.stream
    advance = stream._advance

    def watched(pieces):
        for events in pieces:
            seen.append(events.copy())  # the next packet is decoded into the same arrays
            yield events

    def watch(pieces, *rest):
        return advance(watched(pieces), *rest)
    stream._advance = watch
    run.put(packets[:15])
    run.put(packets[15:25], age_ms=5000.0)
    run.put(packets[25:])
    run.decoding.start()
    run.counts_when(40)
    assert len(seen) == 30
    for packet, events in zip((*packets[:15], *packets[25:]), seen, strict=True):
        alone = PacketDecoder('evt3', packet.width, packet.height).decode(packet.events)
        np.testing.assert_array_equal(events.x, alone.x)
        np.testing.assert_array_equal(events.y, alone.y)
        np.testing.assert_array_equal(events.t, alone.t)


def test_arrays_and_lost_late_double_and_broken_packets_add_up(make_run, camera):
    run = make_run()
    packets = [camera.packet() for _ in range(30)]
    packets[9].encoding = 'evt9'
    packets[14].time_base = 2**64 - 1
    order = [0, 1, 2, 2, 3, 6, 5, *range(7, 30)]  # 4 is lost
    run.put([packets[k] for k in order])
    run.decoding.queue.put([Arrival(Kind.ARRAY, b'', 0, 0), Arrival(Kind.ARRAY, b'', 0, 8)])
    run.decoding.start()
    counts = run.counts_when(len(order) + 2)
    assert adds_up(counts)
    assert counts['packets_duplicate'] == counts['packets_late'] == counts['packets_lost'] == 1
    assert counts['packets_undecodable'] == 2
    assert counts['packets_shed'] == 2
    assert len(run.faults) == 2


def test_a_reset_comes_behind_what_was_there_before(make_run, camera):
    run = make_run()
    run.put([camera.packet() for _ in range(12)])
    run.decoding.queue.put([Arrival(Kind.RESET, None, 0)])
    run.decoding.start()
    counts = run.counts_when(12)
    assert len(run.windows) == 2
    assert run.restarts == [True]
    assert counts['packets_decoded'] == 12
    # The last 20 ms waited for the end of their window.
    assert counts['events_unfinished'] == pytest.approx(1000, abs=60)


def test_stop_lets_go_of_what_waits(make_run, camera):
    run = make_run()
    run.put([camera.packet() for _ in range(3)])
    run.decoding.stop()
    assert len(run.decoding.queue) == 0
    assert run.windows == []
