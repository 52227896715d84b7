# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Windows for training and benchmarks: what they promise of their masks."""

from itertools import pairwise

import numpy as np

from eventsam_ros.events.types import Events, Window
from eventsam_ros.simulation.capture import capture, evident_ids, steps_for
from eventsam_ros.simulation.samples import held_out_window
from eventsam_ros.simulation.scene import random_scene
from eventsam_ros.simulation.sensor import EventSensor, SensorConfig


def window_of(x, y, shape) -> Window:
    events = Events(np.asarray(x, np.uint16), np.asarray(y, np.uint16),
                    np.ones(len(x), np.uint8), np.zeros(len(x), np.int64))
    return Window(events, 0, 1, shape[1], shape[0])


def test_only_objects_that_events_outline_are_evident():
    ids = np.zeros((60, 80), np.uint8)
    ids[10:30, 10:30], ids[10:30, 50:70], ids[40:42, 40:42] = 1, 2, 3
    sides = [(x, y) for x in range(10, 30) for y in (10, 29)]
    sides += [(x, y) for y in range(10, 30) for x in (10, 29)]
    seen = window_of([p[0] for p in sides], [p[1] for p in sides], ids.shape)
    assert evident_ids(ids, seen) == [1]


def test_a_hot_pixel_is_no_evidence():
    ids = np.zeros((60, 80), np.uint8)
    ids[10:30, 10:30] = 1
    assert evident_ids(ids, window_of([15] * 500, [15] * 500, ids.shape)) == []


def test_held_out_windows_repeat_and_differ():
    first, ids = held_out_window(11)
    again, ids_again = held_out_window(11)
    np.testing.assert_array_equal(first.events.t, again.events.t)
    np.testing.assert_array_equal(ids, ids_again)
    assert ids.shape == (first.height, first.width)
    assert ids.any()
    inside = (first.events.t >= first.t_start) & (first.events.t <= first.t_end)
    assert inside.all()
    other, _ = held_out_window(12)
    assert len(other.events) != len(first.events)


def test_captured_moments_are_contiguous_and_faster_motion_takes_more_steps():
    scene = random_scene(np.random.default_rng(8), 80, 60)
    sensor = EventSensor(80, 60, SensorConfig(), np.random.default_rng(8))
    moments = list(capture(scene, sensor, np.asarray([1.0, 1.02, 1.05])))
    assert [m.t_ns for m in moments] == [1_000_000_000, 1_020_000_000, 1_050_000_000]
    assert len(moments[0].events) == 0
    for before, after in pairwise(moments):
        assert (after.events.t >= before.t_ns).all()
        assert (after.events.t <= after.t_ns).all()
    assert steps_for(scene, 1.0, 0.2) > steps_for(scene, 1.0, 0.01)
