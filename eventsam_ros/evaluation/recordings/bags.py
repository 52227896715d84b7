# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Bags of ROS 2 and ROS 1, in any storage that rosbags reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from heapq import merge
from pathlib import Path
from typing import Any

from rosbags.rosbag1 import Reader as Reader1
from rosbags.rosbag2 import Reader as Reader2
from ruamel.yaml import YAML

from eventsam_ros.errors import RecordingError

from ..messages import EVENT_PACKET, EVENT_TYPES, IMAGE_TYPES, cdr_from_ros1, from_cdr
from .arrays import ARRAY_TYPES, packets_of
from .recording import Kind, RecordedMessage, Recording, unreadable

ENDINGS = ('.mcap', '.db3', '.bag')


class BagRecording(Recording):
    """A rosbag2 folder, or a bare .mcap, .db3 or ROS 1 .bag file.

    Messages that are arrays of events come out as packets.
    """

    def __init__(self, path: Path) -> None:
        """Open the files.

        Raises:
            RecordingError: Missing, not a recording, damaged, or without messages.
        """
        super().__init__(path)
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
            raise unreadable(path, error) from error
        if self.message_count == 0:
            self.close()
            raise RecordingError(f'recording {path} has no messages')

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
        return {c.topic: EVENT_PACKET if c.msgtype in ARRAY_TYPES else c.msgtype
                for reader in self._readers for c in reader.connections}

    def _iterate(
        self, topics: Sequence[str] | None, parsed: bool,
    ) -> Iterator[RecordedMessage]:
        runs = [self._run(reader, topics, parsed) for reader in self._readers]
        try:
            yield from merge(*runs, key=lambda message: message.log_time_ns)
        except RecordingError as error:
            raise RecordingError(f'recording {self.path} cannot be read: {error}') from error
        except Exception as error:
            raise unreadable(self.path, error) from error

    @staticmethod
    def _run(
        reader: Reader1 | Reader2, topics: Sequence[str] | None, parsed: bool,
    ) -> Iterator[RecordedMessage]:
        chosen = [c for c in reader.connections if topics is None or c.topic in topics]
        if not chosen:
            return
        numbers: Counter[str] = Counter()
        for connection, time, raw in reader.messages(chosen):
            topic, msgtype = connection.topic, connection.msgtype
            if msgtype in ARRAY_TYPES:
                for message in packets_of(raw, isinstance(reader, Reader1), numbers[topic]):
                    numbers[topic] += 1
                    yield RecordedMessage(topic, EVENT_PACKET, time, 'events', *message)
                continue
            kind: Kind = (
                'events' if msgtype in EVENT_TYPES
                else 'image' if msgtype in IMAGE_TYPES else 'other')
            if isinstance(reader, Reader1):
                if kind == 'other':
                    continue
                raw = cdr_from_ros1(raw, msgtype)  # noqa: PLW2901
            yield RecordedMessage(
                topic, msgtype, time, kind, from_cdr(raw, msgtype) if parsed else None, raw)


_INFORMATION = 'rosbag2_bagfile_information'


def _parts(path: Path) -> list[Path]:
    """Return what rosbags can open: the folder itself, or the files of it."""
    if path.is_file():
        return [path]
    metadata, information = path / 'metadata.yaml', None
    if metadata.exists():
        content: Any = YAML(typ='safe').load(metadata.read_text('utf-8'))
        information = (content if isinstance(content, dict) else {}).get(_INFORMATION)
    # A recorder that was killed may leave it empty.
    if information:
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
