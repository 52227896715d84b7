# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A simulated recording, written and read back through rosbags and the packet decoder."""

import numpy as np
import pytest

from eventsam_ros.errors import EventsamError
from eventsam_ros.evaluation.recordings import open_recording
from eventsam_ros.events.decoder import PacketDecoder
from eventsam_ros.events.types import Events
from eventsam_ros.simulation.capture import capture
from eventsam_ros.simulation.recording import (
    EVENT_TOPIC,
    IMAGE_TOPIC,
    MASK_TOPIC,
    RecordingConfig,
    host_time,
    record,
)
from eventsam_ros.simulation.scene import random_scene
from eventsam_ros.simulation.sensor import EventSensor

CONFIG = RecordingConfig(seed=4, duration_s=0.2, width=96, height=72, objects=3)


@pytest.fixture(scope='module')
def recording(tmp_path_factory):
    return record(CONFIG, tmp_path_factory.mktemp('simulated') / 'recording')


def test_its_packets_decode_to_the_simulated_events(recording):
    rng = np.random.default_rng([CONFIG.seed, 7])
    scene = random_scene(rng, 96, 72, objects=3)
    sensor = EventSensor(96, 72, CONFIG.sensor, rng)
    moments = list(capture(scene, sensor, 1.0 + np.arange(5) / 20))
    expected = Events.concatenate([m.events for m in moments])
    with open_recording(recording) as opened:
        packets = list(opened.packets(EVENT_TOPIC))
    decoder = PacketDecoder('evt3', 96, 72)
    decoded = Events.concatenate([decoder.decode(p.data, p.time_base) for p in packets])
    assert len(decoded) == len(expected)
    np.testing.assert_array_equal(decoded.t, expected.t // 1000 * 1000)
    for name in ('x', 'y', 'p'):
        # the encoder may order equal times as it likes
        a = np.lexsort((decoded.p, decoded.x, decoded.y, decoded.t))
        b = np.lexsort((expected.p, expected.x, expected.y, expected.t // 1000))
        np.testing.assert_array_equal(getattr(decoded, name)[a], getattr(expected, name)[b])
    assert [p.seq for p in packets] == list(range(len(packets)))
    # a packet arrives after its events and within a packet length
    first = PacketDecoder('evt3', 96, 72)
    for packet in packets:
        events = first.decode(packet.data)
        if len(events):
            delay = packet.stamp_ns - host_time(int(events.t[-1]))
            assert 1_000_000 <= delay <= 6_001_000


def test_masks_and_pictures_belong_together(recording):
    with open_recording(recording) as opened:
        masks = list(opened.images(MASK_TOPIC))
    with open_recording(recording) as opened:
        pictures = list(opened.images(IMAGE_TOPIC))
    assert [m.stamp_ns for m in masks] == [p.stamp_ns for p in pictures]
    assert np.diff([m.stamp_ns for m in masks]) == pytest.approx(50_000_000, abs=1)
    rng = np.random.default_rng([CONFIG.seed, 7])
    scene = random_scene(rng, 96, 72, objects=3)
    for k, mask in enumerate(masks):
        np.testing.assert_array_equal(mask.array, scene.picture(1.0 + k / 20)[1])


def test_it_is_as_long_as_was_asked_for(tmp_path):
    config = RecordingConfig(duration_s=0.29, width=32, height=32, objects=1, frame_rate_hz=100)
    assert int(0.29 * 100) == 28   # what floats make of it
    with open_recording(record(config, tmp_path / 'short')) as opened:
        stamps = [mask.stamp_ns for mask in opened.images(MASK_TOPIC)]
    assert stamps[-1] - stamps[0] == pytest.approx(290_000_000, abs=1)


@pytest.mark.parametrize(('name', 'value'), [
    ('duration_s', 0.0), ('width', 5000), ('objects', 0), ('frame_rate_hz', 0.5), ('seed', -1)])
def test_values_out_of_range_are_named(name, value):
    with pytest.raises(ValueError, match=f'{name} must be'):
        RecordingConfig(**{name: value})


def test_an_existing_folder_is_not_overwritten(recording):
    with pytest.raises(EventsamError, match='exists already'):
        record(CONFIG, recording)
