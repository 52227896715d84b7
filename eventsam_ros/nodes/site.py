# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Where a work lives: what of the node it may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rclpy.lifecycle import LifecycleNode

from .connections import QUIET_S, Connections
from .outputs import Outputs


@dataclass(frozen=True)
class Site:
    """What of the node those parts use that live from activation to deactivation.

    Attributes:
        node: For its clock, log and timers.
        connections: Makes its subscriptions.
        outputs: Where to publish.
        settings: Parameters by name, as they are at the time.
        fault: Told in one sentence what failed; may be called from any thread.
    """

    node: LifecycleNode
    connections: Connections
    outputs: Outputs
    settings: Mapping[str, Any]
    fault: Callable[[str], None]

    def now_ns(self) -> int:
        """Return the time of the node's clock."""
        return int(self.node.get_clock().now().nanoseconds)

    def warn(self, text: str) -> None:
        """Log a warning, one of its kind at a time."""
        self.node.get_logger().warning(text, throttle_duration_sec=QUIET_S)
