# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The event sensor against arithmetic on a brightness that is known."""

import math

import numpy as np
import pytest

from eventsam_ros.simulation.sensor import EventSensor, SensorConfig

IDEAL = SensorConfig(threshold=0.2, spread=0, refractory_us=0, noise_hz=0, hot_pixels=0,
                     dark_level=1e-6)


def ramp(sensor: EventSensor, logs: list[float], step_ns: int = 1_000_000):
    shape = (8, 10)
    return [sensor.show(np.full(shape, math.exp(v), np.float32), (1 + k) * step_ns)
            for k, v in enumerate(logs)]


def test_each_threshold_of_log_brightness_fires_once_in_the_right_direction():
    sensor = EventSensor(10, 8, IDEAL, np.random.default_rng(0))
    none, up, down = ramp(sensor, [-1.0, 0.0, -1.0])
    assert len(none) == 0
    # 1.0 / 0.2 = 5 thresholds; the random start phase moves that by at most one
    assert 4 * 80 <= len(up) <= 5 * 80 + 80
    assert (up.p == 1).all()
    assert (down.p == 0).all()
    counts = np.bincount(up.y.astype(int) * 10 + up.x, minlength=80)
    assert set(counts) <= {4, 5, 6}


def test_events_lie_where_a_linear_brightness_crosses():
    sensor = EventSensor(10, 8, IDEAL, np.random.default_rng(1))
    _, up = ramp(sensor, [-1.0, 0.0])
    assert (np.diff(up.t) >= 0).all()
    one = up[(up.x == 3) & (up.y == 2)]
    # crossings of equal steps on a line are equally far apart: 0.2 of 1 ms
    assert np.diff(one.t) == pytest.approx(200_000, abs=2)
    assert one.t.min() >= 1_000_000
    assert one.t.max() <= 2_000_000


def test_constant_brightness_is_silent():
    sensor = EventSensor(10, 8, IDEAL, np.random.default_rng(2))
    assert sum(len(e) for e in ramp(sensor, [-1.0] * 5)) == 0


def test_a_pixel_rests_after_an_event():
    busy = SensorConfig(0.2, 0, 450.0, 0, 0, 0, 1e-6)
    sensor = EventSensor(10, 8, busy, np.random.default_rng(1))
    _, up = ramp(sensor, [-1.0, 0.0])
    one = up[(up.x == 3) & (up.y == 2)]
    assert len(one) == 2
    assert np.diff(one.t).min() >= 450_000


def test_a_sensor_begins_at_any_time():
    counts = []
    for begin_ns in (-3_000_000, 0, 5_000_000):
        sensor = EventSensor(10, 8, IDEAL, np.random.default_rng(1))
        sensor.show(np.full((8, 10), 0.1, np.float32), begin_ns)
        counts.append(len(sensor.show(np.full((8, 10), 0.9, np.float32), begin_ns + 1_000_000)))
    assert counts[0] == counts[1] == counts[2] > 10 * 80


@pytest.mark.parametrize(('name', 'value'), [
    ('threshold', 0.0), ('threshold', -0.2), ('threshold', math.nan), ('spread', -0.1),
    ('refractory_us', -1.0), ('noise_hz', math.inf), ('hot_pixels', -1), ('dark_level', 0.0)])
def test_sensors_that_cannot_be_are_refused(name, value):
    with pytest.raises(ValueError, match=f'{name} must be .* to .*, but got {value}'):
        SensorConfig(**{name: value})


def test_noise_and_hot_pixels_have_the_rates_asked_for():
    noisy = SensorConfig(0.2, 0, 0, noise_hz=5.0, hot_pixels=1, hot_hz=2000.0)
    sensor = EventSensor(100, 80, noisy, np.random.default_rng(3))
    dark = np.full((80, 100), 0.5, np.float32)
    sensor.show(dark, 0)
    events = sensor.show(dark, 1_000_000_000)
    counts = np.bincount(events.y.astype(int) * 100 + events.x, minlength=8000)
    assert counts.max() == pytest.approx(2000, rel=0.1)
    assert np.delete(counts, counts.argmax()).mean() == pytest.approx(5.0, rel=0.05)


def test_a_burst_larger_than_the_buffer_loses_nothing():
    sensor = EventSensor(10, 8, SensorConfig(0.05, 0, 0, 0, 0, 0, 1e-6), np.random.default_rng(4))
    _, up = ramp(sensor, [-8.0, 0.0])
    assert len(up) == pytest.approx(80 * 160, rel=0.02)
