# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What differs between the rclpy of Humble and later ones, in this one place.

Compared in the sources of Humble, Jazzy and Rolling:
- the module of the QoS events is qos_event in Humble and event_handler later;
- after an illegal transition Humble's lifecycle node raises in its service, which ends the node;
- callbacks that run after parameters were set came after Humble;
- callbacks of a subscription are told when a message was received since Iron.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.context import Context
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.subscription import Subscription

try:
    from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
except ImportError:
    from rclpy.qos_event import PublisherEventCallbacks, SubscriptionEventCallbacks

__all__ = [
    'ManagedNode', 'PublisherEventCallbacks', 'RCLError', 'SubscriptionEventCallbacks',
    'new_wait_set', 'on_parameters', 'take_waiting', 'timed']

RCLError = rclpy_implementation.RCLError

Check = Callable[[list[Parameter]], SetParametersResult]
Apply = Callable[[list[Parameter]], None]


class ManagedNode(LifecycleNode):
    """A lifecycle node that answers an illegal transition, and that goes when it is destroyed."""

    def _LifecycleNodeMixin__change_state(  # noqa: N802  (rclpy's own name for it)
        self, transition_id: int,
    ) -> TransitionCallbackReturn:
        try:
            return super()._LifecycleNodeMixin__change_state(transition_id)
        except RCLError as error:
            self.get_logger().error(f'transition {transition_id} is refused: {error}')
            return TransitionCallbackReturn.ERROR

    def destroy_node(self) -> None:
        """Destroy the node, and what would keep it on the graph until garbage is collected."""
        super().destroy_node()
        self._state_machine = None


def on_parameters(node: Node, check: Check, apply: Apply) -> None:
    """Check changes of parameters, and apply them when all of them have been accepted.

    Args:
        node: Whose parameters.
        check: Says whether all changes of one request may be made.
        apply: Called with them when they have been made.
    """
    if hasattr(node, 'add_post_set_parameters_callback'):
        node.add_on_set_parameters_callback(check)
        node.add_post_set_parameters_callback(apply)
        return

    def check_and_apply(changes: list[Parameter]) -> SetParametersResult:
        result = check(changes)
        if result.successful:
            apply(changes)
        return result
    node.add_on_set_parameters_callback(check_and_apply)


def timed(callback: Callable[[Any, int | None], None]) -> Callable[..., None]:
    """Return a subscription's callback for one that takes a message and when it was received.

    Args:
        callback: Takes the message and the system's time of its reception in ns, None where
            rclpy or the middleware does not tell it.
    """
    if not hasattr(Subscription, 'CallbackType'):
        return lambda message: callback(message, None)

    def with_info(message: Any, info: Any) -> None:
        callback(message, info['received_timestamp'])
    return with_info


def new_wait_set(context: Context) -> Any:
    """Return a wait set for one subscription, as rclpy.wait_for_message makes it."""
    with context.handle:
        return rclpy_implementation.WaitSet(1, 0, 0, 0, 0, 0, context.handle)


def take_waiting(subscription: Any, most: int) -> Iterator[tuple[Any, int | None]]:
    """Take messages that wait for a subscription, without going through the executor.

    Args:
        subscription: From create_subscription.
        most: How many at most.

    Yields:
        Messages, or bytes where the subscription is raw, and the system's time of their
        reception in ns.
    """
    handle, kind, raw = subscription.handle, subscription.msg_type, subscription.raw
    with handle:
        for _ in range(most):
            taken = handle.take_message(kind, raw)
            if taken is None:
                return
            yield taken[0], taken[1]['received_timestamp']
