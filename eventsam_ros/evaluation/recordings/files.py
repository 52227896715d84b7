# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What recordings share that are one file of events and no ROS messages."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator, Iterator, Sequence
from functools import cached_property
import logging
from pathlib import Path

from eventsam_ros.errors import DecodeError, EventsamError, RecordingError
from eventsam_ros.events import PacketDecoder

from ..messages import EVENT_PACKET, IMAGE, ImageRecord, PacketRecord, image_to_cdr, packet_to_cdr
from .recording import Kind, RecordedMessage, Recording, unreadable

EVENT_TOPIC = '/event_camera/events'
IMAGE_TOPIC = '/event_camera/image_raw'
PACKET_NS = 5_000_000
"""Length of the packets that a run of events is cut into, ns."""

Record = tuple[str, PacketRecord | ImageRecord]


class FileRecording(Recording):
    """A file whose messages are made while it is read; stamps are the times of arrival.

    What is whole of a file that was cut is read, and one warning is logged.
    """

    def __init__(self, path: Path) -> None:
        """Read the header and look for a first message.

        Raises:
            RecordingError: No such file, damaged, or without events.
        """
        super().__init__(path)
        self._warned = False
        try:
            self._open()
            records = self._records()
            first = next(records, None)
            records.close()
        except EventsamError:
            raise
        except Exception as error:
            raise unreadable(path, error) from error
        if first is None:
            raise RecordingError(f'recording {path} has no messages')

    @abstractmethod
    def _open(self) -> None:
        """Read what the file says about itself."""

    @abstractmethod
    def _records(self) -> Generator[Record, None, None]:
        """Read the file from the beginning: topics and what was recorded there."""

    def close(self) -> None:
        """Do nothing: the file is open only while it is read."""

    @property
    def message_count(self) -> int:
        """Number of messages of all topics; the file is read for it once."""
        return self._extent[0]

    @property
    def duration_ns(self) -> int:
        """Time from the first message to the last, ns; the file is read for it once."""
        return self._extent[1]

    @property
    def topics(self) -> dict[str, str]:
        """Type of each topic."""
        return {EVENT_TOPIC: EVENT_PACKET}

    @cached_property
    def _extent(self) -> tuple[int, int]:
        times = [record.stamp_ns for _, record in self._records()]
        return len(times), max(times) - times[0]

    def _iterate(self, topics: Sequence[str] | None, parsed: bool) -> Iterator[RecordedMessage]:
        log_time = 0
        try:
            for topic, record in self._records():
                if topics is not None and topic not in topics:
                    continue
                # Streams of one file are not interleaved exactly; a log is.
                log_time = max(log_time, record.stamp_ns)
                kind: Kind = 'events'
                if isinstance(record, PacketRecord):
                    msgtype, raw = EVENT_PACKET, bytes(packet_to_cdr(record))
                else:
                    kind, msgtype, raw = 'image', IMAGE, bytes(image_to_cdr(record))
                yield RecordedMessage(
                    topic, msgtype, log_time, kind, record if parsed else None, raw)
        except EventsamError:
            raise
        except Exception as error:
            raise unreadable(self.path, error) from error

    def _warn_once(self, what: str) -> None:
        if not self._warned:
            self._warned = True
            logging.getLogger('eventsam_ros').warning('recording %s %s', self.path, what)

    def _check_sensor(self, encoding: str, width: int, height: int) -> None:
        try:
            PacketDecoder(encoding, width, height)
        except DecodeError as error:
            raise RecordingError(f'recording {self.path} cannot be read: {error}') from error
