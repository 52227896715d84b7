# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The sensor's time on the host's clock, against a simulated truth.

The truth is the host time of an event, plus the least delay between the last event of a packet
and its stamp, which is 0 here: it is constant, and no clock can see it from packets and stamps.
"""

from __future__ import annotations

from dataclasses import dataclass
import time

from hypothesis import example, given
from hypothesis import strategies as st
import numpy as np
import pytest

from eventsam_ros.evaluation.recordings import open_recording
from eventsam_ros.events import Events, PacketDecoder
from eventsam_ros.events.clock import SensorClock
from eventsam_ros.events.windows import PeriodWindows

MS = 1_000_000
SECOND = 1000 * MS
OFFSET = 1_767_225_600_000_000_000
WRAP = 16_777_216_000
PPM = 1e-6

# Delays behind the promptest, ns. All have a floor: a message is never early.
JITTERS = {
    'none': lambda _, n: np.zeros(n),
    'uniform to 5 ms': lambda rng, n: rng.uniform(0, 5 * MS, n),
    'exponential of 5 ms': lambda rng, n: rng.exponential(5 * MS, n),
    'half normal of 5 ms': lambda rng, n: np.abs(rng.normal(0, 5 * MS, n)),
    'gamma of 5 ms': lambda rng, n: rng.gamma(2, 2.5 * MS, n),
    'mostly prompt': lambda rng, n: rng.exponential(5 * MS, n) * (rng.random(n) < 0.3),
}


@dataclass
class Camera:
    """A sensor and a host: what is true, and the packets that come of it."""

    offset: int = OFFSET
    drift: float = 0.0
    jitter: str = 'uniform to 5 ms'
    packet_ms: float = 10.0
    seed: int = 0
    t: int = 0
    start: int = 0

    def __post_init__(self):
        self.rng = np.random.default_rng(self.seed)

    def host(self, t):
        """Return the true host time of a sensor time."""
        return t + self.offset + round((t - self.start) * self.drift)

    def packets(self, seconds, stamps='end', chunks=None):
        """Yield first and last event time and stamp of each packet.

        stamps: 'end' when the bytes have come, 'begin' with the first event.
        chunks: share of packets that hold two chunks; the stamp is the first one's.
        """
        count = round(seconds * 1000 / self.packet_ms)
        late = JITTERS[self.jitter](self.rng, count).astype(np.int64).tolist()
        length = round(self.packet_ms * MS)
        for delay in late:
            first, end = self.t + 20_000, self.t + length
            self.t = last = end
            if chunks is not None and self.rng.random() < chunks:
                self.t = last = end + length
            stamped = first if stamps == 'begin' else end
            yield first, last, self.host(stamped) + delay


def feed(clock, camera, seconds, **options):
    for packet in camera.packets(seconds, **options):
        clock.update(*packet)


def error_ms(clock, camera):
    """Return how far the clock is off at the end of the newest packet, both ways, ms."""
    host = camera.host(camera.t)
    there = (clock.to_host(camera.t) - host) / MS
    back = (clock.to_sensor(host) - camera.t) / MS
    assert there == pytest.approx(-back, abs=0.05)
    return there


@pytest.mark.parametrize('jitter', JITTERS)
@pytest.mark.parametrize('drift', [100, -100, 0])
@pytest.mark.parametrize('packet_ms', [4, 10])
def test_within_a_millisecond_after_two_seconds_and_from_then_on(jitter, drift, packet_ms):
    for seed in range(12):
        camera = Camera(
            drift=drift * PPM, jitter=jitter, packet_ms=packet_ms, seed=seed, t=5 * SECOND)
        clock = SensorClock()
        feed(clock, camera, 2)
        assert abs(error_ms(clock, camera)) < 1
        for _ in range(4):
            feed(clock, camera, 2)
            assert abs(error_ms(clock, camera)) < 1
        assert clock.counters == {'jumps': 0, 'outliers': 0}
        assert clock.drift_ppm == pytest.approx(drift, abs=50)


@pytest.mark.parametrize('drift', [100, -100])
@pytest.mark.parametrize('step', [SECOND, -SECOND])
@pytest.mark.parametrize('jitter', JITTERS)
def test_within_a_millisecond_two_seconds_after_a_step_of_the_host_clock(drift, step, jitter):
    for seed in range(12):
        camera = Camera(drift=drift * PPM, jitter=jitter, seed=seed)
        clock = SensorClock()
        feed(clock, camera, 3)
        camera.offset += step
        feed(clock, camera, 0.05)
        assert abs(error_ms(clock, camera)) < 30
        feed(clock, camera, 1.95)
        assert abs(error_ms(clock, camera)) < 1
        assert clock.counters['jumps'] == 1


@pytest.mark.parametrize('step_ms', [30, 100, -5, -15, -30, -100])
def test_smaller_steps_of_the_host_clock_are_followed_too(step_ms):
    for seed in range(8):
        camera = Camera(drift=50 * PPM, seed=seed)
        clock = SensorClock()
        feed(clock, camera, 3)
        camera.offset += step_ms * MS
        feed(clock, camera, 2)
        # What is within the jitter looks like drift at first.
        assert abs(error_ms(clock, camera)) < (1 if abs(step_ms) > 5 else 1.5)


def test_a_host_clock_that_is_slewed_is_followed():
    camera = Camera(drift=100 * PPM)
    clock = SensorClock()
    feed(clock, camera, 20)
    for rate in (600, -400, 0):
        camera.offset, camera.start = camera.host(camera.t) - camera.t, camera.t
        camera.drift = rate * PPM
        feed(clock, camera, 12)
        assert abs(error_ms(clock, camera)) < 1


@example(seed=0, drift=1, start=777, jitter='none')   # rounding is not jitter
@example(seed=219969, drift=0, start=896397, jitter='gamma of 5 ms')   # a late start is no pace
@given(seed=st.integers(0, 2**31), drift=st.integers(-100, 100), start=st.integers(0, 10**6),
       jitter=st.sampled_from(sorted(JITTERS)))
def test_no_seed_is_further_off_than_a_millisecond(seed, drift, start, jitter):
    camera = Camera(drift=drift * PPM, jitter=jitter, seed=seed, t=start * MS, start=start * MS,
                    packet_ms=5)
    clock = SensorClock()
    feed(clock, camera, 2.5)
    # Where hardly any packet is prompt, the floor is not that sharp.
    assert abs(error_ms(clock, camera)) < (1.5 if jitter == 'gamma of 5 ms' else 1)


def test_window_ends_are_within_a_millisecond_of_the_truth():
    """Packets to windows to host stamps, as the node does it."""
    for drift in (100, -100):
        camera = Camera(drift=drift * PPM, t=7 * SECOND)
        clock, windows = SensorClock(), PeriodWindows(50 * MS, 64, 48)
        ends = []
        for k, (first, last, stamp) in enumerate(camera.packets(6)):
            if k == 300:
                camera.offset += SECOND
            t = np.linspace(first, last, 50).astype(np.int64)
            zero = np.zeros(50, np.uint16)
            clock.update(first, last, stamp)
            ends += [(k, clock.to_host(window.t_end) - camera.host(window.t_end))
                     for window in windows.push(Events(zero, zero, zero.astype(np.uint8), t))]
        late = [abs(error) for k, error in ends if 200 <= k < 300 or k >= 500]
        assert len(late) > 35
        assert max(late) < MS


def test_clean_stamps_give_exact_times():
    camera = Camera(jitter='none')
    clock = SensorClock()
    feed(clock, camera, 2)
    assert clock.offset_ns == OFFSET
    assert clock.to_host(camera.t) == camera.host(camera.t)
    assert clock.to_sensor(camera.host(camera.t)) == camera.t
    assert clock.delay_ms == 0


@pytest.mark.parametrize('step', [WRAP, -WRAP, 2 * SECOND, -50 * SECOND])
def test_step_of_the_sensor_time_begins_anew_and_no_window_before_has_a_wrong_time(step):
    camera = Camera(t=100 * SECOND, start=100 * SECOND, jitter='none')
    clock = SensorClock()
    feed(clock, camera, 3)
    before, host_before = camera.t, camera.host(camera.t)
    camera.t += step
    camera.start += step
    camera.offset -= step
    for packet in camera.packets(0.05):
        clock.update(*packet)
        # Times of both kinds come out right while the new ones are not confirmed yet.
        assert abs(clock.to_host(packet[1]) - packet[2]) < MS
        if clock.counters['jumps'] == 0:
            assert abs(clock.to_host(before) - host_before) < MS
            assert abs(clock.to_sensor(packet[2]) - packet[1]) < MS
            assert clock.offset_ns == pytest.approx(OFFSET - step, abs=MS)
    assert clock.counters['jumps'] == 1


def test_bag_loop_begins_anew_at_once():
    camera = Camera(t=100 * SECOND, start=100 * SECOND)
    clock = SensorClock()
    feed(clock, camera, 4)
    camera.t, camera.offset = 100 * SECOND, OFFSET + 3 * MS
    feed(clock, camera, 0.01)
    assert clock.counters == {'jumps': 1, 'outliers': 0}
    feed(clock, camera, 2)
    assert abs(error_ms(clock, camera)) < 1


@pytest.mark.parametrize('off', [700 * MS, -700 * MS, 20 * SECOND, -20 * SECOND])
@pytest.mark.parametrize('what', ['last', 'both', 'stamp'])
def test_one_corrupt_packet_moves_nothing(off, what):
    camera = Camera()
    clock = SensorClock()
    feed(clock, camera, 3)
    for first, last, stamp in camera.packets(1):
        if camera.rng.random() < 0.05:
            clock.update(first + off * (what == 'both'), last + off * (what != 'stamp'),
                         stamp - off * (what == 'stamp'))
        clock.update(first, last, stamp)
        assert abs(error_ms(clock, camera)) < 1
    assert clock.counters['jumps'] == 0


@pytest.mark.parametrize('share', [0.1, 0.3, 0.5, 1.0])
def test_packets_of_two_chunks_do_not_pull_the_clock_early(share):
    for seed in range(6):
        camera = Camera(packet_ms=4, seed=seed, drift=100 * PPM)
        clock = SensorClock()
        feed(clock, camera, 5, chunks=share)
        # Where all have two chunks, nobody can say when the first one ended.
        error = error_ms(clock, camera)
        assert abs(error) < 1 if share < 1 else -5 < error < 1


def test_stamps_of_the_first_event_are_noticed():
    """Packets of very different lengths, each stamped with its beginning."""
    for seed in range(6):
        camera = Camera(seed=seed, drift=-100 * PPM)
        clock = SensorClock()
        for _ in range(500):
            camera.packet_ms = float(camera.rng.uniform(2, 25))
            feed(clock, camera, camera.packet_ms / 1000, stamps='begin')
        assert abs(error_ms(clock, camera)) < 1


def test_a_busy_host_delays_packets_and_not_the_clock():
    camera = Camera()
    clock = SensorClock()
    feed(clock, camera, 3)
    stuck = list(camera.packets(0.3))
    for first, last, _ in stuck:
        clock.update(first, last, stuck[-1][2])
    assert abs(error_ms(clock, camera)) < 1
    assert clock.counters['jumps'] == 0


def test_two_cameras_that_are_a_turn_apart_agree_on_host_time():
    a, b = Camera(t=20 * SECOND), Camera(t=20 * SECOND + WRAP, offset=OFFSET - WRAP, seed=1)
    clocks = SensorClock(), SensorClock()
    for clock, camera in zip(clocks, (a, b), strict=True):
        feed(clock, camera, 3)
    assert abs(clocks[0].to_host(a.t) - clocks[1].to_host(b.t)) < 2 * MS


def test_silence_that_hides_turns_of_the_sensor_counter_is_bridged_by_the_stamps():
    """After 60 s without events an EVT 3 decoder knows the time but for whole turns."""
    camera = Camera()
    clock = SensorClock()
    feed(clock, camera, 3)
    camera.t, camera.offset = camera.t + 60 * SECOND - 3 * WRAP, camera.offset + 3 * WRAP
    feed(clock, camera, 2)
    assert abs(error_ms(clock, camera)) < 1


def test_silence_without_lost_turns_is_no_jump():
    camera = Camera(drift=100 * PPM)
    clock = SensorClock()
    feed(clock, camera, 20)
    camera.t += 60 * SECOND
    feed(clock, camera, 0.1)
    assert abs(error_ms(clock, camera)) < 6
    feed(clock, camera, 2)
    assert abs(error_ms(clock, camera)) < 1
    assert clock.counters['jumps'] == 0


def test_sim_time_that_starts_at_zero_pauses_and_starts_again():
    camera = Camera(offset=0, t=SECOND)
    clock = SensorClock()
    feed(clock, camera, 3)
    assert abs(error_ms(clock, camera)) < 1
    feed(clock, camera, 3)   # a pause stops both clocks, so nothing is to be seen of it
    camera.t = SECOND
    feed(clock, camera, 3)
    assert abs(error_ms(clock, camera)) < 1
    assert clock.counters['jumps'] == 1


@pytest.mark.parametrize('rate', [0.25, 0.5, 2, 8])
def test_recording_that_is_played_at_another_rate_with_stamps_of_now_is_followed(rate):
    camera = Camera(drift=1 / rate - 1)
    clock = SensorClock()
    feed(clock, camera, 6 * max(rate, 1))
    assert abs(clock.to_host(camera.t) - camera.host(camera.t)) < 3 * MS
    assert abs(clock.to_sensor(camera.host(camera.t)) - camera.t) < 3 * MS * max(rate, 1)


def test_few_events_leave_few_packets_but_no_wrong_clock():
    """A dark scene: one event now and then, anywhere in its packet."""
    camera = Camera(drift=50 * PPM, jitter='mostly prompt')
    clock = SensorClock()
    for first, last, stamp in camera.packets(20):
        if camera.rng.random() < 0.3:
            one = int(camera.rng.integers(first, last))
            clock.update(one, one, stamp)
    assert -1 < error_ms(clock, camera) < 3
    assert clock.counters['jumps'] == 0


def test_duplicated_and_reordered_packets_move_nothing():
    camera = Camera()
    clock = SensorClock()
    packets = list(camera.packets(5))
    for k in range(0, len(packets) - 3, 3):
        for j in (1, 0, 2, 2, 1):
            clock.update(*packets[k + j])
    assert abs(error_ms(clock, camera)) < 1
    assert clock.counters['jumps'] == 0


def test_delay_of_the_newest_packet_is_measured():
    camera = Camera(jitter='none')
    clock = SensorClock()
    feed(clock, camera, 3)
    first, last, stamp = next(iter(camera.packets(0.01)))
    clock.update(first, last, stamp + 7 * MS)
    assert clock.delay_ms == pytest.approx(7, abs=0.1)


def test_packets_a_few_ns_apart_in_times_since_the_epoch_are_kept_apart():
    clock = SensorClock(span_ns=100)
    for k in range(50):
        clock.update(OFFSET + 3 * k, OFFSET + 3 * k, OFFSET + 3 * k + 7)
    assert clock.to_host(OFFSET + 200) == OFFSET + 207


def test_clock_without_a_packet_says_so():
    clock = SensorClock()
    assert clock.offset_ns is None
    assert clock.drift_ppm is None
    with pytest.raises(ValueError, match=r'^the sensor clock needs a packet '):
        clock.to_host(0)
    feed(clock, Camera(), 1)
    clock.reset()
    with pytest.raises(ValueError, match=r'^the sensor clock needs a packet '):
        clock.to_sensor(0)
    with pytest.raises(ValueError, match=r'^span must be at least 1 ns, but got 0$'):
        SensorClock(0)


def test_a_thousand_packets_a_second_take_little_of_it():
    camera = Camera(packet_ms=1)
    packets = list(camera.packets(10))
    clock = SensorClock()
    begin = time.process_time()
    for packet in packets:
        clock.update(*packet)
        clock.to_host(packet[1])
    assert time.process_time() - begin < 1


@pytest.mark.parametrize('name', ['test_events_2', 'test_data_evt3_trigger'])
def test_real_packets_arrive_just_after_their_last_event(recordings, name):
    clock = SensorClock()
    delays = []
    with open_recording(recordings[name]) as recording:
        for packet in recording.packets():
            if not delays:
                decoder = PacketDecoder(packet.encoding, packet.width, packet.height)
            events = decoder.decode(packet.data, packet.time_base)
            clock.update(int(events.t[0]), int(events.t[-1]), packet.stamp_ns)
            delays.append(clock.delay_ms)
    assert clock.counters == {'jumps': 0, 'outliers': 0}
    assert min(delays) == 0
    assert np.median(delays) < 1
