# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Topics of pictures, as they are or compressed, and what has come on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
import time
from typing import Any, Generic, TypeVar

from sensor_msgs.msg import CompressedImage

from .images import Message
from .site import Site
from .stamps import nanoseconds
from .topics import Topic

Kind = TypeVar('Kind', bound=str)


def subscribe_pictures(site: Site, topic: Topic, callback: Callable[[Any], None]) -> Any:
    """Return a subscription of pictures as `image_transport` says.

    Args:
        site: Where it lives.
        topic: The plain topic.
        callback: Called with each message.
    """
    if site.settings['image_transport'] != 'compressed':
        return site.connections.subscribe(topic, callback)
    # As image_transport does: the plain topic is what is remapped.
    name = f'{site.node.resolve_topic_name(topic.name)}/compressed'
    return site.connections.subscribe(topic, callback, name=name, message=CompressedImage)


class PictureInputs(Generic[Kind]):
    """Subscribes to pictures of one or several cameras.

    Attributes:
        heard_s: Steady time of the newest picture of each camera.
    """

    def __init__(self, site: Site, cameras: Mapping[Kind, Topic]) -> None:
        """Prepare; `subscribe` begins.

        Args:
            site: Where it lives.
            cameras: Topic of each camera by its name.
        """
        self._site, self._cameras = site, cameras
        self._counts: Counter[str] = Counter(images=0)
        self.heard_s: dict[Kind, float] = {}

    def subscribe(self, take: Callable[[Kind, int, int, Message], None]) -> None:
        """Begin to listen.

        Args:
            take: Takes the camera's name, the stamp, the time of arrival of a steady clock (both
                in ns), and the message.
        """
        for kind, topic in self._cameras.items():
            subscribe_pictures(self._site, topic, partial(self._arrived, take, kind))

    def counts(self) -> dict[str, int]:
        """Return how many pictures came."""
        return dict(self._counts)

    def silent_s(self) -> float | None:
        """Return how long no camera was heard; None before the first picture."""
        newest = max(self.heard_s.values(), default=None)
        return None if newest is None else time.monotonic() - newest

    def _arrived(
        self, take: Callable[[Kind, int, int, Message], None], kind: Kind, message: Message,
    ) -> None:
        now_ns = time.monotonic_ns()
        self._counts['images'] += 1
        self.heard_s[kind] = now_ns / 1e9
        take(kind, nanoseconds(message.header.stamp), now_ns, message)
