# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The node of two cameras over real DDS: pairs, late and dead cameras, what it says of them."""

from __future__ import annotations

import array
import time

import cv2
from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header, String

from eventsam_ros.inference.rgbt_pairing import MODES
from eventsam_ros.nodes import qos, vision
from eventsam_ros.nodes.images import to_array, to_message
from eventsam_ros.nodes.stamps import stamp
from eventsam_ros.nodes.tasks.rgbt import DEGRADED, degraded

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE
WARN, OK, ERROR = DiagnosticStatus.WARN, DiagnosticStatus.OK, DiagnosticStatus.ERROR


class Cameras:
    """Two cameras before a node: the left half is red, the lower half is warm."""

    def __init__(self, bench, kind=Image, suffix=''):
        self.bench = bench
        self.kind = kind
        self.modes = bench.graph.listen(
            bench.other, String, 'segment_node/mode', qos.latched())
        self.overlays = bench.graph.listen(bench.other, Image, 'segment_node/overlay')
        bench.open()
        self.rgb = bench.publisher(kind, f'image{suffix}')
        self.thermal = bench.publisher(kind, f'thermal{suffix}')

    def send(self, publisher, pixels, encoding, now, frame):
        header = Header(stamp=stamp(now), frame_id=frame)
        if self.kind is Image:
            publisher.publish(to_message(pixels, encoding, header))
        else:
            bgr = pixels[..., ::-1] if pixels.ndim == 3 else pixels
            data = array.array('B', cv2.imencode('.png', bgr)[1].tobytes())
            publisher.publish(CompressedImage(header=header, format='png', data=data))

    def show(self, rgb=True, thermal=True, skew_ms=0, thermal16=False):
        now = time.time_ns()
        if rgb:
            picture = np.zeros((32, 64, 3), np.uint8)
            picture[:, :32, 0] = 200
            self.send(self.rgb, picture, 'rgb8', now, 'rgb_optical')
        if thermal:
            warm = np.full((32, 64), 80, np.uint8)
            warm[16:] = 160
            kind = 'mono8'
            if thermal16:
                warm, kind = warm.astype(np.uint16) * 100, 'mono16'
            self.send(self.thermal, warm, kind, now + round(skew_ms * 1e6), 'thermal_optical')

    def until(self, condition, **how):
        return self.bench.show_until(lambda: self.show(**how), condition)


@pytest.fixture
def make_bare(make_bench, tiny_bundles):
    """Return a function that makes a bench whose node is not configured yet."""
    return lambda **parameters: make_bench(
        parameters.pop('bundle', tiny_bundles('rgbt_semantic')),
        **{'lazy': False, 'engine': 'onnxruntime', **parameters})


@pytest.fixture
def cameras(make_bare):
    return lambda **parameters: Cameras(make_bare(**parameters))


def red_and_warm(mask):
    return ((mask[2:14, 2:28] == 1).all() and (mask[18:30, 36:62] == 2).all()
            and (mask[2:14, 36:62] == 0).all())


def test_two_cameras_make_one_map_with_the_stamp_of_the_colour_picture(cameras):
    seen = cameras()
    bench = seen.bench
    seen.until(lambda: bench.masks and seen.overlays, skew_ms=5)
    found = bench.masks[-1]
    assert (found.encoding, found.width, found.height) == ('mono8', 64, 32)
    assert found.header.frame_id == 'rgb_optical'
    assert red_and_warm(to_array(found))
    seen.until(lambda: bench.level_is(OK, 'segmenting with both cameras'), skew_ms=5)
    values = bench.values()
    assert float(values['skew_last_ms']) == pytest.approx(5, abs=0.01)
    assert int(values['paired']) > 0
    assert values['mode'] == 'paired'
    assert seen.modes[0].data == 'paired'
    # what was formed is accounted for
    work = bench.node._work
    counters = work.pipeline.counters
    assert counters['moments'] - counters['masks_published'] - sum(
        counters[k] for k in work.DROPS if k.startswith('moments_')) in (0, 1, 2)


@pytest.mark.parametrize('thermal16', [False, True])
def test_both_cameras_come_compressed_too(make_bare, thermal16):
    seen = Cameras(make_bare(image_transport='compressed'), CompressedImage, '/compressed')
    seen.until(lambda: seen.bench.masks and red_and_warm(to_array(seen.bench.masks[-1])),
               thermal16=thermal16)
    assert seen.modes[-1].data == 'paired'


@pytest.mark.parametrize(('shown', 'mode', 'frame', 'present'), [
    ({'thermal': False}, 'rgb_only', 'rgb_optical', {0, 1}),
    ({'rgb': False}, 'thermal_only', 'thermal_optical', {0, 2}),
])
def test_a_dead_camera_degrades_the_node_and_it_says_so(cameras, shown, mode, frame, present):
    seen = cameras(**{'pairing.silence_ms': 200.0})
    bench = seen.bench
    seen.until(lambda: bench.was(OK, 'both cameras'))
    seen.until(lambda: bench.level_is(WARN, DEGRADED[mode]), **shown)
    seen.until(lambda: set(np.unique(to_array(bench.masks[-1]))) == present, **shown)
    assert bench.masks[-1].header.frame_id == frame
    seen.until(lambda: bench.values()['mode'] == mode, **shown)
    # the camera comes back
    seen.until(lambda: seen.modes[-1].data == 'paired')
    seen.until(lambda: bench.level_is(OK, 'both cameras'))


def test_a_late_partner_is_not_waited_for_longer_than_the_patience(cameras):
    seen = cameras(**{'pairing.tolerance_ms': 10.0, 'pairing.patience_ms': 30.0,
                      'pairing.silence_ms': 60_000.0})
    # heat lives, but what it sends is always of 5 s ago
    seen.until(lambda: seen.bench.was(WARN, 'is late'), skew_ms=-5000)
    seen.until(lambda: seen.bench.count('late_thermal') > 3, skew_ms=-5000)
    assert seen.bench.count('paired') == 0
    assert {'late_thermal', 'late_rgb'} >= {m.data for m in seen.modes}


def test_pictures_without_stamps_are_a_warning(cameras):
    seen = cameras()
    heat = np.full((32, 64), 80, np.uint8)
    seen.bench.show_until(
        lambda: seen.send(seen.thermal, heat, 'mono8', 0, 'thermal_optical'),
        lambda: seen.bench.was(WARN, 'stamps are not later than those before'))
    assert seen.bench.count('out_of_order') > 0
    seen.until(lambda: seen.bench.level_is(OK, 'both cameras'))


def test_raw_thermal_counts_are_understood_and_colours_in_heat_are_told(cameras):
    seen = cameras()
    bench = seen.bench
    seen.until(lambda: bench.masks, thermal16=True)
    before = len(bench.masks)
    colours = np.zeros((32, 64, 3), np.uint8)
    bench.show_until(
        lambda: seen.send(seen.thermal, colours, 'rgb8', time.time_ns(), 'thermal_optical'),
        lambda: bench.was(ERROR, 'a thermal image must have one channel'))
    assert bench.dropped('moments_unusable') > 0
    seen.until(lambda: len(bench.masks) > before)


def test_pictures_of_other_proportions_are_told_and_the_node_goes_on(cameras):
    seen = cameras()

    def show():
        now = time.time_ns()
        seen.send(seen.rgb, np.zeros((32, 64, 3), np.uint8), 'rgb8', now, 'rgb_optical')
        seen.send(seen.thermal, np.zeros((32, 32), np.uint8), 'mono8', now, 'thermal_optical')
    seen.bench.show_until(show, lambda: seen.bench.was(
        ERROR, 'registered pictures have the same proportions'))
    seen.until(lambda: seen.bench.masks)


def test_a_bundle_that_is_missing_and_pairing_that_cannot_be_are_told(make_bare, tmp_path):
    bench = make_bare(bundle=tmp_path / 'none')
    assert bench.node.trigger_configure() == FAILURE
    bench.reports(ERROR, 'there is no bundle at')
    assert bench.set('pairing.patience_ms', 900.0).successful
    refused = bench.set('pairing.silence_ms', 100.0)
    assert not refused.successful
    assert 'silence must be at least the patience' in refused.reason


def test_it_comes_and_goes_as_a_lifecycle_node(cameras):
    seen = cameras()
    bench = seen.bench
    assert 'call cleanup first' in bench.set('engine_threads', 2).reason
    assert bench.node.trigger_deactivate() == SUCCESS
    bench.reports(OK, 'inactive')
    assert bench.node.trigger_cleanup() == SUCCESS
    bench.open()
    seen.until(lambda: bench.masks)


@pytest.mark.skipif(not vision.INSTALLED, reason='vision_msgs is not installed')
def test_the_names_of_the_classes_are_latched(cameras):
    seen = cameras()
    bench = seen.bench
    seen.until(lambda: bench.masks)
    heard = bench.graph.listen(
        bench.other, vision.LabelInfo, 'segment_node/label_info', qos.latched())
    info = bench.graph.wait_for(lambda: heard and heard[0])
    assert [(c.class_id, c.class_name) for c in info.class_map] == [
        (0, 'nothing'), (1, 'red'), (2, 'warm'), (255, 'unlabelled')]


def test_one_camera_is_a_concern():
    both = {'paired': 5}
    assert degraded({}, one_camera=True) is None
    assert degraded(both, one_camera=True) is None
    concern = degraded({**both, 'rgb_only': 14, 'late_thermal': 1}, one_camera=False)
    assert (concern.level, concern.text) == (
        WARN, DEGRADED['rgb_only'] + ' (15 of 20), for which this bundle was not trained')
    assert set(DEGRADED) == set(MODES) - {'paired'}
