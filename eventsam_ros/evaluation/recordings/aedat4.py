# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""AEDAT 4 files, through the package 'aedat' where it is installed."""

from __future__ import annotations

from collections.abc import Generator
import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.errors import RecordingError
from eventsam_ros.events.encoding import SIDE_LIMIT
from eventsam_ros.events.types import Events

from ..messages import EVENT_PACKET, IMAGE, ImageRecord
from .aedat4_header import check_header
from .arrays import FRAME_ID, packet_of, split_by_time
from .files import EVENT_TOPIC, IMAGE_TOPIC, PACKET_NS, FileRecording, Record
from .recording import unreadable

_TOPICS = {'events': (EVENT_TOPIC, EVENT_PACKET), 'frame': (IMAGE_TOPIC, IMAGE)}
_LATEST_US = 1 << 52
"""Times from here on are not; in ns they are beyond 2^62."""
_PIXELS = {'L': 'mono8', 'RGB': 'rgb8', 'RGBA': 'rgba8'}


class Aedat4Recording(FileRecording):
    """One AEDAT 4 file: its events and frames; times are the file's, Unix time."""

    def _open(self) -> None:
        try:
            self._library: Any = importlib.import_module('aedat')
        except ImportError as error:
            raise RecordingError(
                f'recording {self.path} needs the package aedat; install it with '
                f'"pip install aedat"') from error
        streams = self._decoder().id_to_stream()
        self._streams: dict[int, dict[str, Any]] = {}
        self._named: dict[int, str] = {}
        self._types: dict[str, str] = {}
        for number, stream in sorted(streams.items()):
            if stream['type'] not in _TOPICS:
                continue
            topic, msgtype = _TOPICS[stream['type']]
            if topic in self._types:
                topic = f'{topic}_{number}'
            self._streams[number], self._named[number] = stream, topic
            self._types[topic] = msgtype
            self._check_sensor('mono', stream['width'], stream['height'])

    @property
    def topics(self) -> dict[str, str]:
        """Type of each topic, events first."""
        return dict(sorted(self._types.items(), key=lambda item: item[1] != EVENT_PACKET))

    def _decoder(self) -> Any:
        check_header(self.path)
        try:
            return self._library.Decoder(self.path)
        except BaseException as error:
            if not _is_failure(error):
                raise
            raise unreadable(self.path, error) from error

    def _records(self) -> Generator[Record, None, None]:
        decoder = self._decoder()
        numbers = dict.fromkeys(self._named, 0)
        read = 0
        while True:
            try:
                packet = next(decoder, None)
            except BaseException as error:
                if not _is_failure(error):
                    raise
                if read == 0:
                    raise unreadable(self.path, error) from error
                self._warn_once(f'is damaged or cut ({error}); all before that is read')
                return
            if packet is None:
                return
            read += 1
            number = packet['stream_id']
            if number not in self._named:
                continue
            if 'frame' in packet:
                yield self._named[number], _image(packet['frame'])
            else:
                for part in split_by_time(_events(packet['events']), PACKET_NS):
                    stream = self._streams[number]
                    yield self._named[number], packet_of(
                        part, int(part.t.max()), stream['width'], stream['height'],
                        numbers[number])
                    numbers[number] += 1


def _is_failure(error: BaseException) -> bool:
    """Say whether the library failed; a panic of its Rust code is no Exception."""
    return isinstance(error, Exception) or type(error).__name__ == 'PanicException'


def _events(array: NDArray[Any]) -> Events:
    """Return the events of a packet; what no clock and no sensor says is left out."""
    good = (array['t'] < _LATEST_US) & (array['y'] < SIDE_LIMIT)
    if not good.all():
        array = array[good]
    return Events(
        array['x'].astype(np.uint16), array['y'].astype(np.uint16), array['on'].astype(np.uint8),
        array['t'].astype(np.int64) * 1000)


def _image(frame: dict[str, Any]) -> ImageRecord:
    """Return a frame, stamped with the middle of its exposure where it says one."""
    begin, end = frame['exposure_begin_t'], frame['exposure_end_t']
    time = (begin + end) // 2 if 0 < begin <= end else frame['t']
    return ImageRecord(
        int(time) * 1000, FRAME_ID, _PIXELS[frame['format']],
        np.ascontiguousarray(frame['pixels']))
