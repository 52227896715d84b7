# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Qualities of service: overridden by parameters, and told where the other side does not fit."""

from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticStatus
from event_camera_msgs.msg import EventPacket
import pytest
from rcl_interfaces.msg import Log
import rclpy
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import String

from eventsam_ros.nodes import qos, topics
from eventsam_ros.nodes.connections import Connections


def profile(reliability='RELIABLE', durability='VOLATILE'):
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST, depth=10, reliability=ReliabilityPolicy[reliability],
        durability=DurabilityPolicy[durability])


@pytest.fixture
def log(graph, make_bench, tiny_bundle):
    """Return a function that makes an active bench and the lines that its node logs."""
    def make(**parameters):
        bench = make_bench(tiny_bundle, **parameters)
        lines = graph.listen(bench.other, Log, '/rosout', 1000)
        bench.node.trigger_configure()
        bench.node.trigger_activate()
        graph.wait_for(lambda: lines)
        return bench, lambda: [line.msg for line in lines if line.level == 30]
    return make


def test_a_publisher_that_offers_less_is_named_with_both_policies_and_the_parameter(log):
    bench, warnings = log(**{'qos_overrides./events.subscription.reliability': 'reliable'})
    expected = (
        "/events: this node's subscription is reliable in reliability, but that of /other is "
        'best_effort, so no message passes between them; set the parameter '
        'qos_overrides./events.subscription.reliability to best_effort at the start of this '
        'node, or change the other one')
    bench.graph.wait_for(lambda: expected in warnings())
    bench.reports(DiagnosticStatus.WARN, expected)
    assert bench.values()['mismatch.0'] == expected
    # The other one is changed.
    bench.other.destroy_publisher(bench.events)
    bench.events = bench.other.create_publisher(EventPacket, 'events', profile())
    bench.meet()
    bench.camera.begin()
    bench.goes_on()
    bench.graph.wait_for(lambda: 'mismatch.0' not in bench.fresh())


def test_a_subscriber_that_asks_for_more_is_named_with_both_policies_and_the_parameter(log):
    bench, warnings = log()
    bench.meet()
    late = bench.other.create_subscription(
        Image, 'segment_node/mask', lambda _: None, profile(durability='TRANSIENT_LOCAL'))
    expected = (
        "/segment_node/mask: this node's publisher is volatile in durability, but that of /other "
        'is transient_local, so no message passes between them; set the parameter '
        'qos_overrides./segment_node/mask.publisher.durability to transient_local at the start '
        'of this node, or change the other one')
    bench.graph.wait_for(lambda: expected in warnings())
    bench.reports(DiagnosticStatus.WARN, '/segment_node/mask')
    bench.goes_on()  # the subscriber that fits is served
    bench.other.destroy_subscription(late)
    bench.graph.wait_for(lambda: 'mismatch.0' not in bench.fresh())


def test_what_the_warning_asks_for_helps(graph, make_bench, tiny_bundle):
    bench = make_bench(tiny_bundle, **{
        'qos_overrides./segment_node/mask.publisher.durability': 'transient_local',
        'qos_overrides./segment_node/mask.publisher.depth': 1}).activate()
    bench.goes_on()
    late = graph.listen(bench.other, Image, 'segment_node/mask',
                        profile(durability='TRANSIENT_LOCAL'))
    graph.wait_for(lambda: late)  # nothing was played since


@pytest.mark.parametrize('reliability', ['RELIABLE', 'BEST_EFFORT'])
def test_publishers_of_either_reliability_are_heard(bench, reliability):
    bench.other.destroy_publisher(bench.events)
    bench.events = bench.other.create_publisher(EventPacket, 'events', profile(reliability))
    bench.meet()
    bench.goes_on()


def test_every_topic_takes_overrides(make_bench, tiny_bundle):
    depth = 'qos_overrides./events.subscription.depth'
    bench = make_bench(tiny_bundle, **{depth: 2000}).activate()
    (info,) = bench.other.get_subscriptions_info_by_topic('events')
    assert info.node_name == 'segment_node'
    assert bench.node._work.source.inputs._events.qos_profile.depth == 2000
    assert qos.events().depth == 1000
    names = {name for name in bench.node._parameters if name.startswith('qos_overrides.')}
    for topic, role in (('/events', 'subscription'), ('/prompt/point', 'subscription'),
                        ('/prompt/remove', 'subscription'), ('/segment_node/mask', 'publisher'),
                        ('/segment_node/overlay', 'publisher')):
        for policy in ('history', 'depth', 'reliability', 'durability'):
            assert f'qos_overrides.{topic}.{role}.{policy}' in names


@pytest.mark.parametrize(('topic', 'use_images'), [('events', False), ('image', True)])
def test_a_quality_of_service_that_is_none_is_told_at_activation(
    make_bench, tiny_bundle, topic, use_images,
):
    # Nobody looks at pictures yet; who begins to does not end the node.
    bench = make_bench(tiny_bundle, use_images=use_images, **{
        f'qos_overrides./{topic}.subscription.reliability': 'sometimes'})
    assert bench.node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    assert bench.node.trigger_activate() == TransitionCallbackReturn.ERROR
    assert bench.state() == 'unconfigured'
    bench.reports(DiagnosticStatus.ERROR, 'sometimes')


def test_a_message_that_breaks_its_callback_is_told_and_the_node_goes_on(graph):
    node = graph.add(LifecycleNode('guarded'))
    other = graph.add(rclpy.create_node('guarded_other'))
    lines = graph.listen(other, Log, '/rosout', 1000)
    seen = []

    def take(message):
        seen.append(message.data)
        raise OverflowError('too much')
    connections = Connections(node)
    connections.subscribe(topics.TEXT, take)
    publisher = other.create_publisher(String, 'prompt/text', qos.prompt())
    graph.wait_for(publisher.get_subscription_count)
    for text in ('one', 'two'):
        publisher.publish(String(data=text))
        graph.wait_for(lambda text=text: text in seen)
    sentence = "a message on prompt/text could not be taken: OverflowError('too much')"
    graph.wait_for(lambda: any(line.msg == sentence for line in lines))
    connections.unsubscribe_all()
