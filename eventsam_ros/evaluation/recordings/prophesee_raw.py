# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Prophesee RAW files: EVT 2.0, 2.1 and 3.0 behind a header.

The words are cut into packets where the sensor's time passes a multiple of 4.096 ms, and a packet
is stamped with that time: it could not have come before. Nothing of a word is changed.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.errors import RecordingError
from eventsam_ros.events.types import UInt8

from ..messages import PacketRecord
from .arrays import FRAME_ID
from .files import EVENT_TOPIC, FileRecording, Record
from .prophesee_header import Header, read_header
from .slots import SLOT_NS, SlotCutter

_BLOCK = 1 << 20
"""Bytes that are read at once, and the most that one packet has."""

_SECOND = 1_000_000 >> 6
"""A second in units of EVT 2.1's TIME_HIGH."""

_SENSORS = {'21': (640, 480), '48': (1280, 720), '49': (1280, 720)}
"""Columns and rows by system_ID, for files of 2020 that do not say them."""


class _Format(NamedTuple):
    """How words of an encoding say the time: in units of 64 or 4096 µs."""

    encoding: str
    dtype: str
    kind_shift: int
    time_shift: int
    time_bits: int


_FORMATS = {
    'evt2': _Format('evt2', '<u4', 28, 6, 22),
    'evt21': _Format('evt21', '<u8', 60, 38, 22),
    'evt21_legacy': _Format('evt21_legacy', '<u8', 60, 38, 22),
    'evt3': _Format('evt3', '<u2', 12, 0, 12),
}
_NAMES = {'evt2': 'evt2', '2.0': 'evt2', 'evt21': 'evt21', '2.1': 'evt21', 'evt3': 'evt3',
          '3.0': 'evt3'}


class RawRecording(FileRecording):
    """One RAW file, read in blocks of bounded size."""

    def _open(self) -> None:
        with self.path.open('rb') as file:
            header = read_header(self.path, file)
            self._start_ns = header.start_ns
            self._format = _FORMATS[self._encoding(header, file)]
            sensor = header.sensor or _SENSORS.get(header.fields.get('system_id', ''))
        if sensor is None:
            raise RecordingError(
                f'recording {self.path} cannot be read: its header names no sensor size; add a '
                f'line such as "% geometry 1280x720" to it')
        self._size = header.size
        self._width, self._height = sensor
        self._check_sensor(self._format.encoding, *sensor)

    def _encoding(self, header: Header, file: BinaryIO) -> str:
        fields = header.fields
        name = fields.get('format', '') or fields.get('evt', '')
        if name.lower() not in _NAMES:
            raise RecordingError(
                f'recording {self.path} cannot be read: its format must be one of EVT2, EVT21, '
                f'EVT3, but is {name!r}')
        encoding = _NAMES[name.lower()]
        if encoding != 'evt21':
            return encoding
        order = fields.get('endianness', '').lower()
        if not order:
            # Kinds of word are few, so the wrong order shows at once.
            order = _likelier_order(file.read(_BLOCK))
        return 'evt21_legacy' if order == 'legacy' else 'evt21'

    def _records(self) -> Generator[Record, None, None]:
        dtype = np.dtype(self._format.dtype)
        cutter = SlotCutter(self._format.time_bits)
        kept: UInt8 = np.empty(0, np.uint8)
        seq = 0
        with self.path.open('rb') as file:
            file.seek(self._size)
            while block := file.read(_BLOCK):
                data = np.concatenate([kept, np.frombuffer(block, np.uint8)])
                whole = len(data) // dtype.itemsize * dtype.itemsize
                words = data[:whole].view(dtype)
                places, slots = cutter.cut(*self._times(words))
                begin = 0
                for place, slot in zip(places.tolist(), slots.tolist(), strict=True):
                    end = place * dtype.itemsize
                    if end > begin:
                        yield self._packet(data[begin:end], slot, seq)
                        seq += 1
                        begin = end
                if len(data) - begin > _BLOCK:
                    yield self._packet(data[begin:whole], cutter.slot + 1, seq)
                    seq += 1
                    begin = whole
                kept = data[begin:]
                cutter.skip((begin - whole) // dtype.itemsize)
        whole = len(kept) // dtype.itemsize * dtype.itemsize
        if whole:
            yield self._packet(kept[:whole], cutter.slot + 1, seq)
        if whole < len(kept):
            self._warn_once('ends in the middle of a word; all before it is read')

    def _times(self, words: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where TIME_HIGH words are, and their times in slots of 4.096 ms."""
        form = self._format
        if form.encoding == 'evt21_legacy':
            words = words >> 32 | words << 32
        places = np.flatnonzero(words >> form.kind_shift == 0x8)
        times = words[places] >> form.time_shift & ((1 << form.time_bits) - 1)
        return places, times.astype(np.int64)

    def _packet(self, data: UInt8, slot: int, seq: int) -> Record:
        return EVENT_TOPIC, PacketRecord(
            stamp_ns=self._start_ns + slot * SLOT_NS, frame_id=FRAME_ID, width=self._width,
            height=self._height, seq=seq, time_base=0, encoding=self._format.encoding,
            data=data)


def _likelier_order(data: bytes) -> str:
    """Return the order of halves in which time goes on more often."""
    little = np.frombuffer(data[:len(data) // 8 * 8], '<u8')
    going_on = []
    for words in (little, little >> 32 | little << 32):
        times = (words[words >> 60 == 0x8] >> 32 & 0xFFFFFFF).astype(np.int64)
        steps = np.diff(times)
        going_on.append(np.count_nonzero((steps >= 0) & (steps < _SECOND)))
    return 'legacy' if going_on[1] > going_on[0] else 'little'
