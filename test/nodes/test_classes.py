# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A bundle of event classes in the node: mono8 over DDS, what its values mean, and the overlay."""

from __future__ import annotations

from miniature import semantic
import numpy as np
import pytest
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import Image

from eventsam_ros.evaluation.overlay import FILL, draw_classes
from eventsam_ros.nodes import qos, vision
from eventsam_ros.nodes.images import to_array


@pytest.fixture
def bench(make_bench, tmp_path):
    return make_bench(semantic.write(tmp_path / 'classes')).activate()


def test_classes_are_published_as_mono8_and_named(bench):
    infos = []
    if vision.INSTALLED:
        infos = bench.graph.listen(bench.other, vision.LabelInfo, 'segment_node/label_info',
                                   qos.latched())
    overlays = bench.graph.listen(bench.other, Image, 'segment_node/overlay')
    bench.play_until(lambda: len(bench.masks) >= 3 and overlays)
    for message in bench.masks:
        labels = to_array(message)
        assert message.encoding == 'mono8'
        assert labels.shape == (64, 96)
        assert set(np.unique(labels)) <= {0, 1, 2}
        assert message.header.frame_id == 'camera_optical_frame'
    # Events of both polarities are on a square around (48, 32), and nowhere else.
    found = np.stack([to_array(m) for m in bench.masks])
    assert (found[:, 28:36, 44:52] > 0).any()
    assert not found[:, :12].any()
    assert overlays[0].encoding == 'bgr8'
    if vision.INSTALLED:
        bench.graph.wait_for(lambda: infos)
        assert [(c.class_id, c.class_name) for c in infos[0].class_map] == [
            (0, 'ground'), (1, 'early'), (2, 'late'), (255, 'unlabelled')]
    bench.graph.wait_for(lambda: bench.count('masks_published') >= 3)
    assert bench.values()['backend'].endswith(', bundle tiny')


def test_clicks_are_not_listened_to_and_thresholds_change_nothing(bench):
    bench.play_until(lambda: bench.masks)
    assert bench.other.count_subscribers('prompt/point') == 0
    assert bench.masks[-1].encoding == 'mono8'
    assert bench.set('automatic.min_area', 20).successful
    bench.goes_on()
    assert bench.dropped('windows_failed') == 0


def test_a_bundle_that_is_damaged_is_refused_in_one_sentence(make_bench, tmp_path):
    folder = semantic.write(tmp_path / 'classes', lambda m: m['colours'].pop())
    bench = make_bench(folder)
    assert bench.node.trigger_configure() == TransitionCallbackReturn.FAILURE
    bench.reports(b'\x02', 'colours must be 3 lists')


def test_every_class_is_drawn_in_its_colour_and_the_rest_is_seen():
    picture = np.full((1, 4, 3), 100, np.uint8)
    drawn = draw_classes(picture, np.asarray([[0, 1, 2, 255]], np.uint8),
                         ((200, 0, 0), (0, 0, 50), (0, 0, 0)))
    mixed = (1 - FILL) * 100
    expected = [[mixed, mixed, mixed + FILL * 200], [mixed + FILL * 50, mixed, mixed],
                [100] * 3, [100] * 3]   # black is no class, mostly, and would hide the picture
    np.testing.assert_allclose(drawn[0], expected, atol=0.51)
