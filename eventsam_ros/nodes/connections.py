# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Publishers and subscriptions that tell when the other side's quality of service does not fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from rclpy.lifecycle import LifecycleNode
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from . import qos
from .compat import PublisherEventCallbacks, SubscriptionEventCallbacks
from .listener import Apart, Listener, Take
from .topics import Topic

_STRICTNESS: dict[str, tuple[Any, ...]] = {
    'reliability': (ReliabilityPolicy.BEST_EFFORT, ReliabilityPolicy.RELIABLE),
    'durability': (DurabilityPolicy.VOLATILE, DurabilityPolicy.TRANSIENT_LOCAL),
}
"""Policies that must fit, what is offered at least as strict as what is asked for."""


QUIET_S = 5.0
"""Least time between two log lines about faults of one kind."""
_PATIENCE = 10
"""Looks for the other side of an event that the graph does not show."""


@dataclass
class _Suspect:
    role: str
    told: set[str] = field(default_factory=set)
    looks: int = 0
    lasting: bool = False


class Connections:
    """Makes the entities of one node and watches who does not fit them."""

    def __init__(self, node: LifecycleNode) -> None:
        """Begin with none.

        Args:
            node: Whose publishers and subscriptions they are.
        """
        self._node = node
        self._subscriptions: list[Any] = []
        self._listeners: dict[Any, Listener] = {}
        self._suspects: dict[Any, _Suspect] = {}

    def subscribe(
        self, topic: Topic, callback: Callable[[Any], None], *,
        name: str = '', message: Any = None, raw: bool = False,
    ) -> Any:
        """Return a subscription.

        Args:
            topic: What to subscribe to.
            callback: Called with each message.
            name: Another name than the topic's.
            message: Another class of messages than the topic's.
            raw: Whether messages come serialised.
        """
        made: Any = None

        def incompatible(_event: Any) -> None:
            self._suspect(made, 'subscription')
        made = self._make(
            topic, self._guarded(name or topic.name, callback),
            SubscriptionEventCallbacks(incompatible_qos=incompatible), name=name, message=message,
            raw=raw)
        return made

    def _guarded(self, name: str, callback: Callable[..., None]) -> Callable[..., None]:
        @wraps(callback)   # rclpy looks at how many arguments it takes
        def taken(*given: Any) -> None:
            try:
                callback(*given)
            except Exception as error:  # one bad message must not end the node
                if self._node.context.ok():
                    self._node.get_logger().error(
                        f'a message on {name} could not be taken: {error!r}',
                        throttle_duration_sec=QUIET_S)
        return taken

    def listen(
        self, topic: Topic, take: Take, failed: Callable[[str], None], *,
        message: Any = None, raw: bool = False,
    ) -> Any:
        """Return a subscription with a thread of its own; see Listener.

        Args:
            topic: What to subscribe to.
            take: Called in the thread with each message.
            failed: Told in one sentence what went wrong.
            message: Another class of messages than the topic's.
            raw: Whether messages come serialised.
        """
        # No executor would call its events; who does not fit is seen on the graph, at each look.
        made = self._make(
            topic, lambda _: None, SubscriptionEventCallbacks(use_default_callbacks=False),
            message=message, raw=raw, callback_group=Apart())
        self._suspects[made] = _Suspect('subscription', lasting=True)
        self._listeners[made] = Listener(self._node.context, made, take, failed)
        return made

    def _make(
        self, topic: Topic, callback: Callable[[Any], None], events: SubscriptionEventCallbacks,
        *, name: str = '', message: Any = None, **options: Any,
    ) -> Any:
        made = self._node.create_subscription(
            message or topic.message, name or topic.name, callback, topic.qos(),
            qos_overriding_options=qos.overridable(), event_callbacks=events, **options)
        self._subscriptions.append(made)
        return made

    def advertise(self, topic: Topic) -> Any:
        """Return a publisher that speaks while the node is active."""
        made: Any = None

        def incompatible(_event: Any) -> None:
            self._suspect(made, 'publisher')
        made = self._node.create_lifecycle_publisher(
            topic.message, topic.name, topic.qos(), qos_overriding_options=qos.overridable(),
            event_callbacks=PublisherEventCallbacks(incompatible_qos=incompatible))
        return made

    def unsubscribe(self, subscription: Any) -> None:
        """Remove a subscription."""
        self._suspects.pop(subscription, None)
        listener = self._listeners.pop(subscription, None)
        if listener is not None:
            listener.stop()
        self._subscriptions.remove(subscription)
        self._node.destroy_subscription(subscription)

    def unsubscribe_all(self) -> None:
        """Remove all subscriptions."""
        for subscription in list(self._subscriptions):
            self.unsubscribe(subscription)

    def withdraw(self, publisher: Any) -> None:
        """Remove a publisher."""
        self._suspects.pop(publisher, None)
        self._node.destroy_lifecycle_publisher(publisher)

    def mismatches(self) -> list[str]:
        """Return a sentence for each pair that does not fit, and log the new ones."""
        found = []
        for entity, suspect in list(self._suspects.items()):
            sentences = self._look(entity, suspect.role)
            for sentence in sentences:
                if sentence not in suspect.told:
                    suspect.told.add(sentence)
                    self._node.get_logger().warning(sentence)
            # The event may come before the graph knows who it is about.
            suspect.looks = 0 if sentences else suspect.looks + 1
            done = suspect.told or suspect.looks >= _PATIENCE
            if not sentences and suspect.lasting:
                suspect.told.clear()
            elif not sentences and done:
                del self._suspects[entity]
            found += sentences
        return found

    def _suspect(self, entity: Any, role: str) -> None:
        if entity is not None:  # else it is being made, and the event comes again
            self._suspects.setdefault(entity, _Suspect(role)).looks = 0
            self.mismatches()

    def _look(self, entity: Any, role: str) -> list[str]:
        topic = entity.topic_name
        node = self._node
        if role == 'subscription':
            others = node.get_publishers_info_by_topic(topic)
            pairs = [(other, *pair) for other in others
                     for pair in _differences(entity.qos_profile, other.qos_profile)]
        else:
            others = node.get_subscriptions_info_by_topic(topic)
            pairs = [(other, policy, offers, asks) for other in others for policy, asks, offers
                     in _differences(other.qos_profile, entity.qos_profile)]
        return [
            f"{topic}: this node's {role} is {mine} in {policy}, but that of "
            f'{other.node_namespace.rstrip("/")}/{other.node_name} is {theirs}, so no message '
            f'passes between them; set the parameter qos_overrides.{topic}.{role}.{policy} to '
            f'{theirs} at the start of this node, or change the other one'
            for other, policy, mine, theirs in pairs]


def _differences(asked: QoSProfile, offered: QoSProfile) -> list[tuple[str, str, str]]:
    """Return policy, what is asked for and what is offered, where that is less."""
    found = []
    for policy, order in _STRICTNESS.items():
        asks, offers = getattr(asked, policy), getattr(offered, policy)
        known = asks in order and offers in order
        if known and order.index(asks) > order.index(offers):
            found.append((policy, asks.name.lower(), offers.name.lower()))
    return found
