# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The sensor's time on the host's clock, against a known offset."""

from __future__ import annotations

import numpy as np
import pytest

from eventsam_ros.evaluation.recordings import open_recording
from eventsam_ros.events import PacketDecoder
from eventsam_ros.events.clock import SensorClock

MS = 1_000_000
SECOND = 1000 * MS
OFFSET = 1_767_225_600_000_000_000


def feed(clock, start, seconds, offset=OFFSET, drift=0.0, jitter_ms=5.0, seed=0):
    """Feed packets of 10 ms that arrive at once or up to some ms late.

    Returns:
        Sensor time and true host time of the end of the last packet.
    """
    rng = np.random.default_rng(seed)
    for t in range(start, start + seconds * SECOND, 10 * MS):
        end = t + 10 * MS - 1000
        host = end + offset + round((end - start) * drift)
        late = 0 if rng.random() < 0.2 else int(rng.uniform(0, jitter_ms * MS))
        clock.update(t, end, host + late)
    return end, host


def test_late_packets_do_not_move_the_clock():
    clock = SensorClock()
    sensor, host = feed(clock, 0, 2)
    assert clock.to_host(sensor) == host
    assert clock.to_sensor(host) == sensor
    assert clock.offset_ns == OFFSET


@pytest.mark.parametrize('drift', [100e-6, -100e-6])
def test_drift_is_followed(drift):
    clock = SensorClock()
    sensor, host = feed(clock, 0, 60, drift=drift)
    assert abs(clock.to_host(sensor) - host) < MS


def test_least_difference_of_the_span_is_the_offset():
    rng = np.random.default_rng(4)
    clock = SensorClock(span_ns=SECOND)
    stamps, differences = [], []
    for _ in range(500):
        stamps.append((stamps[-1] if stamps else 0) + int(rng.integers(0, 50 * MS)))
        differences.append(int(rng.integers(0, 20 * MS)))
        clock.update(stamps[-1] - differences[-1], stamps[-1] - differences[-1], stamps[-1])
        recent = [d for s, d in zip(stamps, differences, strict=True) if s >= stamps[-1] - SECOND]
        assert clock.offset_ns == min(recent)


@pytest.mark.parametrize('step', [16_777_216_000, -16_777_216_000, 2 * SECOND, -2 * SECOND])
def test_step_of_the_sensor_time_or_of_the_host_begins_anew(step):
    clock = SensorClock()
    feed(clock, 100 * SECOND, 2)
    sensor, host = feed(clock, 102 * SECOND, 1, offset=OFFSET + step)
    assert clock.to_host(sensor) == host
    assert clock.counters == {'jumps': 1}


def test_bag_loop_begins_anew():
    clock = SensorClock()
    feed(clock, 100 * SECOND, 3)
    sensor, host = feed(clock, 100 * SECOND, 1, offset=OFFSET + 3 * MS)
    assert clock.to_host(sensor) == host
    assert clock.counters == {'jumps': 1}


def test_clock_without_a_packet_says_so():
    clock = SensorClock()
    assert clock.offset_ns is None
    with pytest.raises(ValueError, match=r'^the sensor clock needs a packet '):
        clock.to_host(0)
    feed(clock, 0, 1)
    clock.reset()
    with pytest.raises(ValueError, match=r'^the sensor clock needs a packet '):
        clock.to_sensor(0)
    with pytest.raises(ValueError, match=r'^span must be at least 1 ns, but got 0$'):
        SensorClock(0)


@pytest.mark.parametrize('name', ['test_events_2', 'test_data_evt3_trigger'])
def test_real_packets_arrive_just_after_their_last_event(recordings, name):
    clock = SensorClock()
    delays = []
    with open_recording(recordings[name]) as recording:
        for packet in recording.packets():
            if not delays:
                decoder = PacketDecoder(packet.encoding, packet.width, packet.height)
            events = decoder.decode(packet.data, packet.time_base)
            last = int(events.t.max())
            clock.update(int(events.t.min()), last, packet.stamp_ns)
            delays.append(packet.stamp_ns - clock.to_host(last))
    assert clock.counters == {'jumps': 0}
    assert min(delays) == 0
    assert np.median(delays) < MS
