# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Recordings that rosbags and `ros2 bag` read."""

from __future__ import annotations

from pathlib import Path
import shutil
import tempfile
from types import TracebackType
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from rosbags.rosbag2 import StoragePlugin, Writer

from eventsam_ros.errors import RecordingError

from .messages import (
    EVENT_PACKET,
    IMAGE,
    ImageRecord,
    PacketRecord,
    image_to_cdr,
    packet_to_cdr,
    ros2_types,
)

if TYPE_CHECKING:
    from typing_extensions import Self

STORAGES = {'mcap': StoragePlugin.MCAP, 'sqlite3': StoragePlugin.SQLITE3}


class RecordingWriter:
    """Context manager that writes a recording folder.

    The folder appears under its name when everything is in it: what an exception, a full disk
    or Ctrl-C cuts short is removed, and never taken for a whole recording.
    """

    def __init__(self, path: Path | str, storage: str = 'mcap') -> None:
        """Name the folder to write; nothing is created before entering.

        Args:
            path: Folder to create; its parents are made.
            storage: 'mcap' or 'sqlite3'.

        Raises:
            ValueError: Unknown storage.
        """
        if storage not in STORAGES:
            raise ValueError(f'storage must be one of {", ".join(STORAGES)}, but got {storage!r}')
        self.path = Path(path)
        self._storage = STORAGES[storage]
        self._partial: Path | None = None
        self._bag: Writer | None = None
        self._connections: dict[str, tuple[str, Any]] = {}

    def __enter__(self) -> Self:
        """Start writing.

        Raises:
            RecordingError: The folder exists or cannot be written.
        """
        if self.path.exists():
            raise RecordingError(
                f'{self.path} exists already; remove it or choose another name')
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # The name of the folder is also the name of the file in it, hence one more level.
            self._partial = Path(tempfile.mkdtemp(
                prefix=f'.{self.path.name}.', suffix='.partial', dir=self.path.parent))
            # Version 8 is the newest whose metadata ROS 2 Humble reads.
            self._bag = Writer(
                self._partial / self.path.name, version=8, storage_plugin=self._storage)
            self._bag.open()
        except Exception as error:
            self._discard()
            raise self._failure(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Finish the recording, or remove it if there was an exception."""
        bag, self._bag = self._bag, None
        if bag is None or self._partial is None:
            return
        if kind is not None:
            bag.abort()
            self._discard()
            return
        try:
            bag.close()
            (self._partial / self.path.name).rename(self.path)
        except Exception as error:
            raise self._failure(error) from error
        finally:
            self._discard()

    def write_packet(self, topic: str, log_time_ns: int, packet: PacketRecord) -> None:
        """Append an event packet.

        Args:
            topic: Name of the topic.
            log_time_ns: Host time of arrival in ns.
            packet: What to write.

        Raises:
            RecordingError: The disk is full, or the topic has another type.
        """
        self._write(topic, EVENT_PACKET, log_time_ns, packet_to_cdr(packet))

    def write_image(
        self, topic: str, log_time_ns: int, stamp_ns: int, frame_id: str, encoding: str,
        array: NDArray[Any],
    ) -> None:
        """Append a picture.

        Args:
            topic: Name of the topic.
            log_time_ns: Host time of arrival in ns.
            stamp_ns: Header stamp, host time in ns.
            frame_id: Header frame.
            encoding: ROS name of the pixel format, like 'bgr8'.
            array: [height, width] or [height, width, channels] of the encoding's type.

        Raises:
            RecordingError: The disk is full, or the topic has another type.
            ValueError: Unknown encoding, or an array that is not of it.
        """
        image = ImageRecord(stamp_ns, frame_id, encoding, array)
        self._write(topic, IMAGE, log_time_ns, image_to_cdr(image))

    def _write(self, topic: str, msgtype: str, log_time_ns: int, raw: memoryview) -> None:
        if self._bag is None:
            raise RecordingError(f'recording {self.path} is not open for writing')
        known = self._connections.get(topic)
        if known is not None and known[0] != msgtype:
            raise RecordingError(f'topic {topic} is of type {known[0]}, not {msgtype}')
        try:
            if known is None:
                connection = self._bag.add_connection(topic, msgtype, typestore=ros2_types())
                known = self._connections[topic] = (msgtype, connection)
            self._bag.write(known[1], log_time_ns, raw)
        except Exception as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> RecordingError:
        reason = getattr(error, 'strerror', None) or str(error).rstrip('.')
        return RecordingError(f'recording {self.path} cannot be written: {reason}')

    def _discard(self) -> None:
        if self._partial is not None:
            shutil.rmtree(self._partial, ignore_errors=True)
            self._partial = None
