# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The lifecycle node on a live graph: packets in over DDS, masks out over DDS."""

from __future__ import annotations

import time

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from event_camera_msgs.msg import EventPacket
import numpy as np
import pytest
import rclpy
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_msgs.msg import Float64, Header
from std_srvs.srv import Trigger

from eventsam_ros.nodes import qos
from eventsam_ros.nodes.images import to_array, to_message
from eventsam_ros.nodes.parameters import PARAMETERS
from eventsam_ros.nodes.stamps import nanoseconds, stamp

SUCCESS = TransitionCallbackReturn.SUCCESS


def test_masks_carry_the_sensors_frame_and_the_host_time_of_the_window_end(bench):
    bench.play_until(lambda: len(bench.masks) >= 3)
    first = bench.masks[0]
    labels = to_array(first)
    assert first.encoding == 'mono16'
    assert labels.shape == (64, 96)
    # Events are on a square around (48, 32); the tiny bundle draws discs around clicks.
    assert labels[32, 48] > 0
    assert labels[2, 2] == 0
    assert {m.header.frame_id for m in bench.masks} == {'camera_optical_frame'}
    begin = bench.camera.host_end_ns - bench.camera.seq * bench.camera.PACKET_NS
    for mask in bench.masks:
        periods = (nanoseconds(mask.header.stamp) - begin) / 50e6
        assert periods == pytest.approx(round(periods), abs=1.2 / 50)


def test_times_and_counts_are_told(bench):
    times = bench.graph.listen(bench.other, Float64, 'segment_node/debug/processing_time_ms')
    latencies = bench.graph.listen(bench.other, Float64, 'segment_node/debug/pipeline_latency_ms')
    bench.play_until(lambda: len(times) >= 3 and len(latencies) >= 3)
    assert all(0 < m.data < 5000 for m in times)
    bench.graph.wait_for(lambda: bench.count('masks_published') >= 3)
    values = bench.values()
    assert values['stream'] == 'evt3 96x64'
    assert values['backend'].startswith('ONNX Runtime ')
    assert values['backend'].endswith(', bundle tiny')
    assert int(values['events']) > 1000
    assert float(values['processing_time_ms.p95']) >= float(values['processing_time_ms.p50']) > 0
    assert values['dropped.packets_lost'] == '0'
    # The camera was switched on 2 ms before its first event; it stamps packets 1 ms late.
    assert float(values['clock_offset_ms']) > 1e12
    assert abs(float(values['packet_delay_ms'])) < 1
    assert values['image_skew_ms'] == ''
    assert values['publishers'] == '1'


def test_lost_and_undecodable_packets_are_named_and_the_stream_goes_on(bench):
    bench.play(2)
    bench.camera.seq += 5
    bench.play(2)
    strange = bench.camera.packet()
    strange.encoding = 'evt9'
    bench.events.publish(strange)
    bench.reports(DiagnosticStatus.ERROR, "but got 'evt9'")
    before = len(bench.masks)
    bench.play_until(lambda: len(bench.masks) > before)
    bench.graph.wait_for(lambda: bench.count('dropped.packets_lost') == 5)
    assert bench.count('dropped.packets_undecodable') == 1


def test_damaged_packets_never_stop_the_node(bench):
    rng = np.random.default_rng(3)
    for _ in range(20):
        packet = bench.camera.packet()
        packet.events = rng.integers(0, 256, rng.integers(0, 400), np.uint8).tobytes()
        bench.events.publish(packet)
    before = len(bench.masks)
    bench.play_until(lambda: len(bench.masks) > before)


def test_a_recording_that_loops_begins_anew(bench):
    bench.play_until(lambda: len(bench.masks) >= 2)
    bench.camera.begin()
    before = len(bench.masks)
    bench.play_until(lambda: len(bench.masks) >= before + 2)
    assert bench.count('dropped.packets_lost') == 0


def test_reset_forgets_objects(bench):
    bench.play_until(lambda: bench.masks and to_array(bench.masks[-1]).any())
    assert bench.graph.call(bench.other, Trigger, 'segment_node/reset').success
    before = len(bench.masks)
    bench.play_until(lambda: len(bench.masks) > before + 1)
    assert to_array(bench.masks[-1]).max() <= to_array(bench.masks[0]).max()


def test_pictures_are_drawn_only_while_someone_looks(bench):
    drawn = []
    outputs = bench.node._outputs
    publish = outputs.publish_pictures
    outputs.publish_pictures = lambda *given: (drawn.append(1), publish(*given))
    bench.play_until(lambda: len(bench.masks) >= 3)
    assert not drawn
    overlays = bench.graph.listen(bench.other, Image, 'segment_node/overlay')
    bench.play_until(lambda: len(overlays) >= 1)
    assert overlays[0].encoding == 'bgr8'
    assert to_array(overlays[0]).shape == (64, 96, 3)


def test_windows_end_at_the_stamps_of_images(graph, tiny_bundle, camera, make_bench):
    bench = make_bench(tiny_bundle,
                  **{'window.policy': 'frame', 'use_images': True}).activate()
    frames = bench.other.create_publisher(Image, 'image', 10)
    overlays = graph.listen(bench.other, Image, 'segment_node/overlay')
    graph.wait_for(frames.get_subscription_count)
    stamps = set()

    def step():
        bench.play(3)
        at = camera.host_end_ns + 2_345_678
        stamps.add(at)
        picture = np.full((64, 96), 77, np.uint8)
        frames.publish(to_message(picture, 'mono8', Header(stamp=stamp(at), frame_id='f')))
        time.sleep(0.02)
        bench.play(3)
        time.sleep(0.05)
        return len(bench.masks) >= 3 and overlays
    graph.wait_for(step)
    assert {nanoseconds(m.header.stamp) for m in bench.masks} <= stamps
    # Images are stamped 2.3 ms after the end of the events before them, packets 1 ms.
    graph.wait_for(lambda: bench.fresh()['image_skew_ms'])
    assert float(bench.values()['image_skew_ms']) == pytest.approx(1.346, abs=10.1)
    # The camera's picture is the ground of the overlay.
    assert tuple(to_array(overlays[-1])[1, 1]) == (77, 77, 77)


def test_two_cameras_are_two_namespaces_of_one_process(graph, tiny_bundle, make_node, camera):
    for name in ('left', 'right'):
        assert make_node(tiny_bundle, namespace=name, autostart=True).get_namespace() == f'/{name}'
    other = graph.add(rclpy.create_node('other'))
    masks = {name: graph.listen(other, Image, f'/{name}/segment_node/mask')
             for name in ('left', 'right')}
    reports = graph.listen(other, DiagnosticArray, '/diagnostics')
    events = {name: other.create_publisher(EventPacket, f'/{name}/events', qos.events())
              for name in ('left', 'right')}
    graph.wait_for(lambda: all(p.get_subscription_count() for p in events.values()))

    def play(name, here):
        for _ in range(6):
            events[name].publish(here.packet())
        time.sleep(0.05)
        return len(masks[name]) >= 2
    graph.wait_for(lambda: play('left', camera))
    assert not masks['right']
    second = type(camera)()
    graph.wait_for(lambda: play('right', second))
    graph.wait_for(lambda: {m.status[0].name for m in reports} == {
        '/left/segment_node: segmentation', '/right/segment_node: segmentation'})


def test_silence_is_stale(tiny_bundle, make_bench):
    bench = make_bench(tiny_bundle, **{'diagnostics.stale_s': 0.3}).activate()
    bench.reports(DiagnosticStatus.WARN, 'no event packet has arrived')
    bench.play(2)
    bench.reports(DiagnosticStatus.STALE, 'no event packet for')


def test_thresholds_change_while_it_runs_and_the_bundle_does_not(bench):
    def set_one(name, value):
        (result,) = bench.node.set_parameters([Parameter(name, value=value)])
        return result

    bench.play_until(lambda: bench.masks and to_array(bench.masks[-1]).any())
    assert set_one('automatic.pred_iou', 0.999).successful
    bench.play_until(lambda: not to_array(bench.masks[-1]).any())
    assert not set_one('automatic.pred_iou', 1.5).successful
    refused = set_one('bundle', '/elsewhere')
    assert not refused.successful
    assert 'while the node is unconfigured; call cleanup first' in refused.reason
    refused = set_one('automatic.strategy', 'dice')
    assert 'must be one of events, grid' in refused.reason


def test_every_parameter_is_described_and_numbers_have_a_range(tiny_bundle, make_node):
    node = make_node(tiny_bundle)
    for parameter in PARAMETERS:
        described = node.describe_parameter(parameter.name)
        assert described.description.endswith('.')
        assert described.additional_constraints
        if isinstance(parameter.default, (int, float)) and not isinstance(parameter.default, bool):
            assert described.floating_point_range or described.integer_range, parameter.name


def test_slowness_is_a_warning(bench):
    bench.goes_on()
    assert bench.set('diagnostics.latency_ms', 1.0).successful
    bench.camera.begin(bench.camera.host_end_ns - 500_000_000)
    bench.goes_on()
    bench.reports(DiagnosticStatus.WARN, 'pipeline latency p95 is ')


def test_stamps_of_another_time_are_a_warning(bench):
    bench.camera.begin(1_700_000_000_000_000_000)
    bench.goes_on()
    bench.reports(DiagnosticStatus.WARN, 'needs use_sim_time and /clock, or stamps of now')


def test_windows_of_a_count_end_after_so_many_events(make_bench, tiny_bundle):
    bench = make_bench(tiny_bundle, **{'window.policy': 'count', 'window.count': 2000}).activate()
    bench.goes_on()
    gaps = np.diff([nanoseconds(m.header.stamp) for m in bench.masks])
    # 2000 events are 40 ms; windows that were superseded make it a multiple.
    assert all(abs(gap / 40e6 - round(gap / 40e6)) < 0.05 for gap in gaps)
