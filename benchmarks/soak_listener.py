# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Listens to a running segment_node: latencies, diagnostics and memory once a second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
import time

from diagnostic_msgs.msg import DiagnosticArray
import rclpy
from rclpy.executors import SingleThreadedExecutor
from std_msgs.msg import Float64

PERIOD_S = 1.0


@dataclass(frozen=True)
class Sample:
    """One second of a node.

    Attributes:
        time_s: Steady time, s.
        rss_mb: Resident memory of its process, MB.
        latencies_ms: Pipeline latencies that were published in this second, ms.
        values: Its diagnostics at the end of it.
    """

    time_s: float
    rss_mb: float
    latencies_ms: list[float] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process in MB (Linux)."""
    for line in Path(f'/proc/{pid}/status').read_text().splitlines():
        if line.startswith('VmRSS:'):
            return int(line.split()[1]) / 1024
    return 0.0


def listen(pid: int, busy: Callable[[], bool], settle_s: float) -> list[Sample]:
    """Sample a node until its player has ended and a while after.

    Args:
        pid: Its process.
        busy: Whether the player still plays.
        settle_s: How long to listen after that, s.
    """
    latencies: list[float] = []
    values: dict[str, str] = {}

    def on_diagnostics(message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name.endswith('segment_node: segmentation'):
                values.update({pair.key: pair.value for pair in status.values})

    rclpy.init(args=[])
    node = rclpy.create_node('soak_listener')
    node.create_subscription(
        Float64, '/segment_node/debug/pipeline_latency_ms',
        lambda message: latencies.append(message.data), 100)
    node.create_subscription(DiagnosticArray, '/diagnostics', on_diagnostics, 10)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    samples: list[Sample] = []
    end_s: float | None = None
    try:
        while end_s is None or time.monotonic() < end_s:
            until_s = time.monotonic() + PERIOD_S
            while (left_s := until_s - time.monotonic()) > 0:
                executor.spin_once(left_s)
            samples.append(Sample(
                time.monotonic(), resident_mb(pid), list(latencies), dict(values)))
            latencies.clear()
            if end_s is None and not busy():
                end_s = time.monotonic() + settle_s
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown()
    return samples
