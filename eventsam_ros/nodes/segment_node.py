# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The lifecycle node: event packets in, masks out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
import sys
import time
from typing import Any

import cv2
from diagnostic_msgs.msg import DiagnosticArray
from event_camera_msgs.msg import EventPacket
from geometry_msgs.msg import PointStamped
from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger

from eventsam_ros.errors import DecodeError, EventsamError
from eventsam_ros.events.windows import CountWindows, FrameWindows, PeriodWindows
from eventsam_ros.inference.bundle import load_bundle
from eventsam_ros.inference.prompts import Box
from eventsam_ros.inference.segmenter import Segmenter

from . import parameters, qos, vision
from .diagnostics import Health, report
from .images import to_bgr
from .outputs import Outputs
from .pipeline import Job, Pipeline
from .prompts import PromptBoard
from .running import run
from .stamps import nanoseconds
from .statistics import Rates
from .stream import EventStream, Policy, StampedWindow, warm_up

SUCCESS = TransitionCallbackReturn.SUCCESS
SWITCH_S = 2e-4
MOST_AT_ONCE = 100
"""Packets taken before anything else of the node gets its turn."""
FAILURE = TransitionCallbackReturn.FAILURE


class SegmentNode(LifecycleNode):
    """Wires topics, parameters and services to the stream and to the pipeline."""

    def __init__(self, **options: Any) -> None:
        """Declare the parameters; nothing is loaded before configure.

        Args:
            options: Of rclpy's Node.
        """
        super().__init__('segment_node', **options)
        parameters.declare(self)
        self.add_on_set_parameters_callback(self._on_parameters)
        self._values = parameters.read(self)
        self._prompts = PromptBoard()
        self._segmenter: Segmenter | None = None
        self._pipeline: Pipeline | None = None
        self._outputs: Outputs | None = None
        self._stream: EventStream | None = None
        self._inputs: list[Any] = []
        self._events: Any = None
        self._rates = Rates()
        self._drops_before: Counter[str] = Counter()
        self._last_packet_s: float | None = None
        self._fault = ''
        # Diagnostics speak in every state, so neither publisher nor timer is a managed entity.
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', qos.debug())
        self._reports = self.create_timer(
            self._values['diagnostics.period_s'], self.publish_diagnostics)
        self.create_service(Trigger, '~/reset', self._on_reset)
        if self._values['autostart']:
            self._autostart()

    def on_configure(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Load the bundle, run the network once, and make the publishers."""
        self._values = values = parameters.read(self)
        try:
            bundle = load_bundle(values['bundle'] or None)
            segmenter = Segmenter(
                bundle, values['engine'], values['engine_threads'] or None,
                parameters.options_of(values))
            segmenter.warm_up(bundle.manifest.width, bundle.manifest.height)
            warm_up()
        except (EventsamError, ValueError, OSError) as error:
            self._fault = f'cannot configure: {error}'
            self.get_logger().error(self._fault)
            return FAILURE
        self._fault = ''
        self._segmenter = segmenter
        self._outputs = Outputs(self)
        self._pipeline = Pipeline(segmenter, self._outputs, self.get_clock(), self._on_fault)
        self._reports.timer_period_ns = int(values['diagnostics.period_s'] * 1e9)
        self.get_logger().info(
            f'configured with bundle {bundle.manifest.name} on {segmenter.engine_name}')
        return super().on_configure(_state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to work and subscribe."""
        assert self._pipeline is not None
        self._stream = EventStream(self._make_policy)
        self._last_packet_s = None
        self._drops_before = Counter()
        result = super().on_activate(state)
        self._pipeline.start()
        self._subscribe()
        self.get_logger().info('active')
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop listening and finish the window at hand."""
        self._stop()
        return super().on_deactivate(state)

    def on_cleanup(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Free the network."""
        self._free()
        return SUCCESS

    def on_shutdown(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Stop and free everything, from whichever state."""
        self._stop()
        self._free()
        return SUCCESS

    def on_error(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything, so that the node can be configured again."""
        self._stop()
        self._free()
        return SUCCESS

    def destroy_node(self) -> None:
        """Stop and free everything before the node goes."""
        self._stop()
        self._free()
        super().destroy_node()

    def _autostart(self) -> None:
        if self.trigger_configure() == SUCCESS:
            self.trigger_activate()

    def _subscribe(self) -> None:
        def subscribe(kind: Any, topic: str, callback: Any, profile: Any) -> Any:
            self._inputs.append(self.create_subscription(
                kind, topic, callback, profile, qos_overriding_options=qos.overridable()))
            return self._inputs[-1]

        self._events = subscribe(EventPacket, 'events', self._on_packets, qos.events())
        subscribe(PointStamped, 'prompt/point', self._on_point, qos.prompt())
        if self._values['use_images'] or self._values['window.policy'] == 'frame':
            subscribe(Image, 'image', self._on_image, qos.image())
        if vision.INSTALLED:
            subscribe(vision.Detection2DArray, 'prompt/boxes', self._on_boxes, qos.prompt())

    def _stop(self) -> None:
        for subscription in self._inputs:
            self.destroy_subscription(subscription)
        self._inputs.clear()
        if self._pipeline is not None:
            self._pipeline.stop()
        self._stream = None

    def _free(self) -> None:
        if self._outputs is not None:
            self._outputs.destroy()
        if self._segmenter is not None:
            self._segmenter.close()
        self._segmenter = self._pipeline = self._outputs = None

    def _make_policy(self, width: int, height: int) -> Policy:
        assert self._segmenter is not None
        duration_ms = (self._values['window.duration_ms']
                       or self._segmenter.bundle.manifest.window_ms)
        match self._values['window.policy']:
            case 'count':
                return CountWindows(self._values['window.count'], width, height)
            case 'frame':
                return FrameWindows(width, height, round(duration_ms * 1e6))
            case _:
                return PeriodWindows(round(duration_ms * 1e6), width, height)

    def _on_packets(self, packet: EventPacket) -> None:
        """Take the packet that woke the node and those that wait behind it.

        An executor of rclpy spends about a millisecond on each message. Taking what waits keeps
        the node in step with packets of a millisecond, however little time it gets.
        """
        self._on_packet(packet)
        with self._events.handle:
            for _ in range(MOST_AT_ONCE):
                taken = self._events.handle.take_message(EventPacket, False)
                if taken is None:
                    return
                self._on_packet(taken[0])

    def _on_packet(self, packet: EventPacket) -> None:
        if self._stream is None or self._pipeline is None:
            return
        self._last_packet_s = time.monotonic()
        restarts = self._stream.restarts
        try:
            windows = self._stream.packet(packet)
        except DecodeError as error:
            self._on_fault(f'packets cannot be decoded: {error}')
            return
        if self._stream.restarts != restarts:
            self.get_logger().info('the event stream began anew', throttle_duration_sec=5.0)
            self._pipeline.forget()
        self._submit(windows)

    def _on_image(self, message: Image) -> None:
        if self._stream is None or self._pipeline is None:
            return
        stamp_ns = nanoseconds(message.header.stamp)
        if self._values['use_images']:
            try:
                self._pipeline.backgrounds.add(stamp_ns, to_bgr(message))
            except ValueError as error:
                self._stream.counters['images_unreadable'] += 1
                self.get_logger().warning(str(error), throttle_duration_sec=5.0)
        self._submit(self._stream.frame(stamp_ns, message.header.frame_id))

    def _submit(self, windows: Sequence[StampedWindow]) -> None:
        if not windows:
            return
        assert self._pipeline is not None
        now_ns = self.get_clock().now().nanoseconds
        prompts = self._prompts.current(now_ns, self._values['prompts.hold_s'])
        for window in windows:
            self._pipeline.submit(Job(window, tuple(prompts)))

    def _on_point(self, message: PointStamped) -> None:
        point = message.point
        now_ns = self.get_clock().now().nanoseconds
        if not self._prompts.click(point.x, point.y, point.z >= 0, now_ns):
            self.get_logger().warning(
                'a click with z < 0 says what an object is not, but there is no object yet')

    def _on_boxes(self, message: Any) -> None:
        boxes: list[tuple[Box, int | None]] = vision.boxes(message)
        self._prompts.boxes(boxes, self.get_clock().now().nanoseconds)

    def _on_reset(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._prompts.clear()
        if self._stream is not None:
            self._stream.reset()
        if self._pipeline is not None:
            self._pipeline.forget()
        response.success = True
        response.message = 'stream, objects and prompts are forgotten'
        return response

    def _on_parameters(self, changes: list[Parameter]) -> SetParametersResult:
        result = parameters.check(self._values, changes, self._segmenter is not None)
        if result.successful:
            self._values |= {c.name: c.value for c in changes if c.name in self._values}
            if self._segmenter is not None:
                self._segmenter.options = parameters.options_of(self._values)
        return result

    def _on_fault(self, text: str) -> None:
        self._fault = text
        self.get_logger().error(text, throttle_duration_sec=5.0)

    def publish_diagnostics(self) -> None:
        """Publish one message on /diagnostics."""
        stamp = self.get_clock().now().to_msg()
        health = self._health()
        if self._segmenter is not None:
            self._fault = ''  # until it happens again
        self._diagnostics.publish(report(stamp, self.get_fully_qualified_name(), health))

    def _health(self) -> Health:
        values, pipeline, stream = self._values, self._pipeline, self._stream
        if pipeline is None or stream is None or self._segmenter is None:
            return Health(False, None, values['diagnostics.stale_s'], fault=self._fault)
        now_s = time.monotonic()
        counters = {**stream.counts(), **pipeline.counters}
        drops = Counter({
            name: counters.pop(name, 0) for name in (*EventStream.DROPS, *Pipeline.DROPS)})
        new_drops = drops - self._drops_before
        self._drops_before = drops
        return Health(
            True, None if self._last_packet_s is None else now_s - self._last_packet_s,
            values['diagnostics.stale_s'], drops, new_drops, counters,
            self._rates.look(counters, now_s), pipeline.latency_ms.percentiles(),
            pipeline.processing_ms.percentiles(), pipeline.mean_stages_ms(),
            values['diagnostics.latency_ms'],
            f'{self._segmenter.engine_name}, bundle {self._segmenter.bundle.manifest.name}',
            stream.format, self._fault)


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until it is told to stop; return the exit code."""
    # Each packet needs the interpreter a few times; waiting 5 ms for it every time, as is the
    # default while the other threads compute, would let packets pile up.
    sys.setswitchinterval(SWITCH_S)
    # Its pictures are too small to share among threads that the network needs.
    cv2.setNumThreads(1)
    return run(SegmentNode, args)
