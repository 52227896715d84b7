# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What a sensor, a network and an operator can do to an active node, over DDS.

One node lives through all of it (docs/faults.md has the table); each test ends with new masks.
"""

from __future__ import annotations

import array
import math
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter

from eventsam_ros.nodes.stamps import nanoseconds, stamp

FLOOD_S = float(os.environ.get('EVENTSAM_FLOOD_S', '4'))
"""Length of the event flood; 30 for the full one."""


@pytest.fixture
def bench(lasting_bench):
    """Return the lasting bench, in step: a loss of an earlier test is not this one's."""
    lasting_bench.goes_on()
    lasting_bench.fresh()
    yield lasting_bench
    lasting_bench.goes_on()


class Counts:
    """How counters grow from here on."""

    def __init__(self, bench):
        self._bench = bench
        self._before = self._now()

    def _now(self):
        active = self._bench.node._work
        return {**active.source.decoding.counts(), **active.pipeline.counters}

    def __getitem__(self, name):
        return self._now().get(name, 0) - self._before.get(name, 0)

    def become(self, **expected):
        self._bench.graph.wait_for(lambda: all(
            self[name] == count for name, count in expected.items()))


def test_random_packets(bench):
    rng = np.random.default_rng(3)
    counts = Counts(bench)
    for k in range(200):
        packet = bench.camera.packet()
        packet.events = array.array(
            'B', rng.integers(0, 256, rng.integers(0, 400), np.uint8).tobytes())
        bench.events.publish(packet)
        if k % 20 == 0:
            time.sleep(0.01)
    counts.become(packets=200, packets_lost=0, packets_failed=0)


def test_truncated_packets(bench):
    counts = Counts(bench)
    for k in range(60):
        packet = bench.camera.packet()
        packet.events = packet.events[:len(packet.events) * (k % 10) // 10 + k % 3]
        bench.events.publish(packet)
        time.sleep(0.002)
    counts.become(packets=60, packets_lost=0, packets_failed=0)
    assert counts['stray_bytes'] > 0


def test_unknown_encoding(bench):
    counts = Counts(bench)
    for _ in range(3):
        packet = bench.camera.packet()
        packet.encoding = 'evt9'
        bench.events.publish(packet)
    counts.become(packets_undecodable=3)
    bench.reports(DiagnosticStatus.ERROR, 'packets cannot be decoded: encoding must be one of')
    bench.goes_on()
    assert counts['stream_restarts'] == 0


def test_changing_encoding(bench):
    counts = Counts(bench)
    for k in range(40):
        packet = bench.camera.packet()
        if k % 2:
            # The same bytes under another name: nonsense, but it decodes to something.
            packet.encoding = ('mono', 'libcaer', 'libcaer_cmp')[k % 3]
        bench.events.publish(packet)
        time.sleep(0.002)
    counts.become(packets=40, packets_failed=0)
    assert counts['stream_restarts'] >= 30
    bench.graph.wait_for(lambda: bench.was(
        DiagnosticStatus.WARN, 'is there more than one publisher of it?'))


@pytest.mark.parametrize(('width', 'height', 'text'), [
    (0, 64, 'sensor size must be'), (96, 0, 'sensor size must be'),
    (40_000, 64, 'sensor size must be'), (30_000, 30_000, 'at most 16777216 pixels'),
    (2**32 - 1, 2**32 - 1, 'sensor size must be')])
def test_a_sensor_size_that_cannot_be(bench, width, height, text):
    counts = Counts(bench)
    packet = bench.camera.packet()
    packet.width, packet.height = width, height
    bench.events.publish(packet)
    counts.become(packets_undecodable=1)
    bench.graph.wait_for(lambda: bench.was(DiagnosticStatus.ERROR, text))


def test_a_sensor_size_that_changes(bench):
    counts = Counts(bench)
    seen = len(bench.masks)

    def larger():
        packet = bench.camera.packet()
        packet.width, packet.height = 128, 80
        bench.events.publish(packet)
        time.sleep(0.005)
        return any((m.width, m.height) == (128, 80) for m in bench.masks[seen:])
    bench.graph.wait_for(larger)
    assert counts['stream_restarts'] == 1
    bench.play_until(lambda: (bench.masks[-1].width, bench.masks[-1].height) == (96, 64))
    assert counts['stream_restarts'] == 2


def test_gaps_in_seq(bench):
    counts = Counts(bench)
    for _ in range(5):
        bench.play(3)
        bench.camera.seq += 4
    bench.play(3)
    counts.become(packets=18, packets_lost=20, stream_restarts=0)
    bench.graph.wait_for(lambda: bench.was(DiagnosticStatus.WARN, 'packets_lost'))
    assert bench.dropped('packets_lost') >= 20


def test_duplicate_packets(bench):
    counts = Counts(bench)
    for _ in range(20):
        packet = bench.camera.packet()
        for _ in range(2):
            bench.events.publish(packet)
        time.sleep(0.002)
    counts.become(packets=40, packets_duplicate=20, packets_lost=0)
    assert counts['events'] == 20 * 500
    bench.graph.wait_for(lambda: bench.was(DiagnosticStatus.WARN, 'packets_duplicate'))


def test_reordered_packets(bench):
    counts = Counts(bench)
    for _ in range(10):
        packets = [bench.camera.packet() for _ in range(4)]
        for k in (0, 2, 1, 3):
            bench.events.publish(packets[k])
        time.sleep(0.002)
    counts.become(packets=40, packets_late=10, packets_lost=0)
    assert counts['events'] == 30 * 500
    assert counts['stream_restarts'] == 0


@pytest.mark.parametrize('jump_s', [-30, 30, -0.7, 0.7])
def test_time_that_jumps_and_jumps_back(bench, jump_s):
    begin = bench.camera.host_end_ns
    for offset in (jump_s, 0):
        bench.camera.begin(begin + round(offset * 1e9))
        bench.goes_on()
        last = bench.camera.host_end_ns
        assert abs(nanoseconds(bench.masks[-1].header.stamp) - last) < 1e9


def test_stamps_that_jump_under_a_steady_sensor(bench):
    for offset_s in (-5, 5, -0.2, 0.2):
        bench.camera._stamp_ns += round(offset_s * 1e9)
        bench.goes_on()


def test_no_stamps_at_all(bench):
    counts = Counts(bench)
    for _ in range(12):
        packet = bench.camera.packet()
        packet.header.stamp = stamp(0)
        bench.events.publish(packet)
        time.sleep(0.002)
    counts.become(packets=12, packets_failed=0)


def test_a_time_base_that_is_no_time(bench):
    counts = Counts(bench)
    packet = bench.camera.packet()
    packet.time_base = 2**64 - 1
    bench.events.publish(packet)
    counts.become(packets_undecodable=1)


def test_silence_and_return(bench):
    assert bench.set('diagnostics.stale_s', 0.3).successful
    bench.reports(DiagnosticStatus.STALE, 'no event packet for')
    bench.camera.begin()
    bench.goes_on()
    assert not bench.level_is(DiagnosticStatus.STALE, '') or bench.fresh()
    assert bench.set('diagnostics.stale_s', 2.0).successful


@pytest.mark.parametrize(('name', 'value', 'text'), [
    ('automatic.pred_iou', math.nan, 'pred_iou'), ('automatic.pred_iou', math.inf, 'pred_iou'),
    ('automatic.pred_iou', 'high', 'type'), ('automatic.pred_iou', -1.0, 'pred_iou'),
    ('automatic.prompts', 0, 'prompts'), ('automatic.prompts', 2.5, 'type'),
    ('automatic.strategy', 'dice', 'must be one of events, grid'),
    ('diagnostics.period_s', 0.0, 'period_s'), ('window.count', 1, 'window.count'),
    ('window.policy', 'frame', 'call cleanup first'), ('autostart', True, 'read-only'),
    ('no_such_parameter', 1, 'undeclared'),
])
def test_parameters_set_to_nonsense(bench, name, value, text):
    before = dict(bench.node._values)
    client = bench.other.create_client(SetParameters, 'segment_node/set_parameters')
    assert client.wait_for_service(5)
    future = client.call_async(SetParameters.Request(
        parameters=[Parameter(name, value=value).to_parameter_msg()]))
    bench.graph.wait_for(future.done)
    bench.other.destroy_client(client)
    (result,) = future.result().results
    assert not result.successful
    assert text in result.reason
    assert bench.node._values == before


def test_an_engine_that_raises_in_the_middle_of_a_window(bench, monkeypatch):
    counts = Counts(bench)
    with monkeypatch.context() as patch:
        patch.setattr(bench.node._opened.network._decoder, 'run', out_of_memory)
        bench.play_until(lambda: counts['windows_failed'] >= 3)
        bench.reports(
            DiagnosticStatus.ERROR, "a window could not be segmented: MemoryError('device')")
        silent = len(bench.masks)
        bench.play(12)
        assert len(bench.masks) == silent
    bench.goes_on()
    bench.graph.wait_for(lambda: not bench.fresh() or not bench.level_is(
        DiagnosticStatus.ERROR, ''))


def out_of_memory(_inputs):
    raise MemoryError('device')


def test_a_decoder_that_breaks(bench, monkeypatch):
    counts = Counts(bench)
    with monkeypatch.context() as patch:
        patch.setattr('eventsam_ros.events.decoder.PacketDecoder.decode_pixels', broken)
        bench.play(4)
        counts.become(packets_failed=4)
        bench.reports(DiagnosticStatus.ERROR, "could not be taken: ZeroDivisionError('bits')")


def broken(*_given):
    raise ZeroDivisionError('bits')


def settled(bench):
    """Return the counters when nothing is at work any more."""
    def still():
        before = dict(bench.node._work.pipeline.counters)
        time.sleep(0.3)
        return before == dict(bench.node._work.pipeline.counters)
    bench.graph.wait_for(still)


def test_every_window_is_accounted_for(bench):
    settled(bench)
    counts = Counts(bench)
    bench.play(200)
    settled(bench)
    assert counts['windows'] >= 35
    assert counts['windows'] == sum(counts[name] for name in (
        'masks_published', 'windows_superseded', 'windows_failed', 'windows_unwatched'))


PUBLISHER = """
import sys, time
import rclpy
sys.path[:0] = {path!r}
from test_nodes_conftest import Camera
from event_camera_msgs.msg import EventPacket
from eventsam_ros.nodes import qos
rclpy.init()
node = rclpy.create_node('driver')
events = node.create_publisher(EventPacket, 'events', qos.replay() if {reliable} else qos.events())
while not events.get_subscription_count():
    time.sleep(0.01)
camera = Camera()
packets = [camera.packet(count={count}) for _ in range({packets})]
print('begun', flush=True)
end = time.monotonic() + {seconds}
k = 0
while time.monotonic() < end:
    packet = packets[k % len(packets)]
    packet.seq = k
    packet.header.stamp = node.get_clock().now().to_msg()
    events.publish(packet)
    k += 1
    time.sleep({pause})
print(k, flush=True)
time.sleep(0.5)
"""


@pytest.fixture
def driver(tmp_path):
    """Return a function that starts a publisher of its own process."""
    (tmp_path / 'test_nodes_conftest.py').symlink_to(Path(__file__).with_name('conftest.py'))
    started = []

    def start(seconds, pause=0.005, count=500, packets=50, reliable=False):
        code = PUBLISHER.format(
            path=[str(tmp_path), str(Path.cwd()), str(Path.cwd() / 'test' / 'support')],
            seconds=seconds, pause=pause, count=count, packets=packets, reliable=reliable)
        # A domain of its own is chosen by the conftest when it is imported; keep ours.
        code = f"import os\nkeep = os.environ['ROS_DOMAIN_ID']\n{code}".replace(
            'rclpy.init()', "os.environ['ROS_DOMAIN_ID'] = keep\nrclpy.init()")
        started.append(subprocess.Popen(
            [sys.executable, '-c', code], stdout=subprocess.PIPE, text=True))
        assert started[-1].stdout.readline() == 'begun\n'
        return started[-1]
    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_publisher_that_is_killed_and_comes_back(bench, driver):
    counts = Counts(bench)
    before = len(bench.masks)
    first = driver(60)
    bench.graph.wait_for(lambda: len(bench.masks) > before + 2)
    first.send_signal(signal.SIGKILL)
    first.wait()
    time.sleep(0.3)
    silent = len(bench.masks)
    driver(60, reliable=True)
    bench.graph.wait_for(lambda: len(bench.masks) > silent + 2)
    assert counts['stream_restarts'] >= 1
    assert counts['packets_failed'] == 0


def test_an_event_flood(bench, driver):
    """More than the node can segment: memory stays bounded, and nothing is lost without a name."""
    settled(bench)
    assert bench.set('automatic.prompts', 200).successful
    flooded(bench, driver, 2)  # buffers grow to what they are allowed
    resident = rss()
    figures = flooded(bench, driver, FLOOD_S)
    bench.set('automatic.prompts', 12)
    more = (rss() - resident) / 1e6
    print(f'\n{figures}, {more:.0f} MB more than after the first flood')
    # The queue of 1000 packets of 80 kB, which the first flood need not have filled, and as much
    # again for the heap and the masks that this test keeps; what was lost would take gigabytes.
    assert more < 160


def flooded(bench, driver, seconds):
    """Flood for a while, check the accounts, and return them in words."""
    counts = Counts(bench)
    bench.fresh()
    out, _ = driver(seconds, pause=0, count=20_000, packets=250).communicate(timeout=seconds + 30)
    published = int(out.split()[-1])
    settled(bench)
    received = counts['packets'] - counts['packets_duplicate']
    # What was lost at the very end, no packet after it can tell.
    unknown = published - received - counts['packets_lost']
    assert 0 <= unknown <= published // 20
    assert counts['packets_failed'] == counts['packets_undecodable'] == 0
    segmented, superseded = counts['masks_published'], counts['windows_superseded']
    assert counts['windows'] == segmented + superseded + counts['windows_failed']
    assert superseded > 0
    return (f'{published} published, {received} received, {counts["packets_lost"]} lost, '
            f'{counts["windows"]} windows, {segmented} segmented, {superseded} superseded')


def rss():
    pages = int(Path('/proc/self/statm').read_text().split()[1])
    return pages * os.sysconf('SC_PAGE_SIZE')
