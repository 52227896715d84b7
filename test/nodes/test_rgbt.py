# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The node of two cameras over real DDS: pairs, late and dead cameras, what it says of them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
import time

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import numpy as np
import pytest
import rclpy
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_msgs.msg import Header, String

from eventsam_ros.inference.rgbt_pairing import MODES
from eventsam_ros.nodes import qos, vision
from eventsam_ros.nodes.images import to_array, to_message
from eventsam_ros.nodes.segment_node import SegmentNode
from eventsam_ros.nodes.stamps import stamp
from eventsam_ros.nodes.tasks.rgbt import DEGRADED, degraded

_spec = importlib.util.spec_from_file_location(
    'rgbt_layout', Path(__file__).parents[1] / 'inference' / 'rgbt_layout.py')
layout = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(layout)

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE
WARN, OK = DiagnosticStatus.WARN, DiagnosticStatus.OK


@pytest.fixture(scope='module')
def rgbt_bundle(tmp_path_factory):
    return layout.write(tmp_path_factory.mktemp('rgbt') / 'tiny')


class Cameras:
    """The node under test and two cameras; the left half is red, the lower half is warm."""

    def __init__(self, graph, bundle, **parameters):
        self.graph = graph
        values = {'bundle': str(bundle), 'diagnostics.period_s': 0.2, 'lazy': False,
                  'engine': 'onnxruntime', **parameters}
        self.node = graph.add(SegmentNode(parameter_overrides=[
            Parameter(name, value=value) for name, value in values.items()]))
        self.other = graph.add(rclpy.create_node('cameras'))
        self.maps = graph.listen(self.other, Image, 'segment_node/mask')
        self.overlays = graph.listen(self.other, Image, 'segment_node/overlay')
        self.modes = graph.listen(self.other, String, 'segment_node/mode', qos.latched())
        self.reports = graph.listen(self.other, DiagnosticArray, '/diagnostics')
        self.rgb = self.other.create_publisher(Image, 'image', 1)
        self.thermal = self.other.create_publisher(Image, 'thermal', 1)

    def activate(self):
        assert self.node.trigger_configure() == SUCCESS
        assert self.node.trigger_activate() == SUCCESS
        self.graph.wait_for(lambda: self.rgb.get_subscription_count()
                            and self.thermal.get_subscription_count())
        self.graph.wait_for(lambda: self.other.count_publishers('segment_node/mask'))
        return self

    def show(self, rgb=True, thermal=True, skew_ms=0, thermal16=False):
        now = time.time_ns()
        if rgb:
            picture = np.zeros((32, 64, 3), np.uint8)
            picture[:, :32, 0] = 200
            self.rgb.publish(to_message(
                picture, 'rgb8', Header(stamp=stamp(now), frame_id='rgb_optical')))
        if thermal:
            warm = np.full((32, 64), 80, np.uint8)
            warm[16:] = 160
            kind = 'mono8'
            if thermal16:
                warm, kind = warm.astype(np.uint16) * 100, 'mono16'
            self.thermal.publish(to_message(warm, kind, Header(
                stamp=stamp(now + round(skew_ms * 1e6)), frame_id='thermal_optical')))
        return now

    def show_until(self, condition, **how):
        def attempt():
            self.show(**how)
            time.sleep(0.05)
            return condition()
        return self.graph.wait_for(attempt)

    def said(self, level, text):
        return any(m.status[0].level == level and text in m.status[0].message
                   for m in self.reports[-5:])

    def values(self):
        return {p.key: p.value for p in self.reports[-1].status[0].values}


@pytest.fixture
def cameras(graph, rgbt_bundle):
    return lambda **parameters: Cameras(
        graph, parameters.pop('bundle', rgbt_bundle), **parameters)


def test_two_cameras_make_one_map_with_the_stamp_of_the_colour_picture(cameras):
    bench = cameras().activate()
    bench.show_until(lambda: bench.maps and bench.overlays, skew_ms=5)
    found = bench.maps[-1]
    assert (found.encoding, found.width, found.height) == ('mono8', 64, 32)
    assert found.header.frame_id == 'rgb_optical'
    classes = to_array(found)
    assert (classes[2:14, 2:28] == 1).all()
    assert (classes[18:30, 36:62] == 2).all()
    assert (classes[2:14, 36:62] == 0).all()
    bench.show_until(lambda: bench.said(OK, 'segmenting with both cameras'), skew_ms=5)
    values = bench.values()
    assert float(values['skew_last_ms']) == pytest.approx(5, abs=0.01)
    assert int(values['paired']) > 0
    assert values['mode'] == 'paired'
    assert bench.modes[0].data == 'paired'
    # what was formed is accounted for
    work = bench.node._work
    counters = work.pipeline.counters
    assert counters['moments'] - counters['masks_published'] - sum(
        counters[k] for k in work.DROPS if k.startswith('moments_')) in (0, 1, 2)


@pytest.mark.parametrize(('shown', 'mode', 'frame', 'present'), [
    ({'thermal': False}, 'rgb_only', 'rgb_optical', {0, 1}),
    ({'rgb': False}, 'thermal_only', 'thermal_optical', {0, 2}),
])
def test_a_dead_camera_degrades_the_node_and_it_says_so(cameras, shown, mode, frame, present):
    bench = cameras(**{'pairing.silence_ms': 200.0}).activate()
    bench.show_until(lambda: bench.said(OK, 'both cameras'))
    bench.show_until(lambda: bench.said(WARN, DEGRADED[mode]), **shown)
    bench.show_until(lambda: set(np.unique(to_array(bench.maps[-1]))) == present, **shown)
    assert bench.maps[-1].header.frame_id == frame
    assert bench.values()['mode'] == mode
    # the camera comes back
    bench.show_until(lambda: bench.modes[-1].data == 'paired')
    bench.show_until(lambda: bench.reports[-1].status[0].level == OK)


def test_a_late_partner_is_not_waited_for_longer_than_the_patience(cameras):
    bench = cameras(**{'pairing.tolerance_ms': 10.0, 'pairing.patience_ms': 30.0,
                       'pairing.silence_ms': 60_000.0}).activate()
    # heat lives, but what it sends is always of 5 s ago
    bench.show_until(lambda: bench.said(WARN, 'is late'), skew_ms=-5000)
    bench.show_until(lambda: int(bench.values()['late_thermal']) > 3, skew_ms=-5000)
    assert int(bench.values()['paired']) == 0
    assert {'late_thermal', 'late_rgb'} >= {m.data for m in bench.modes}


def test_raw_thermal_counts_are_understood_and_colours_in_heat_are_told(cameras):
    bench = cameras().activate()
    bench.show_until(lambda: bench.maps, thermal16=True)
    before = len(bench.maps)
    picture = to_message(np.zeros((32, 64, 3), np.uint8), 'rgb8', Header(stamp=stamp(1)))

    def shown():
        picture.header.stamp = stamp(time.time_ns())
        bench.thermal.publish(picture)
        return bench.said(DiagnosticStatus.ERROR, 'a thermal image must have one channel')
    bench.graph.wait_for(lambda: time.sleep(0.05) or shown())
    assert int(bench.values()['dropped.moments_unusable']) > 0
    bench.show_until(lambda: len(bench.maps) > before)


def test_pictures_of_other_proportions_are_told_and_the_node_goes_on(cameras):
    bench = cameras().activate()

    def shown():
        now = stamp(time.time_ns())
        bench.rgb.publish(to_message(np.zeros((32, 64, 3), np.uint8), 'rgb8', Header(stamp=now)))
        bench.thermal.publish(to_message(np.zeros((32, 32), np.uint8), 'mono8', Header(stamp=now)))
        return bench.said(DiagnosticStatus.ERROR, 'registered pictures have the same proportions')
    bench.graph.wait_for(lambda: time.sleep(0.05) or shown())
    bench.show_until(lambda: bench.maps)


def test_a_bundle_that_is_missing_and_pairing_that_cannot_be_are_told(graph, tmp_path, cameras):
    bench = cameras(bundle=tmp_path / 'none')
    assert bench.node.trigger_configure() == FAILURE
    graph.wait_for(lambda: bench.said(DiagnosticStatus.ERROR, 'there is no bundle at'))
    (result,) = bench.node.set_parameters([Parameter('pairing.patience_ms', value=900.0)])
    assert result.successful
    (result,) = bench.node.set_parameters([Parameter('pairing.silence_ms', value=100.0)])
    assert not result.successful
    assert 'silence must be at least the patience' in result.reason


def test_it_comes_and_goes_as_a_lifecycle_node(cameras):
    bench = cameras().activate()
    (result,) = bench.node.set_parameters([Parameter('engine_threads', value=2)])
    assert not result.successful
    assert 'call cleanup first' in result.reason
    assert bench.node.trigger_deactivate() == SUCCESS
    bench.graph.wait_for(lambda: bench.said(OK, 'inactive'))
    assert bench.node.trigger_cleanup() == SUCCESS
    bench.activate()
    bench.show_until(lambda: bench.maps)


@pytest.mark.skipif(not vision.INSTALLED, reason='vision_msgs is not installed')
def test_the_names_of_the_classes_are_latched(cameras):
    bench = cameras().activate()
    bench.show_until(lambda: bench.maps)
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
