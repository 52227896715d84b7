# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What an active node listens to: events, triggers and images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
import time
from typing import Any

from rclpy.clock import Clock, ClockType

from . import topics
from .backgrounds import Backgrounds
from .compat import timed
from .decoding import Decoding
from .images import Message, picture_bgr
from .packet_queue import Arrival, Kind, arrived_ns
from .picture_inputs import subscribe_pictures
from .site import Site
from .stamps import nanoseconds
from .stream import TRIGGER

LOOK_S = 0.5
"""Time between looks whether the camera's pictures are needed."""


class Inputs:
    """Subscribes and hands on what arrives.

    The events are listened to all the time, because decoders need every packet; images only
    while they are needed.

    Attributes:
        last_packet_s: Steady time of the last message of events, None before the first; packets of
            triggers are none.
    """

    DROPS = ('images_unreadable',)

    def __init__(
        self, site: Site, decoding: Decoding, backgrounds: Backgrounds,
        pictures: Callable[[], bool],
    ) -> None:
        """Prepare; `subscribe` begins.

        Args:
            site: Where it lives.
            decoding: Takes events and times of images.
            backgrounds: Take the pictures.
            pictures: Says whether they are needed now.
        """
        self.last_packet_s: float | None = None
        self._site, self._settings = site, site.settings
        self._decoding, self._backgrounds, self._pictures = decoding, backgrounds, pictures
        self._counters: Counter[str] = Counter(dict.fromkeys(self.DROPS, 0))
        arrays = site.settings['events_type'] != 'event_camera_msgs'
        self._kind = Kind.ARRAY if arrays else Kind.PACKET
        self._events: Any = None
        self._topic = ''
        self._timer: Any = None
        self._images: Any = None
        self._image_skew_ms: float | None = None

    def subscribe(self) -> None:
        """Begin to listen."""
        connections, settings = self._site.connections, self._settings
        arrays = self._kind is Kind.ARRAY
        self._events = connections.listen(
            topics.EVENTS, self._on_packet, self._site.fault, raw=arrays,
            message=event_message(settings['events_type']))
        self._topic = self._events.topic_name   # the last report comes when it is gone
        if settings['window.policy'] == 'trigger' and not arrays:
            connections.subscribe(topics.TRIGGERS, timed(self._on_packet))
        if settings['use_images']:
            # What is wrong with the subscription fails the activation, and not the node when
            # someone begins to look.
            self._images = subscribe_pictures(self._site, topics.IMAGE, self._on_image)
        self._look_at_images()
        self._timer = self._site.node.create_timer(
            LOOK_S, self._look_at_images, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def stop(self) -> None:
        """Look no longer whether pictures are needed; nothing is subscribed to any more."""
        if self._timer is not None:
            self._site.node.destroy_timer(self._timer)
            self._timer = None

    def counts(self) -> dict[str, int]:
        """Return the counters of the inputs."""
        return dict(self._counters)

    def measures(self) -> dict[str, str]:
        """Return what is known of the other side, for /diagnostics."""
        skew = '' if self._image_skew_ms is None else f'{self._image_skew_ms:.3f}'
        return {'publishers': str(self._site.node.count_publishers(self._topic)),
                'image_skew_ms': skew}

    def reset(self) -> None:
        """Forget the stream behind what has come so far."""
        self._decoding.queue.put([Arrival(Kind.RESET, None, time.monotonic_ns())])

    def _on_packet(self, message: Any, received_ns: int | None) -> None:
        """Hand a packet on; those of events come in the thread that listens.

        One by one, so that no more of them than the queue may hold are in memory.
        """
        if self._kind is Kind.ARRAY or message.encoding != TRIGGER:
            self.last_packet_s = time.monotonic()   # a trigger goes on where the sensor is dead
        size = len(message.events if self._kind is Kind.PACKET else message)
        refused = self._decoding.queue.put(
            [Arrival(self._kind, message, arrived_ns(received_ns), size)])
        if refused and self._kind is Kind.ARRAY:  # the numbers of packets tell
            self._counters.update(packets=refused, packets_shed=refused)

    def _look_at_images(self) -> None:
        """Subscribe to images when they are needed, and no longer."""
        wanted = self._settings['window.policy'] == 'frame' or self._pictures()
        if wanted and self._images is None:
            self._images = subscribe_pictures(self._site, topics.IMAGE, self._on_image)
        elif not wanted and self._images is not None:
            self._site.connections.unsubscribe(self._images)
            self._images = None

    def _on_image(self, message: Message) -> None:
        self._counters['images'] += 1
        stamp_ns = nanoseconds(message.header.stamp)
        shown_ns = stamp_ns + round(self._settings['image_offset_ms'] * 1e6)
        self._image_skew_ms = (shown_ns - self._decoding.stream.stamp_ns) / 1e6
        if self._pictures():
            try:
                # Masks of frames carry the frame's stamp, the others the time of their end.
                framed = self._settings['window.policy'] == 'frame'
                self._backgrounds.add(
                    stamp_ns if framed else shown_ns, picture_bgr(message),
                    message.header.frame_id)
            except ValueError as error:
                self._counters['images_unreadable'] += 1
                self._site.warn(str(error))
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
