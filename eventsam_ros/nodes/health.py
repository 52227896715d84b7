# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Looks at the running node and publishes how it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
import time
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode

from . import topics
from .connections import QUIET_S, Connections
from .diagnostics import Health, report
from .qos import overridable
from .statistics import Rates
from .work import Work


@dataclass
class _Watched:
    """What lives from activation to deactivation, and its counters as they were."""

    work: Work
    backend: str
    rates: Rates = field(default_factory=Rates)
    counters: Counter[str] = field(default_factory=Counter)


class Reporter:
    """Publishes how the node is, once in a period of a clock that no /clock stops."""

    def __init__(
        self, node: LifecycleNode, connections: Connections, settings: Mapping[str, Any],
    ) -> None:
        """Begin to report.

        Args:
            node: On what to report.
            connections: Of that node.
            settings: Parameters by name, as they are at the time.
        """
        self._node, self._connections, self._settings = node, connections, settings
        self._fault = ''
        self._keeps = False
        self._watched: _Watched | None = None
        # Neither publisher nor timer is a managed entity: they speak in every state.
        self._publisher = node.create_publisher(
            topics.DIAGNOSTICS.message, topics.DIAGNOSTICS.name, topics.DIAGNOSTICS.qos(),
            qos_overriding_options=overridable())
        self._timer = node.create_timer(
            settings['diagnostics.period_s'], self.publish,
            clock=Clock(clock_type=ClockType.STEADY_TIME))

    def set_period(self, seconds: float) -> None:
        """Report once in so many seconds from the next report on."""
        self._timer.timer_period_ns = int(seconds * 1e9)

    def fault(self, text: str, keep: bool = False) -> None:
        """Log a fault and report it as an error.

        Args:
            text: One sentence.
            keep: Report it until `recovered`, and not only with the next report.
        """
        self._fault, self._keeps = text, keep
        if keep:
            self._node.get_logger().error(text)
        else:
            self._node.get_logger().error(text, throttle_duration_sec=QUIET_S)

    def recovered(self) -> None:
        """Forget the fault."""
        self._fault, self._keeps = '', False

    def watch(self, work: Work, backend: str) -> None:
        """Report on what is active.

        Args:
            work: What it does.
            backend: Back end and bundle.
        """
        self._watched = _Watched(work, backend)

    def unwatch(self) -> None:
        """Say last what became of all that was active, and report on nothing."""
        try:
            if self._watched is not None and self._node.context.ok():
                self.publish()
        finally:
            self._watched = None

    def publish(self) -> None:
        """Publish one report."""
        health = self._look()
        if not self._keeps:
            self._fault = ''  # until it happens again
        stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(report(stamp, self._node.get_fully_qualified_name(), health))

    def _look(self) -> Health:
        watched, settings = self._watched, self._settings
        if watched is None:
            return Health(False, fault=self._fault)
        work, pipeline = watched.work, watched.work.pipeline
        counters = Counter(dict.fromkeys(work.DROPS, 0))
        counters.update(work.counts())
        counters.update(dict(pipeline.counters))   # copied at once: threads add to it
        new, watched.counters = Counter(counters) - watched.counters, counters
        rates = watched.rates.look(counters, time.monotonic())
        drops, rest = (
            {name: count for name, count in counters.items() if (name in work.DROPS) is dropped}
            for dropped in (True, False))
        return Health(
            True, work.look(new), drops, {name: new[name] for name in work.DROPS}, rest,
            {key: rates.get(name, 0.0) for key, name in work.RATES.items()},
            pipeline.latency_ms.percentiles(), pipeline.processing_ms.percentiles(),
            pipeline.mean_stages_ms(), settings['diagnostics.latency_ms'],
            tuple(self._connections.mismatches()), watched.backend, self._fault)
