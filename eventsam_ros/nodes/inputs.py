# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What an active node listens to: events, triggers and images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain, starmap
import time
from typing import Any

from event_camera_msgs.msg import EventPacket
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import CompressedImage, Image

from . import topics
from .compat import take_waiting, timed
from .connections import Connections
from .decoding import Decoding
from .images import compressed_to_bgr, to_bgr
from .outputs import Outputs
from .packet_queue import Arrival, Kind, arrived_ns
from .pipeline import Pipeline
from .stamps import nanoseconds

MOST_AT_ONCE = 100
"""Packets taken before anything else of the node gets its turn."""
_QUIET_S = 5.0


class Inputs:
    """Subscribes and hands on what arrives.

    The events are listened to all the time, because decoders need every packet; images only
    while they are needed.

    Attributes:
        last_packet_s: Steady time of the last message of events, None before the first.
    """

    DROPS = ('images_unreadable',)

    def __init__(
        self, node: LifecycleNode, connections: Connections, settings: Mapping[str, Any],
        decoding: Decoding, pipeline: Pipeline, outputs: Outputs,
    ) -> None:
        """Subscribe.

        Args:
            node: Whose inputs they are.
            connections: Of that node.
            settings: Parameters by name, as they are at the time.
            decoding: Takes events and times of images.
            pipeline: Takes the pictures.
            outputs: Tell whether someone looks at the overlay.
        """
        self.last_packet_s: float | None = None
        self._node, self._connections, self._settings = node, connections, settings
        self._decoding, self._pipeline, self._outputs = decoding, pipeline, outputs
        self._counters: Counter[str] = Counter(dict.fromkeys(self.DROPS, 0))
        arrays = settings['events_type'] != 'event_camera_msgs'
        self._kind = Kind.ARRAY if arrays else Kind.PACKET
        self._events = connections.subscribe(
            topics.EVENTS, timed(self._on_events), raw=arrays,
            message=event_message(settings['events_type']))
        if settings['window.policy'] == 'trigger' and not arrays:
            connections.subscribe(topics.TRIGGERS, timed(self._on_triggers))
        self._images: Any = None
        self._image_skew_ms: float | None = None
        self._look_at_images()

    def counts(self) -> dict[str, int]:
        """Return the counters of the inputs."""
        return dict(self._counters)

    def measures(self) -> dict[str, str]:
        """Return what is known of the other side, for /diagnostics."""
        skew = '' if self._image_skew_ms is None else f'{self._image_skew_ms:.3f}'
        return {'publishers': str(self._node.count_publishers(self._events.topic_name)),
                'image_skew_ms': skew}

    def reset(self) -> None:
        """Forget the stream behind what has come so far."""
        self._decoding.queue.put([Arrival(Kind.RESET, None, time.monotonic_ns())])

    def _on_events(self, message: Any, received_ns: int | None) -> None:
        """Take the message that woke the node and those that wait behind it.

        An executor of rclpy spends about a millisecond on each message. Taking what waits keeps
        the node in step with packets of a millisecond, however little time it gets.
        """
        first = self._arrival(message, received_ns)
        self._put(chain((first,), starmap(
            self._arrival, take_waiting(self._events, MOST_AT_ONCE))))
        self._look_at_images()

    def _on_triggers(self, packet: EventPacket, received_ns: int | None) -> None:
        self._put([self._arrival(packet, received_ns)])

    def _arrival(self, message: Any, received_ns: int | None) -> Arrival:
        size = len(message.events if self._kind is Kind.PACKET else message)
        return Arrival(self._kind, message, arrived_ns(received_ns), size)

    def _put(self, arrivals: Iterable[Arrival]) -> None:
        self.last_packet_s = time.monotonic()
        refused = self._decoding.queue.put(arrivals)
        if refused and self._kind is Kind.ARRAY:  # the numbers of packets tell
            self._counters.update(packets=refused, packets_shed=refused)

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
        self._counters['images'] += 1
        stamp_ns = nanoseconds(message.header.stamp)
        shown_ns = stamp_ns + round(self._settings['image_offset_ms'] * 1e6)
        self._image_skew_ms = (shown_ns - self._decoding.stream.stamp_ns) / 1e6
        if self._settings['use_images'] and self._outputs.wanted(topics.OVERLAY):
            try:
                picture = (to_bgr(message) if isinstance(message, Image)
                           else compressed_to_bgr(message))
                # Masks of frames carry the frame's stamp, the others the time of their end.
                framed = self._settings['window.policy'] == 'frame'
                self._pipeline.backgrounds.add(stamp_ns if framed else shown_ns, picture)
            except ValueError as error:
                self._counters['images_unreadable'] += 1
                self._node.get_logger().warning(str(error), throttle_duration_sec=_QUIET_S)
        self._decoding.queue.put([Arrival(
            Kind.FRAME, (stamp_ns, shown_ns), time.monotonic_ns())])
        self._look_at_images()


def event_message(package: str) -> Any:
    """Return the class of the messages on events, or None where its package is missing.

    Args:
        package: Value of the parameter events_type.
    """
    kind = 'EventPacket' if package == 'event_camera_msgs' else 'EventArray'
    return topics.message_class(f'{package}/{kind}')
