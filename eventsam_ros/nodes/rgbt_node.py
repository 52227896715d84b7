# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The lifecycle node of two cameras: colour and thermal pictures in, class maps out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter

from eventsam_ros.errors import BundleError, EventsamError
from eventsam_ros.inference.engines import EngineOptions
from eventsam_ros.inference.rgbt import RgbtSegmenter
from eventsam_ros.inference.rgbt_bundle import load_rgbt_bundle

from . import rgbt_parameters as parameters
from . import rgbt_topics as topics
from .compat import ManagedNode, on_parameters
from .connections import Connections
from .memory import give_back
from .qos import overridable
from .rgbt_health import RgbtHealth, report
from .rgbt_outputs import RgbtOutputs
from .rgbt_work import RgbtWork
from .running import run

SUCCESS = TransitionCallbackReturn.SUCCESS
FAILURE = TransitionCallbackReturn.FAILURE
_TICK_S = 0.01
"""How often it is looked for pictures whose partner did not come."""


class RgbtNode(ManagedNode):
    """Wires topics and parameters to the pairing and to the segmenter."""

    def __init__(self, name: str = 'rgbt_node', **options: Any) -> None:
        """Declare the parameters; nothing is loaded before configure.

        Args:
            name: Of the node.
            options: Of rclpy's Node.
        """
        # rclpy destroys the node at shutdown, even one whose constructor failed.
        self._segmenter: RgbtSegmenter | None = None
        self._outputs: RgbtOutputs | None = None
        self._work: RgbtWork | None = None
        self._fault, self._keeps = '', False
        self._before: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        self._connections = Connections(self)
        super().__init__(name, **options)
        parameters.declare(self)
        self._values = parameters.read(self)
        # Neither publisher nor timers are managed entities: they speak in every state.
        self._diagnostics = self.create_publisher(
            topics.DIAGNOSTICS.message, topics.DIAGNOSTICS.name, topics.DIAGNOSTICS.qos(),
            qos_overriding_options=overridable())
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(self._values['diagnostics.period_s'], self._report, clock=steady)
        self.create_timer(_TICK_S, self._tick, clock=steady)
        on_parameters(self, self._check, self._apply)
        if self._values['autostart'] and self.trigger_configure() == SUCCESS:
            self.trigger_activate()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the bundle, run the network once, and make the publishers."""
        try:
            self._configure()
        except (EventsamError, ValueError, OSError) as error:
            self._free()
            self._fail(f'cannot configure: {error}', keep=True)
            return FAILURE
        self._fault, self._keeps = '', False
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to work and subscribe."""
        assert self._segmenter is not None
        assert self._outputs is not None
        result = super().on_activate(state)
        self._before = (Counter(), Counter())
        self._work = RgbtWork(
            self._segmenter, self._outputs, self.get_clock(), self._values, self._fail)
        self._work.subscribe(self._connections)
        self.get_logger().info('active')
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop listening and finish the moment at hand."""
        self._stop()
        return super().on_deactivate(state)

    def on_cleanup(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Free the network."""
        self._free()
        self._fault, self._keeps = '', False
        return SUCCESS

    def on_shutdown(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Stop and free everything, from whichever state."""
        self._free()
        return SUCCESS

    def on_error(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything, so that the node can be configured again."""
        self._free()
        return SUCCESS

    def destroy_node(self) -> None:
        """Stop and free everything before the node goes."""
        self._free()
        super().destroy_node()

    def _configure(self) -> None:
        values = self._values
        reason = parameters.problem(values)
        if reason:
            raise EventsamError(reason)
        if not values['bundle']:
            raise BundleError('the parameter bundle must be the folder of a bundle of task '
                              'rgbt_semantic; docs/sartm.md tells how to make one')
        bundle, cache = load_rgbt_bundle(values['bundle']), values['engine_cache']
        self._segmenter = segmenter = RgbtSegmenter(
            bundle, values['engine'], values['engine_threads'] or None, EngineOptions(
                values['engine_precision'], Path(cache) if cache else None,
                tell=self.get_logger().info))
        segmenter.warm_up()
        self._outputs = RgbtOutputs(self._connections, bundle.manifest)
        self.get_logger().info(
            f'configured with bundle {bundle.manifest.name} on {segmenter.engine_description}')

    def _stop(self) -> None:
        self._connections.unsubscribe_all()
        work, self._work = self._work, None
        if work is not None:
            work.stop()

    def _free(self) -> None:
        self._stop()
        outputs, segmenter = self._outputs, self._segmenter
        self._outputs = self._segmenter = None
        if outputs is not None:
            outputs.destroy()
        if segmenter is not None:
            segmenter.close()
            del segmenter
            give_back()

    def _fail(self, text: str, keep: bool = False) -> None:
        """Log a fault and report it as an error; `keep` until it is configured again."""
        self._fault, self._keeps = text, keep
        self.get_logger().error(text, throttle_duration_sec=0.0 if keep else 5.0)

    def _tick(self) -> None:
        if self._work is not None:
            self._work.tick()

    def _report(self) -> None:
        health = self._look()
        if not self._keeps:
            self._fault = ''   # until it happens again
        self._diagnostics.publish(report(
            self.get_clock().now().to_msg(), self.get_fully_qualified_name(), health))

    def _look(self) -> RgbtHealth:
        work, segmenter = self._work, self._segmenter
        if work is None or segmenter is None:
            return RgbtHealth(False, fault=self._fault)
        modes, drops = Counter(work.modes), Counter({k: work.counters[k] for k in work.DROPS})
        new_modes, new_drops = modes - self._before[0], drops - self._before[1]
        self._before = modes, drops
        # replacing what waits is the policy of a node that keeps up with the present
        for name in ('moments_superseded', 'moments_unwatched', 'moments_stopped'):
            new_drops.pop(name, None)
        manifest = segmenter.bundle.manifest
        return RgbtHealth(
            True, work.mode, new_modes, manifest.one_camera, new_drops, dict(work.counters),
            work.measures(), work.latency_ms.percentiles(),
            self._values['diagnostics.latency_ms'], tuple(self._connections.mismatches()),
            f'{segmenter.engine_description}, bundle {manifest.name}', self._fault)

    def _check(self, changes: list[Parameter]) -> SetParametersResult:
        return parameters.check(self._values, changes, self._segmenter is not None)

    def _apply(self, changes: list[Parameter]) -> None:
        self._values.update({c.name: c.value for c in changes if c.name in self._values})


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until it is told to stop; return the exit code.

    Args:
        args: Command line with ROS arguments; None takes the process's own.

    Raises:
        EventsamError: A parameter that was given cannot be.
    """
    cv2.setNumThreads(1)
    return run(RgbtNode, args=args)
