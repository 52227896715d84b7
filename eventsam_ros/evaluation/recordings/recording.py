# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What every recording offers, whatever files it is in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from eventsam_ros.errors import RecordingError

from ..messages import EVENT_TYPES, IMAGE_TYPES, ImageRecord, PacketRecord

if TYPE_CHECKING:
    from typing_extensions import Self

Kind = Literal['events', 'image', 'other']
_LOOKED_AT = 100
"""Packets of a topic after which it is known for what it is."""


@dataclass(frozen=True)
class RecordedMessage:
    """One message of a recording.

    Attributes:
        topic: Name of the topic.
        msgtype: Type name, like 'sensor_msgs/msg/Image'.
        log_time_ns: When it was recorded, host time in ns.
        kind: 'events', 'image' or 'other'.
        message: What it says; None for other kinds, and where it was not wanted.
        raw: The serialised message (CDR).
    """

    topic: str
    msgtype: str
    log_time_ns: int
    kind: Kind
    message: PacketRecord | ImageRecord | None
    raw: bytes


class Recording(ABC):
    """An open recording; a context manager. Made by open_recording().

    Events of every kind of file are EventPacket messages here, and pictures Image or
    CompressedImage messages, so that what plays one recording plays them all.
    """

    def __init__(self, path: Path) -> None:
        """Remember the path; the files are opened by what derives from this."""
        self.path = path

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the files."""
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Close the files."""

    @property
    @abstractmethod
    def message_count(self) -> int:
        """Number of messages of all topics."""

    @property
    @abstractmethod
    def duration_ns(self) -> int:
        """Time from the first message to the last, by the recorder's clock, ns."""

    @property
    @abstractmethod
    def topics(self) -> dict[str, str]:
        """Type of each topic, in the order of the recording."""

    @abstractmethod
    def _iterate(self, topics: Sequence[str] | None, parsed: bool) -> Iterator[RecordedMessage]:
        """Return the messages of these topics; the topics are known to exist."""

    @property
    def event_topics(self) -> list[str]:
        """Topics of event packets."""
        return [topic for topic, name in self.topics.items() if name in EVENT_TYPES]

    @property
    def image_topics(self) -> list[str]:
        """Topics of pictures."""
        return [topic for topic, name in self.topics.items() if name in IMAGE_TYPES]

    @cached_property
    def main_events(self) -> str:
        """Topic of the events where none is named: the first one with a sensor and its events.

        Topics without a packet, of triggers alone or without a sensor size are passed over where
        there is another.

        Raises:
            RecordingError: No topic of events, or damaged content.
        """
        if not self.event_topics:
            raise RecordingError(
                f'recording {self.path} has no event topic, only {self._topic_list()}')
        if len(self.event_topics) == 1:
            return self.event_topics[0]
        return next(
            (topic for topic in self.event_topics if _usable(self.first_packet(topic))),
            self.event_topics[0])

    def first_packet(self, topic: str | None = None) -> PacketRecord | None:
        """Return the first packet of a sensor and its events; where none is, the first of all.

        Raises:
            RecordingError: As packets().
        """
        found = list(islice(self.packets(topic), _LOOKED_AT))
        return next((packet for packet in found if _usable(packet)), found[0] if found else None)

    def messages(
        self, topics: Sequence[str] | None = None, parsed: bool = True,
    ) -> Iterator[RecordedMessage]:
        """Return the messages in the order of recording.

        Of a ROS 1 bag only events and pictures are there, and they are in ROS 2 form.

        Args:
            topics: Which topics; all if None.
            parsed: Whether `message` is wanted. Without it, pictures of any encoding pass.

        Raises:
            RecordingError: Unknown topic, or (while iterating) damaged content.
        """
        unknown = sorted(set(topics or ()) - set(self.topics))
        if unknown:
            raise RecordingError(
                f'recording {self.path} has no topic {unknown[0]}, only {self._topic_list()}')
        return self._iterate(topics, parsed)

    def packets(self, topic: str | None = None) -> Iterator[PacketRecord]:
        """Return the event packets of a topic, or of the first one with events.

        Raises:
            RecordingError: No events there, or (while iterating) damaged content.
        """
        chosen = self.messages([self.main_events if topic is None else topic])
        return (m.message for m in chosen if isinstance(m.message, PacketRecord))

    def images(self, topic: str) -> Iterator[ImageRecord]:
        """Return the pictures of a topic.

        Raises:
            RecordingError: Unknown topic, or (while iterating) damaged content.
        """
        chosen = self.messages([topic])
        return (m.message for m in chosen if isinstance(m.message, ImageRecord))

    def _topic_list(self) -> str:
        return ', '.join(f'{topic} ({name})' for topic, name in self.topics.items())


def _usable(packet: PacketRecord | None) -> bool:
    """Say whether a packet may hold events of a sensor: it names its size, and is no trigger's."""
    return packet is not None and bool(packet.width and packet.height) and (
        packet.encoding != 'trigger')


def unreadable(path: Path, error: BaseException) -> RecordingError:
    """Return one sentence about a file that cannot be read."""
    lines = str(getattr(error, 'strerror', None) or error).splitlines() or [type(error).__name__]
    return RecordingError(f'recording {path} cannot be read: {lines[0].rstrip(".")}')
