# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Messages reach their thread in order, without an executor, and whatever the thread meets."""

from __future__ import annotations

import threading
import time

import pytest

rclpy = pytest.importorskip('rclpy', reason='no ROS 2 here')

from rclpy.context import Context  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.node import Node  # noqa: E402
from rclpy.qos import QoSProfile  # noqa: E402
from rclpy.subscription import Subscription  # noqa: E402
from std_msgs.msg import UInt32  # noqa: E402

from eventsam_ros.nodes.compat import SubscriptionEventCallbacks  # noqa: E402
from eventsam_ros.nodes.listener import MOST_AT_ONCE, Apart, Listener  # noqa: E402

COUNT = 3 * MOST_AT_ONCE


def wait_for(true, seconds=30.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, 'it did not come'
        time.sleep(0.01)


class Heard:
    """What a listener was given, and in which threads; the first call fails if it shall."""

    def __init__(self, fails: bool = False) -> None:
        self.values: list[int] = []
        self.threads: set[str] = set()
        self.faults: list[str] = []
        self._fails = fails

    def take(self, message, received_ns):
        assert 0 < time.time_ns() - received_ns < 60e9
        self.threads.add(threading.current_thread().name)
        self.values.append(message.data)
        if self._fails:
            self._fails = False
            raise ValueError('not this one')


@pytest.fixture
def pair():
    """A publisher, and a subscription that no executor looks at."""
    context = Context()
    rclpy.init(context=context)
    node = Node('listening', context=context)
    subscription = node.create_subscription(
        UInt32, 'numbers', lambda _: pytest.fail('the executor took it'), QoSProfile(depth=COUNT),
        callback_group=Apart(),
        event_callbacks=SubscriptionEventCallbacks(use_default_callbacks=False))
    publisher = node.create_publisher(UInt32, 'numbers', QoSProfile(depth=COUNT))
    wait_for(lambda: publisher.get_subscription_count() == 1)
    yield node, publisher, subscription
    rclpy.try_shutdown(context=context)


def publish(publisher, values):
    for value in values:
        publisher.publish(UInt32(data=value))


def test_all_come_in_order_in_one_thread_while_nothing_spins(pair):
    node, publisher, subscription = pair
    heard = Heard()
    listener = Listener(node.context, subscription, heard.take, heard.faults.append)
    publish(publisher, range(COUNT))
    wait_for(lambda: len(heard.values) == COUNT)
    listener.stop()
    assert heard.values == list(range(COUNT))
    assert heard.threads == {'listen'}
    assert heard.faults == []


class Counting(SingleThreadedExecutor):
    """Counts how often it looks at subscriptions, as it does whenever something wakes it."""

    looks = 0

    def can_execute(self, entity):
        self.looks += isinstance(entity, Subscription)
        return super().can_execute(entity)


def test_an_executor_neither_takes_them_nor_wakes(pair):
    node, publisher, subscription = pair
    heard = Heard()
    executor = Counting(context=node.context)
    executor.add_node(node)
    thread = threading.Thread(target=executor.spin)
    thread.start()
    wait_for(lambda: executor.looks)
    listener = Listener(node.context, subscription, heard.take, heard.faults.append)
    before = executor.looks
    for k in range(50):
        publish(publisher, [k])
        time.sleep(0.005)
    wait_for(lambda: len(heard.values) == 50)
    assert executor.looks - before < 10
    listener.stop()
    executor.shutdown()
    thread.join()


def test_a_failure_is_told_and_the_next_ones_come(pair):
    node, publisher, subscription = pair
    heard = Heard(fails=True)
    listener = Listener(node.context, subscription, heard.take, heard.faults.append)
    publish(publisher, [7])
    wait_for(lambda: heard.faults)
    publish(publisher, [8])
    wait_for(lambda: heard.values == [7, 8])
    listener.stop()
    assert heard.faults == ["messages could not be taken: ValueError('not this one')"]


def test_it_ends_with_the_context(pair):
    node, _, subscription = pair
    heard = Heard()
    listener = Listener(node.context, subscription, heard.take, heard.faults.append)
    rclpy.shutdown(context=node.context)
    listener.stop()
    assert heard.faults == []
