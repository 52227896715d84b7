# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Other messages of events, triggers, images of every kind, and work for listeners only."""

from __future__ import annotations

import array
from importlib import import_module
from itertools import count
import sys
import time

import cv2
from diagnostic_msgs.msg import DiagnosticStatus
from event_camera_msgs.msg import EventPacket
import numpy as np
import pytest
import rclpy
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Float64, Header

from eventsam_ros.nodes import qos
from eventsam_ros.nodes.images import to_array, to_message
from eventsam_ros.nodes.segment_node import SegmentNode
from eventsam_ros.nodes.stamps import nanoseconds, stamp

MS = 1_000_000


def blob(begin_ns, count=400, span_ns=10 * MS):
    """Return x, y, polarity and time of events on a square around (48, 32)."""
    rng = np.random.default_rng(count)
    return (48 + rng.integers(-10, 11, count), 32 + rng.integers(-10, 11, count),
            rng.integers(0, 2, count), begin_ns + np.arange(count) * span_ns // count)


@pytest.mark.parametrize('package', ['dvs_msgs', 'prophesee_event_msgs'])
def test_event_arrays_are_taken(graph, make_bench, tiny_bundle, package):
    pytest.importorskip(package, reason=f'{package} is not installed')
    messages = import_module(f'{package}.msg')
    bench = make_bench(tiny_bundle, message=messages.EventArray, events_type=package)
    bench.activate()
    now = time.time_ns()

    def attempt():
        nonlocal now
        for _ in range(6):
            x, y, p, t = (values.tolist() for values in blob(now))
            now += 10 * MS
            bench.events.publish(messages.EventArray(
                header=Header(stamp=stamp(now), frame_id='cam'), width=96, height=64,
                events=[messages.Event(x=x[k], y=y[k], ts=stamp(t[k]), polarity=bool(p[k]))
                        for k in range(len(t))]))
        time.sleep(0.03)
        return len(bench.masks) >= 3
    graph.wait_for(attempt)
    assert {m.header.frame_id for m in bench.masks} == {'cam'}
    assert to_array(bench.masks[-1])[32, 48] > 0
    # The clocks are one here: windows end every 50 ms after the first event.
    assert abs(nanoseconds(bench.masks[-1].header.stamp) - now) < 1_000 * MS
    assert bench.fresh()['stream'] == 'EventArray 96x64'
    assert bench.count('events') % 400 == 0


def test_a_type_whose_package_is_missing_fails_configure(make_bench, tiny_bundle, monkeypatch):
    bench = make_bench(tiny_bundle, events_type='dvs_msgs')
    monkeypatch.setitem(sys.modules, 'dvs_msgs.msg', None)
    assert bench.node.trigger_configure() == TransitionCallbackReturn.FAILURE
    bench.reports(DiagnosticStatus.ERROR, 'events_type is dvs_msgs, but that package is not')


def trigger_packet(seq, edges, stamp_ns):
    """Return a packet of encoding trigger: 64-bit words of time, edge and channel (the sheet)."""
    words = np.array([(edge << 63) | (channel << 32) | dt for dt, edge, channel in edges],
                     np.uint64)
    packet = EventPacket(width=96, height=64, seq=seq, encoding='trigger',
                         events=array.array('B', words.tobytes()))
    packet.header.stamp = stamp(stamp_ns)
    return packet


@pytest.mark.parametrize('where', ['words', 'packets'])
def test_windows_end_at_hardware_triggers(graph, make_bench, tiny_bundle, where):
    bench = make_bench(tiny_bundle, **{
        'window.policy': 'trigger', 'window.trigger_channel': 0, 'window.trigger_edge': 'rising',
        'window.duration_ms': 20.0}).activate()
    camera = bench.camera
    ends = []
    edges = bench.other.create_publisher(EventPacket, 'triggers', qos.events())
    graph.wait_for(edges.get_subscription_count)

    def attempt():
        packet = camera.packet()
        if where == 'words' and camera.seq % 4 == 0:
            # EXT_TRIGGER of EVT3 at the packet's end: rising, then falling, then another input.
            words = np.array([0xA001, 0xA000, 0xA201], '<u2')
            packet.events = array.array('B', bytes(packet.events) + words.tobytes())
            ends.append(camera.host_end_ns)
        bench.events.publish(packet)
        if where == 'packets' and camera.seq % 4 == 0:
            t_ns = camera.sensor_end_ns - 5 * MS
            edges.publish(trigger_packet(len(ends), [(t_ns, 1, 0), (t_ns + 1, 0, 0)],
                                         camera.host_end_ns))
            ends.append(camera.host_end_ns - 5 * MS)
        time.sleep(0.005)
        return len(bench.masks) >= 3
    graph.wait_for(attempt)
    stamps = [nanoseconds(m.header.stamp) for m in bench.masks]
    for each in stamps:
        assert min(abs(each - end) for end in ends) < 1.2 * MS
    assert to_array(bench.masks[-1]).any()
    graph.wait_for(lambda: int(bench.fresh().get('edges_ignored', 0)) > 0)


def test_triggers_do_not_hide_that_the_events_are_silent(make_bench, tiny_bundle):
    bench = make_bench(tiny_bundle, **{
        'window.policy': 'trigger', 'diagnostics.stale_s': 0.3}).activate()
    edges = bench.publisher(EventPacket, 'triggers', qos.events())
    numbers = count()

    def edge():
        edges.publish(trigger_packet(next(numbers), [], bench.camera.host_end_ns))
    bench.show_until(edge, lambda: bench.count('packets') > 0)
    bench.reports(DiagnosticStatus.WARN, 'no event packet has arrived yet')
    bench.play(2)
    bench.show_until(edge, lambda: bench.level_is(
        DiagnosticStatus.STALE, 'no event packet for'))


def send_picture(publisher, compressed, at, shade=77, size=(64, 96)):
    header = Header(stamp=stamp(at), frame_id='f')
    picture = np.full(size, shade, np.uint8)
    if compressed:
        data = cv2.imencode('.png', picture)[1]
        publisher.publish(CompressedImage(
            header=header, format='mono8; png compressed', data=array.array('B', data.tobytes())))
    else:
        publisher.publish(to_message(picture, 'mono8', header))


@pytest.mark.parametrize('transport', ['raw', 'compressed'])
def test_pictures_come_while_someone_looks_at_the_overlay(
        graph, make_bench, tiny_bundle, transport):
    bench = make_bench(
        tiny_bundle, use_images=True, image_transport=transport).activate()
    compressed = transport == 'compressed'
    kind, topic = (CompressedImage, 'image/compressed') if compressed else (Image, 'image')
    frames = bench.other.create_publisher(kind, topic, 10)
    bench.goes_on()
    assert frames.get_subscription_count() == 0  # nobody looks
    overlays = bench.other.create_subscription(
        Image, 'segment_node/overlay', lambda m: shown.append(to_array(m)[1, 1].tolist()), 10)
    shown = []

    def attempt():
        bench.play(3)
        send_picture(frames, compressed, bench.camera.host_end_ns)
        time.sleep(0.02)
        bench.play(3)
        return [77, 77, 77] in shown
    graph.wait_for(attempt)
    bench.other.destroy_subscription(overlays)
    bench.play_until(lambda: frames.get_subscription_count() == 0)


def test_a_remapped_topic_has_its_compressed_pictures_beside_it(graph, tiny_bundle):
    from rclpy.parameter import Parameter

    graph.add(SegmentNode(
        cli_args=['--ros-args', '-r', 'image:=/front/image_raw'], parameter_overrides=[
            Parameter('bundle', value=str(tiny_bundle)), Parameter('autostart', value=True),
            Parameter('image_transport', value='compressed'),
            Parameter('window.policy', value='frame')]))
    other = graph.add(rclpy.create_node('other'))
    graph.wait_for(lambda: other.count_subscribers('/front/image_raw/compressed'))


def frame_bench(make_bench, bundle, **parameters):
    bench = make_bench(bundle, **{
        'window.policy': 'frame', 'use_images': True, **parameters}).activate()
    frames = bench.other.create_publisher(Image, 'image', 10)
    bench.graph.wait_for(frames.get_subscription_count)
    return bench, frames


@pytest.mark.parametrize('ahead_ms', [-300, -40, 0, 40, 300])
def test_images_ahead_of_or_behind_the_events_end_windows_all_the_same(
        make_bench, tiny_bundle, ahead_ms):
    bench, frames = frame_bench(make_bench, tiny_bundle)
    sent = set()

    def attempt():
        bench.play(5)
        at = bench.camera.host_end_ns + ahead_ms * MS
        sent.add(at)
        send_picture(frames, False, at)
        time.sleep(0.02)
        return len(bench.masks) >= 3
    bench.graph.wait_for(attempt)
    assert {nanoseconds(m.header.stamp) for m in bench.masks} <= sent


def test_an_offset_moves_the_window_and_not_the_stamp(make_bench, tiny_bundle):
    # Behind the events by more than is kept of them; the offset brings them back.
    bench, frames = frame_bench(make_bench, tiny_bundle, image_offset_ms=900.0)
    sent = set()

    def attempt():
        bench.play(5)
        sent.add(bench.camera.host_end_ns - 2_500 * MS)
        send_picture(frames, False, bench.camera.host_end_ns - 2_500 * MS)
        return bench.dropped('frames_late') > 3
    bench.play(30)
    bench.graph.wait_for(attempt)
    assert not bench.masks
    before, sent = bench.camera.host_end_ns, set()

    def hit():
        bench.play(5)
        sent.add(bench.camera.host_end_ns - 900 * MS)
        send_picture(frames, False, bench.camera.host_end_ns - 900 * MS)
        return len(bench.masks) >= 2
    bench.graph.wait_for(hit)
    assert {nanoseconds(m.header.stamp) for m in bench.masks} <= sent
    assert before < bench.camera.host_end_ns


def test_images_of_any_size_encoding_and_rate_do_no_harm(make_bench, tiny_bundle):
    bench, frames = frame_bench(make_bench, tiny_bundle)
    overlays = bench.graph.listen(bench.other, Image, 'segment_node/overlay')
    bench.graph.wait_for(bench.node._outputs.wanted)
    header = Header(frame_id='f')

    def good():
        bench.play(4)
        send_picture(frames, False, bench.camera.host_end_ns)
        time.sleep(0.02)
        return len(bench.masks) > before
    before = 0
    bench.graph.wait_for(good)
    for odd in (
        Image(header=header), Image(header=header, encoding='yuv422', height=4, width=4, step=8),
        Image(header=header, encoding='mono8', height=400, width=400, step=400),
        Image(header=header, encoding='bgr8', height=2, width=2, step=1, data=b'\0' * 2),
        to_message(np.zeros((2, 3), np.uint16), 'mono16', header),
        to_message(np.zeros((480, 640, 3), np.uint8), 'bgr8', header),
        Image(header=Header(stamp=stamp(2**31 * 10**9 - 1)), encoding='mono8'),
    ):
        for _ in range(5):  # far more often than windows come
            odd.header.stamp = stamp(bench.camera.host_end_ns)
            frames.publish(odd)
    before = len(bench.masks)
    bench.graph.wait_for(good)
    bench.graph.wait_for(lambda: int(bench.fresh()['dropped.images_unreadable']) > 0)
    bench.graph.wait_for(lambda: overlays)
    silent = len(bench.masks)
    bench.play(24)  # no image at all
    assert len(bench.masks) - silent <= 2


def test_the_network_runs_for_listeners_only(graph, tiny_bundle, make_node, camera):
    node = make_node(tiny_bundle, autostart=True)
    other = graph.add(rclpy.create_node('other'))
    events = other.create_publisher(EventPacket, 'events', qos.events())
    graph.wait_for(events.get_subscription_count)

    def counts():
        for _ in range(6):
            events.publish(camera.packet())
        time.sleep(0.03)
        return node._work.pipeline.counters
    graph.wait_for(lambda: counts()['windows_unwatched'] >= 3)
    assert counts()['masks_published'] == 0
    assert node._work.source.decoding.counts()['events'] > 1500  # decoded all the same
    times = graph.listen(other, Float64, 'segment_node/debug/processing_time_ms')
    graph.wait_for(lambda: counts()['masks_published'] and times)
    node.set_parameters([Parameter('lazy', value=False)])
    other.destroy_subscription(next(
        s for s in other.subscriptions if s.topic_name.endswith('processing_time_ms')))
    graph.wait_for(lambda: not node._outputs.wanted())
    before = counts()['masks_published']
    graph.wait_for(lambda: counts()['masks_published'] > before + 1)
