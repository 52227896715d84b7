# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Prophesee DAT files: decoded events, 8 bytes each, behind a header."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.errors import RecordingError
from eventsam_ros.events.types import Events, Int64

from .arrays import packet_of, split_by_time
from .files import EVENT_TOPIC, PACKET_NS, FileRecording, Record
from .prophesee_header import read_header

_BLOCK = 1 << 20
"""Bytes that are read at once."""
_EVENT_TYPES = (0x00, 0x0C)
_RECORD = np.dtype([('t', '<u4'), ('address', '<u4')])


class DatRecording(FileRecording):
    """One DAT file of events ("CD"); its times are the sensor's, unrolled from 32 bits of µs."""

    def _open(self) -> None:
        with self.path.open('rb') as file:
            header = read_header(self.path, file)
            kind = file.read(2)
        if len(kind) < 2 or kind[0] not in _EVENT_TYPES or kind[1] != _RECORD.itemsize:
            raise RecordingError(
                f'recording {self.path} cannot be read: it must hold events of 8 bytes, but has '
                f'type and size {kind.hex() or "missing"}')
        if header.sensor is None:
            raise RecordingError(
                f'recording {self.path} cannot be read: its header names no sensor size')
        self._size = header.size + 2
        self._start_ns = header.start_ns
        # Version 1 has narrower addresses.
        self._x_bits, self._y_bits = (9, 8) if header.fields.get('version') == '1' else (14, 14)
        self._width, self._height = header.sensor
        self._check_sensor('mono', self._width, self._height)

    def _records(self) -> Generator[Record, None, None]:
        seq = 0
        first: int | None = None
        newest = 0
        before = 0
        unrolled: int | None = None
        with self.path.open('rb') as file:
            file.seek(self._size)
            while block := file.read(_BLOCK):
                whole = len(block) // _RECORD.itemsize
                records = np.frombuffer(block, _RECORD, whole)
                if whole * _RECORD.itemsize < len(block):
                    self._warn_once('ends in the middle of an event; all before it is read')
                if not whole:
                    continue
                if unrolled is None:
                    before = unrolled = int(records['t'][0])
                # Differences modulo 2^32 as signed numbers: always the nearest time.
                steps = np.diff(records['t'], prepend=np.uint32(before)).view(np.int32)
                t = unrolled + np.cumsum(steps, dtype=np.int64)
                before, unrolled = int(records['t'][-1]), int(t[-1])
                events = self._events(records['address'], t * 1000)[t >= 0]
                for part in split_by_time(events, PACKET_NS):
                    first = int(part.t[0]) if first is None else first
                    newest = max(newest, int(part.t.max()) - first)
                    yield EVENT_TOPIC, packet_of(
                        part, self._start_ns + newest, self._width, self._height, seq)
                    seq += 1

    def _events(self, address: NDArray[np.uint32], t: Int64) -> Events:
        x, y = address & ((1 << self._x_bits) - 1), address >> self._x_bits
        polarity_at = 28 if self._x_bits == 14 else self._x_bits + self._y_bits
        return Events(
            x.astype(np.uint16), (y & ((1 << self._y_bits) - 1)).astype(np.uint16),
            (address >> polarity_at & 1).astype(np.uint8), t)
