# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Looks at the node at a steady pace and reports on /diagnostics, in every state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
import time
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode

from . import topics
from .connections import Connections
from .decoding import Decoding
from .diagnostics import Health, report
from .inputs import Inputs
from .pipeline import Pipeline
from .prompt_inputs import PromptInputs
from .prompts import PromptBoard
from .qos import overridable
from .shedding import advice
from .statistics import Rates
from .stream import EventStream

QUIET_S = 5.0
"""Least time between two log lines about faults of one kind."""
DROPS = (*EventStream.DROPS, *Decoding.DROPS, *Inputs.DROPS, *PromptBoard.DROPS, *Pipeline.DROPS)
"""Names of all that is dropped; each is a key on /diagnostics behind `dropped.`."""


@dataclass
class Active:
    """What lives from activation to deactivation.

    Attributes:
        inputs: Events and images.
        decoding: From events to windows.
        prompts: Clicks and boxes.
        pipeline: From windows to masks.
        board: The prompted objects.
        backend: Back end and bundle.
        rates: Growth of the counters.
        drops: As they were at the last look.
        restarts: As they were at the last look.
        counters: As they were at the last look.
    """

    inputs: Inputs
    decoding: Decoding
    prompts: PromptInputs
    pipeline: Pipeline
    board: PromptBoard
    backend: str
    rates: Rates = field(default_factory=Rates)
    drops: Counter[str] = field(default_factory=Counter)
    restarts: int = 0
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
        self._active: Active | None = None
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

    def watch(self, active: Active | None) -> None:
        """Report on what is active, or on nothing."""
        self._active = active

    def publish(self) -> None:
        """Publish one report."""
        health = self._look()
        if not self._keeps:
            self._fault = ''  # until it happens again
        stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(report(stamp, self._node.get_fully_qualified_name(), health))

    def _look(self) -> Health:
        active, settings = self._active, self._settings
        if active is None:
            return Health(False, None, settings['diagnostics.stale_s'], fault=self._fault)
        active.prompts.tell_refusals()
        now_s = time.monotonic()
        inputs, pipeline, stream = active.inputs, active.pipeline, active.decoding.stream
        streamed = Counter(active.decoding.counts())
        streamed.update(inputs.counts())
        counters = {**streamed, **active.board.counters, **pipeline.counters}
        drops = Counter({name: counters.pop(name, 0) for name in DROPS})
        new_drops, active.drops = drops - active.drops, drops
        restarts, active.restarts = stream.restarts - active.restarts, stream.restarts
        new, active.counters = Counter(counters) - active.counters, Counter(counters)
        overload = advice(settings, new_drops, new['masks_published'], new['events'],
                          pipeline.budget.inside_ms())
        last_s = inputs.last_packet_s
        return Health(
            True, None if last_s is None else now_s - last_s, settings['diagnostics.stale_s'],
            drops, new_drops, restarts, counters, active.rates.look(counters, now_s),
            pipeline.latency_ms.percentiles(), pipeline.processing_ms.percentiles(),
            pipeline.mean_stages_ms(), settings['diagnostics.latency_ms'],
            {'prompts': str(len(active.board)), **inputs.measures(), **active.decoding.measures(),
             **pipeline.budget.measures()}, overload,
            tuple(self._connections.mismatches()), active.backend, stream.format, self._fault)
