# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Recordings of event cameras, in any storage that rosbags reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from heapq import merge
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from rosbags.rosbag1 import Reader as Reader1
from rosbags.rosbag2 import Reader as Reader2
from ruamel.yaml import YAML

from eventsam_ros.errors import RecordingError

from .messages import EVENT_TYPES, IMAGE_TYPES, ImageRecord, PacketRecord, cdr_from_ros1, from_cdr
from .recording_writer import RecordingWriter

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    'ImageRecord', 'PacketRecord', 'RecordedMessage', 'Recording', 'RecordingWriter',
    'open_recording',
]

ENDINGS = ('.mcap', '.db3', '.bag')

Kind = Literal['events', 'image', 'other']


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


def open_recording(path: Path | str) -> Recording:
    """Open a recording: a rosbag2 folder, or a bare .mcap, .db3 or ROS 1 .bag file.

    Raises:
        RecordingError: Missing, not a recording, damaged, or without messages.
    """
    return Recording(Path(path))


class Recording:
    """An open recording; a context manager. Made by open_recording()."""

    def __init__(self, path: Path) -> None:
        """Open the files of a recording; see open_recording()."""
        self.path = path
        self._stack = ExitStack()
        self._readers: list[Reader1 | Reader2] = []
        try:
            for file in _parts(path):
                reader = Reader1(file) if file.suffix == '.bag' else Reader2(file)
                reader.open()
                self._stack.callback(reader.close)
                self._readers.append(reader)
        except RecordingError:
            self.close()
            raise
        except Exception as error:
            self.close()
            raise _unreadable(path, error) from error
        if self.message_count == 0:
            self.close()
            raise RecordingError(f'recording {path} has no messages')

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the files."""
        self.close()

    def close(self) -> None:
        """Close the files."""
        self._stack.close()

    @property
    def message_count(self) -> int:
        """Number of messages of all topics."""
        return sum(int(reader.message_count) for reader in self._readers)

    @property
    def duration_ns(self) -> int:
        """Time from the first message to the last, by the recorder's clock, ns."""
        filled = [reader for reader in self._readers if reader.message_count]
        # rosbags' end is one past the last message.
        return (max(int(reader.end_time) for reader in filled) - 1
                - min(int(reader.start_time) for reader in filled))

    @property
    def topics(self) -> dict[str, str]:
        """Type of each topic, in the order of the recording."""
        return {c.topic: c.msgtype for reader in self._readers for c in reader.connections}

    @property
    def event_topics(self) -> list[str]:
        """Topics of event packets."""
        return [topic for topic, name in self.topics.items() if name in EVENT_TYPES]

    @property
    def image_topics(self) -> list[str]:
        """Topics of pictures."""
        return [topic for topic, name in self.topics.items() if name in IMAGE_TYPES]

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
        if topic is None and not self.event_topics:
            raise RecordingError(
                f'recording {self.path} has no event topic, only {self._topic_list()}')
        chosen = self.messages([self.event_topics[0] if topic is None else topic])
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

    def _iterate(
        self, topics: Sequence[str] | None, parsed: bool,
    ) -> Iterator[RecordedMessage]:
        runs = [self._run(reader, topics, parsed) for reader in self._readers]
        try:
            yield from merge(*runs, key=lambda message: message.log_time_ns)
        except RecordingError as error:
            raise RecordingError(f'recording {self.path} cannot be read: {error}') from error
        except Exception as error:
            raise _unreadable(self.path, error) from error

    @staticmethod
    def _run(
        reader: Reader1 | Reader2, topics: Sequence[str] | None, parsed: bool,
    ) -> Iterator[RecordedMessage]:
        chosen = [c for c in reader.connections if topics is None or c.topic in topics]
        if not chosen:
            return
        for connection, time, raw in reader.messages(chosen):
            msgtype = connection.msgtype
            kind: Kind = (
                'events' if msgtype in EVENT_TYPES
                else 'image' if msgtype in IMAGE_TYPES else 'other')
            if isinstance(reader, Reader1):
                if kind == 'other':
                    continue
                raw = cdr_from_ros1(raw, msgtype)  # noqa: PLW2901
            yield RecordedMessage(connection.topic, msgtype, time, kind,
                                  from_cdr(raw, msgtype) if parsed else None, raw)


def _parts(path: Path) -> list[Path]:
    """Return what rosbags can open: the folder itself, or the files of it."""
    if not path.exists():
        raise RecordingError(f'recording {path} does not exist')
    if path.is_file():
        if path.suffix not in ENDINGS:
            raise RecordingError(
                f'{path} is not a recording: files end in {", ".join(ENDINGS)}')
        return [path]
    metadata = path / 'metadata.yaml'
    if metadata.exists():
        content: Any = YAML(typ='safe').load(metadata.read_text('utf-8'))
        information = content['rosbag2_bagfile_information']
        if information.get('storage_identifier'):
            return [path]
        # `ros2 bag` tolerates an empty identifier: it goes by the endings, and so do we.
        files = [path / Path(name).name for name in information['relative_file_paths']]
        missing = [file for file in files if not file.exists()]
        if missing:
            raise RecordingError(f'recording {path} misses its file {missing[0].name}')
    else:
        files = sorted(file for file in path.iterdir() if file.suffix in ENDINGS)
    if not files:
        raise RecordingError(
            f'{path} is not a recording: it has neither metadata.yaml nor files that end in '
            f'{", ".join(ENDINGS)}')
    return files


def _unreadable(path: Path, error: Exception) -> RecordingError:
    lines = str(getattr(error, 'strerror', None) or error).splitlines() or [type(error).__name__]
    return RecordingError(f'recording {path} cannot be read: {lines[0].rstrip(".")}')
