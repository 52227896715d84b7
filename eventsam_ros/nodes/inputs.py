# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What an active node listens to: events, triggers and images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
import time
from typing import Any

from event_camera_msgs.msg import EventPacket
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import CompressedImage, Image

from eventsam_ros.errors import DecodeError

from . import topics
from .compat import take_waiting
from .connections import Connections
from .images import compressed_to_bgr, to_bgr
from .outputs import Outputs
from .pipeline import Pipeline
from .stamps import nanoseconds
from .stream import EventStream, StampedWindow

MOST_AT_ONCE = 100
"""Packets taken before anything else of the node gets its turn."""
_QUIET_S = 5.0


class Inputs:
    """Subscribes and hands on what arrives.

    The events are listened to all the time, because decoders need every packet; images only
    while they are needed.

    Attributes:
        stream: The events.
        last_packet_s: Steady time of the last message of events, None before the first.
    """

    DROPS = ('packets_failed', 'images_unreadable')

    def __init__(
        self, node: LifecycleNode, connections: Connections, settings: Mapping[str, Any],
        stream: EventStream, pipeline: Pipeline, outputs: Outputs, fault: Callable[[str], None],
    ) -> None:
        """Subscribe.

        Args:
            node: Whose inputs they are.
            connections: Of that node.
            settings: Parameters by name, as they are at the time.
            stream: Takes the events.
            pipeline: Takes the windows.
            outputs: Tell whether someone looks at the overlay.
            fault: Told in one sentence what is wrong with the events.
        """
        self.stream = stream
        self.last_packet_s: float | None = None
        self._node, self._connections, self._settings = node, connections, settings
        self._pipeline, self._outputs, self._fault = pipeline, outputs, fault
        for name in self.DROPS:
            stream.counters[name] = 0
        arrays = settings['events_type'] != 'event_camera_msgs'
        self._events = connections.subscribe(
            topics.EVENTS, self._on_arrays if arrays else self._on_packets, raw=arrays,
            message=event_message(settings['events_type']))
        if settings['window.policy'] == 'trigger' and not arrays:
            connections.subscribe(topics.TRIGGERS, self._on_packet)
        self._images: Any = None
        self._image_skew_ms: float | None = None
        self._look_at_images()

    def measures(self) -> dict[str, str]:
        """Return what is known of the clocks and of the other side, for /diagnostics."""
        clock = self.stream.clock
        measured = {
            'clock_offset_ms': None if clock.offset_ns is None else clock.offset_ns / 1e6,
            'clock_drift_ppm': clock.drift_ppm,
            'packet_delay_ms': clock.delay_ms,
            'image_skew_ms': self._image_skew_ms,
        }
        return {'publishers': str(self._node.count_publishers(self._events.topic_name)),
                **{k: '' if v is None else f'{v:.3f}' for k, v in measured.items()}}

    def _on_packets(self, packet: EventPacket) -> None:
        """Take the packet that woke the node and those that wait behind it.

        An executor of rclpy spends about a millisecond on each message. Taking what waits keeps
        the node in step with packets of a millisecond, however little time it gets.
        """
        for each in chain((packet,), take_waiting(self._events, MOST_AT_ONCE)):
            self._on_packet(each)

    def _on_arrays(self, message: bytes) -> None:
        for each in chain((message,), take_waiting(self._events, MOST_AT_ONCE)):
            self._take(self.stream.array, each)

    def _on_packet(self, packet: EventPacket) -> None:
        self._take(self.stream.packet, packet)

    def _take(self, take: Callable[[Any], list[StampedWindow]], message: Any) -> None:
        self.last_packet_s = time.monotonic()
        restarts = self.stream.restarts
        try:
            windows = take(message)
        except DecodeError as error:
            self._fault(f'packets cannot be decoded: {error}')
            return
        except Exception as error:  # whatever a packet brings, the stream goes on
            self.stream.counters['packets_failed'] += 1
            self.stream.reset()
            self._fault(f'a packet could not be taken: {error!r}')
            return
        if self.stream.restarts != restarts:
            self._node.get_logger().info(
                'the event stream began anew', throttle_duration_sec=_QUIET_S)
            self._pipeline.forget()
        if windows:
            self._submit(windows)

    def _submit(self, windows: Sequence[StampedWindow]) -> None:
        for window in windows:
            self._pipeline.submit(window)
        self._look_at_images()

    def _look_at_images(self) -> None:
        """Subscribe to images when they are needed, and no longer."""
        wanted = self._settings['window.policy'] == 'frame' or (
            self._settings['use_images'] and self._outputs.wanted(topics.OVERLAY))
        if wanted and self._images is None:
            compressed = self._settings['image_transport'] == 'compressed'
            # As image_transport does: the plain topic is what is remapped.
            name = f'{self._node.resolve_topic_name(topics.IMAGE.name)}/compressed'
            self._images = self._connections.subscribe(
                topics.IMAGE, self._on_image, name=name if compressed else '',
                message=CompressedImage if compressed else None)
        elif not wanted and self._images is not None:
            self._connections.unsubscribe(self._images)
            self._images = None

    def _on_image(self, message: Image | CompressedImage) -> None:
        self.stream.counters['images'] += 1
        stamp_ns = nanoseconds(message.header.stamp)
        shown_ns = stamp_ns + round(self._settings['image_offset_ms'] * 1e6)
        self._image_skew_ms = (shown_ns - self.stream.stamp_ns) / 1e6
        if self._settings['use_images'] and self._outputs.wanted(topics.OVERLAY):
            try:
                picture = (to_bgr(message) if isinstance(message, Image)
                           else compressed_to_bgr(message))
                # Masks of frames carry the frame's stamp, the others the time of their end.
                framed = self._settings['window.policy'] == 'frame'
                self._pipeline.backgrounds.add(stamp_ns if framed else shown_ns, picture)
            except ValueError as error:
                self.stream.counters['images_unreadable'] += 1
                self._node.get_logger().warning(str(error), throttle_duration_sec=_QUIET_S)
        windows = self.stream.frame(stamp_ns, shown_ns)
        if windows:
            self._submit(windows)


def event_message(package: str) -> Any:
    """Return the class of the messages on events, or None where its package is missing.

    Args:
        package: Value of the parameter events_type.
    """
    kind = 'EventPacket' if package == 'event_camera_msgs' else 'EventArray'
    return topics.message_class(f'{package}/{kind}')
