# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""More than the node can process, over DDS: it sheds, says so, and everything adds up."""

from __future__ import annotations

import threading
import time

from diagnostic_msgs.msg import DiagnosticStatus
from event_camera_msgs.msg import EventPacket
import pytest
import rclpy
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger

from eventsam_ros.events.decoder import PacketDecoder
from eventsam_ros.nodes import qos

PACKETS = ('packets_decoded', 'packets_shed', 'packets_duplicate', 'packets_late',
           'packets_undecodable', 'packets_failed')
WINDOWS = ('masks_published', 'windows_unwatched', 'windows_superseded', 'windows_skipped_nth',
           'windows_failed', 'windows_stopped')


def counts(bench):
    """Return the counters when all that was published has been taken and segmented."""
    active = bench.node._work

    def settled():
        before = {**active.source.decoding.counts(), **active.pipeline.counters}
        time.sleep(0.3)
        now = {**active.source.decoding.counts(), **active.pipeline.counters}
        return now if now == before and len(active.source.decoding.queue) == 0 else None
    return bench.graph.wait_for(settled)


def check_accounts(found, published):
    got = {name: found.get(name, 0) for name in (*PACKETS, *WINDOWS)}
    assert found['packets'] == sum(got[name] for name in PACKETS)
    assert published == found['packets'] - got['packets_duplicate'] + found['packets_lost']
    assert found['windows'] == sum(got[name] for name in WINDOWS)


@pytest.fixture
def stuck(make_bench, tiny_bundle, monkeypatch):
    """Return a bench whose network takes as long as the test wants."""
    bench = make_bench(tiny_bundle).activate()
    network, go_on = bench.node._opened.network, threading.Event()
    segment = network.segment
    monkeypatch.setattr(
        network, 'segment', lambda *given: (go_on.wait(20), segment(*given))[1])
    yield bench, go_on
    go_on.set()


def test_the_last_report_accounts_for_what_was_stopped(stuck):
    bench, go_on = stuck
    bench.play_until(lambda: bench.node._work.pipeline.counters['windows_superseded'] > 0)
    threading.Timer(0.3, go_on.set).start()   # while it is deactivated
    assert bench.node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    bench.graph.wait_for(lambda: bench.level_is(DiagnosticStatus.OK, 'inactive'))
    (last,) = [values for values in ({pair.key: pair.value for pair in m.status[0].values}
                                     for m in bench.diagnostics)
               if values.get('dropped.windows_stopped', '0') != '0']
    found = {name.removeprefix('dropped.'): int(value)
             for name, value in last.items() if value.isdecimal()}
    assert found['windows_stopped'] == 1
    assert found['windows'] == sum(found[name] for name in WINDOWS)
    assert found['packets'] == sum(found[name] for name in PACKETS)


class Slow:
    """A decoder that takes its time, or waits until it may go on."""

    def __init__(self, monkeypatch, seconds=0.0):
        self.go, self.begun = threading.Event(), threading.Event()
        decode = PacketDecoder.decode_pieces

        def slow(decoder, *given):
            self.begun.set()
            if seconds:
                time.sleep(seconds)
            else:
                self.go.wait(20)
            return decode(decoder, *given)
        monkeypatch.setattr(PacketDecoder, 'decode_pieces', slow)


def test_packets_come_faster_than_they_can_be_decoded(make_bench, tiny_bundle, monkeypatch):
    bench = make_bench(tiny_bundle, **{'overload.budget_ms': 300.0}).activate()
    bench.goes_on()
    before = bench.camera.seq
    seen = len(bench.masks)
    with monkeypatch.context() as patch:
        Slow(patch, 0.05)
        for _ in range(200):  # in real time, 10 ms each
            bench.events.publish(bench.camera.packet())
            time.sleep(0.01)
        bench.graph.wait_for(lambda: bench.was(DiagnosticStatus.WARN, 'packets shed; '))
        assert len(bench.masks) > seen + 5  # masks go on all the while
        found = counts(bench)
    assert found['packets_shed'] > 50
    assert bench.fresh()['dropped.packets_shed'] == str(found['packets_shed'])
    check_accounts(found, before + 200)
    bench.goes_on()


def test_too_much_memory_waits(make_bench, tiny_bundle, monkeypatch):
    bench = make_bench(tiny_bundle, **{'overload.queue_mb': 1.0}).activate()
    slow = Slow(monkeypatch)
    size = 0
    for _ in range(60):  # 20,000 events each, more than 2 MB in all
        packet = bench.camera.packet(count=20_000)
        size += len(packet.events)
        bench.events.publish(packet)
        time.sleep(0.005)
    assert size > 2e6
    queue = bench.node._work.source.decoding.queue
    bench.graph.wait_for(lambda: len(queue) == 59)
    assert queue.bytes <= 1e6
    slow.go.set()
    found = counts(bench)
    check_accounts(found, 60)
    assert found['packets_shed'] >= 60 * (1 - 1e6 / size) - 2
    assert found['packets_lost'] == 0
    bench.goes_on()


def test_callbacks_do_not_wait_for_the_decoder(make_bench, tiny_bundle, monkeypatch):
    bench = make_bench(tiny_bundle).activate()
    with monkeypatch.context() as patch:
        slow = Slow(patch)
        bench.play(3)
        assert slow.begun.wait(10)
        # All while a packet is being decoded:
        assert bench.state() == 'active'
        assert bench.graph.call(bench.other, Trigger, 'segment_node/reset').success
        assert bench.fresh()['queue_packets'] != '0'
        assert not slow.go.is_set()
        slow.go.set()
    bench.goes_on()


def test_deactivation_in_the_middle_of_a_backlog(make_bench, tiny_bundle, monkeypatch):
    bench = make_bench(tiny_bundle).activate()
    with monkeypatch.context() as patch:
        slow = Slow(patch)
        bench.play(30)
        assert slow.begun.wait(10)
        threading.Timer(0.1, slow.go.set).start()
        bench.node.trigger_deactivate()
    assert bench.state() == 'inactive'
    assert not [t for t in threading.enumerate() if t.name == 'decode' and t.is_alive()]
    bench.node.trigger_activate()
    bench.camera.begin()
    bench.goes_on()


@pytest.mark.parametrize('step', [1, 3])
def test_every_nth_window(make_bench, tiny_bundle, step):
    bench = make_bench(tiny_bundle, **{
        'overload.policy': 'every_nth', 'overload.every_nth': step}).activate()
    for _ in range(150):
        bench.events.publish(bench.camera.packet())
        time.sleep(0.01)
    found = counts(bench)
    check_accounts(found, 150)
    taken = found['windows'] // step
    assert found.get('windows_skipped_nth', 0) == found['windows'] - taken
    assert found['masks_published'] + found.get('windows_superseded', 0) == taken
    assert bench.fresh()['overload.step'] == str(step)


def test_a_policy_may_change_while_it_runs(make_bench, tiny_bundle):
    bench = make_bench(tiny_bundle).activate()
    bench.goes_on()
    assert bench.set('overload.every_nth', 2).successful
    assert bench.set('overload.policy', 'every_nth').successful
    bench.play_until(lambda: bench.dropped('windows_skipped_nth') > 2)
    assert bench.set('overload.policy', 'newest').successful
    assert not bench.set('overload.policy', 'oldest').successful
    skipped = bench.node._work.pipeline.counters['windows_skipped_nth']
    bench.goes_on()
    assert bench.node._work.pipeline.counters['windows_skipped_nth'] <= skipped + 1


def test_sensors_in_one_process_do_not_disturb_one_another(
        make_node, graph, camera, tiny_bundle, monkeypatch):
    """One of two cameras floods its node; the other one loses nothing."""
    names = ('left', 'right')
    # A machine that is busy with other things must not shed what the flood does not.
    patience = {'left': 500.0, 'right': 10_000.0}
    nodes = {name: make_node(tiny_bundle, f'/{name}', **{'overload.budget_ms': patience[name]})
             for name in names}
    for node in nodes.values():
        node.trigger_configure()
        node.trigger_activate()
    other = graph.add(rclpy.create_node('other'))
    masks = {name: graph.listen(other, Image, f'/{name}/segment_node/mask') for name in names}
    events = {name: other.create_publisher(EventPacket, f'/{name}/events', qos.events())
              for name in names}
    for publisher in events.values():
        graph.wait_for(publisher.get_subscription_count)
    decode = PacketDecoder.decode_pieces

    def slow(decoder, *given):
        if decoder is nodes['left']._work.source.decoding.stream._decoder:
            time.sleep(0.05)
        return decode(decoder, *given)
    monkeypatch.setattr(PacketDecoder, 'decode_pieces', slow)
    cameras = dict(zip(names, (camera, type(camera)()), strict=True))
    for name in names:
        cameras[name].begin()
    for _ in range(200):
        for name in names:
            events[name].publish(cameras[name].packet(x=30 if name == 'left' else 60))
        time.sleep(0.01)
    right = nodes['right']._work
    graph.wait_for(lambda: right.source.decoding.counts().get('packets', 0) == 200)
    found = right.source.decoding.counts()
    assert found['packets_decoded'] == 200
    assert found['events'] == 200 * 500
    assert nodes['left']._work.source.decoding.counts()['packets_shed'] > 50
    graph.wait_for(lambda: all(len(each) > 3 for each in masks.values()))
    assert all(nodes[name]._work.source.decoding.stream.restarts == 0 for name in names)


def test_windows_are_thinned(make_bench, tiny_bundle):
    bench = make_bench(tiny_bundle, **{
        'overload.policy': 'thin', 'overload.thin_events': 1000,
        # Where a packet is shed, more events are expected of the next window than it should keep.
        'overload.budget_ms': 10_000.0}).activate()
    for _ in range(153):
        bench.events.publish(bench.camera.packet(count=2000))
        time.sleep(0.01)
    found = counts(bench)
    check_accounts(found, 153)
    assert found['events'] == 2000 * found['packets_decoded']
    assert found['events'] == sum(found.get(name, 0) for name in (
        'events_in_windows', 'events_thinned', 'events_dropped', 'events_unfinished',
        'events_mistimed', 'events_waiting'))
    assert found['events_waiting'] > 0
    # 10,000 events of a window become 1000; how many come only the second one knows.
    assert found['events_in_windows'] <= 1100 * (found['windows'] - 1) + 10_000
    assert found['events_in_windows'] >= 800 * (found['windows'] - 1)
    bench.play(20, count=2000)
    bench.graph.wait_for(lambda: bench.was(DiagnosticStatus.WARN, 'events thinned; '))
    assert bench.set('overload.policy', 'newest').successful
    bench.goes_on()
