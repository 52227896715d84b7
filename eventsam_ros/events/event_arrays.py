# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Events of dvs_msgs/EventArray and prophesee_event_msgs/EventArray, straight from their bytes.

Both have the same fields: std_msgs/Header header, uint32 height, uint32 width, Event[] events with
uint16 x, uint16 y, time ts, bool polarity. In ROS 2 they arrive as CDR (OMG DDS-XTypes 1.3, 7.4),
where an element takes 16 bytes but its padding moves: element 0 begins on a multiple of 4 and has
it between polarity and the next x, all others begin 2 bytes behind one and have it between y and
ts as well. In ROS 1 elements are packed, 13 bytes each. No loop over events in either.
"""

from __future__ import annotations

from dataclasses import dataclass
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.errors import DecodeError

from .encoding import SIDE_LIMIT
from .types import Events, UInt8

SECOND_NS = 1_000_000_000
COUNTERS = ('words', 'events', 'out_of_range', 'invalid')
"""Names of the counts: words are the array's elements, and each is one of the others.

out_of_range: outside the sensor. invalid: with fields that no driver sends (a second or more of
nanoseconds, seconds before the epoch, a polarity that is neither 0 nor 1).
"""

_ELEMENT = 16
_ELEMENT_BYTES = 13
_MOST_PADDING = 3
"""Bytes that a middleware may append to make the length a multiple of 4."""


@dataclass(frozen=True)
class EventArrayRecord:
    """One EventArray message.

    Attributes:
        stamp_ns: Header stamp, host time in ns.
        frame_id: Header frame.
        width: Sensor columns.
        height: Sensor rows.
        events: What is inside the sensor; times are the elements' own, ns since the epoch.
        counts: What was read and left out; names in COUNTERS.
    """

    stamp_ns: int
    frame_id: str
    width: int
    height: int
    events: Events
    counts: dict[str, int]


def read_event_array(cdr: bytes | bytearray | memoryview | NDArray[Any]) -> EventArrayRecord:
    """Read a serialised ROS 2 message.

    Args:
        cdr: The message with its four bytes of encapsulation, of either byte order.

    Raises:
        DecodeError: Bytes that are no such message, or a sensor size that cannot be.
    """
    data = _as_bytes(cdr)
    if len(data) < 4 or data[0] != 0 or data[1] not in {0, 1}:
        raise DecodeError('event array does not begin with the encapsulation of plain CDR')
    order = '<' if data[1] else '>'
    reader = _Fields(data[4:], order, alignment=4)
    header = reader.header(sequence=False)
    height, width, count = reader.unsigned(3)
    rest = reader.rest()
    length = _ELEMENT * count - (_ELEMENT - _ELEMENT_BYTES) if count else 0
    if not length <= len(rest) <= length + _MOST_PADDING:
        raise DecodeError(f'event array of {count} events does not fit its {len(data)} bytes')
    # In a buffer that begins 2 bytes earlier, element k > 0 is a row of 16 bytes; of element 0
    # only x and y are not yet where they are in the others.
    fields = np.zeros(_ELEMENT * count, np.uint8)
    fields[2:2 + length] = rest[:length]
    fields[:4] = rest[:4] if count else ()
    rows = fields.view(np.dtype({
        'names': ['x', 'y', 'sec', 'nsec', 'p'],
        'formats': [f'{order}u2', f'{order}u2', f'{order}i4', f'{order}u4', 'u1'],
        'offsets': [0, 2, 6, 10, 14], 'itemsize': _ELEMENT}))
    return _record(header, width, height, rows[:count])


def read_event_array_ros1(data: bytes | bytearray | memoryview | NDArray[Any]) -> EventArrayRecord:
    """Read a serialised ROS 1 message, as in .bag files.

    Args:
        data: The message.

    Raises:
        DecodeError: Bytes that are no such message, or a sensor size that cannot be.
    """
    reader = _Fields(_as_bytes(data), '<', alignment=1)
    header = reader.header(sequence=True)
    height, width, count = reader.unsigned(3)
    rest = reader.rest()
    if len(rest) != _ELEMENT_BYTES * count:
        raise DecodeError(f'event array of {count} events does not fit its {len(rest)} bytes')
    rows = rest.view(np.dtype({
        'names': ['x', 'y', 'sec', 'nsec', 'p'], 'formats': ['<u2', '<u2', '<i4', '<u4', 'u1'],
        'offsets': [0, 2, 4, 8, 12], 'itemsize': _ELEMENT_BYTES}))
    return _record(header, width, height, rows)


class _Fields:
    """Reads the fields before the elements, one after the other."""

    def __init__(self, data: UInt8, order: str, alignment: int) -> None:
        self._data = data
        self._order = order
        self._alignment = alignment
        self._at = 0

    def header(self, sequence: bool) -> tuple[int, str]:
        """Return stamp and frame; ROS 1 has a number before and no NUL behind the frame."""
        if sequence:
            self.unsigned(1)
        seconds, nanoseconds, length = self.unsigned(3)
        if seconds >= 1 << 31 or nanoseconds >= SECOND_NS:
            raise DecodeError('header stamp of the event array is no time')
        if length > len(self._data) - self._at:
            raise DecodeError('frame of the event array is longer than the message')
        text = self._data[self._at:self._at + length].tobytes()
        self._at += length
        try:
            frame = (text if sequence else text.removesuffix(b'\0')).decode()
        except UnicodeDecodeError as error:
            raise DecodeError('frame of the event array is no text') from error
        return seconds * SECOND_NS + nanoseconds, frame

    def unsigned(self, count: int) -> tuple[int, ...]:
        """Return the next uint32 values."""
        start = -(-self._at // self._alignment) * self._alignment
        self._at = start + 4 * count
        if self._at > len(self._data):
            raise DecodeError('event array ends before its events')
        return struct.unpack_from(f'{self._order}{count}I', self._data.data, start)

    def rest(self) -> UInt8:
        """Return the bytes behind the fields that were read."""
        return self._data[self._at:]


def _record(
    header: tuple[int, str], width: int, height: int, rows: NDArray[Any],
) -> EventArrayRecord:
    if not (1 <= width <= SIDE_LIMIT and 1 <= height <= SIDE_LIMIT):
        raise DecodeError(
            f'sensor size must be 1x1 to {SIDE_LIMIT}x{SIDE_LIMIT}, but got {width}x{height}')
    valid = (rows['sec'] >= 0) & (rows['nsec'] < SECOND_NS) & (rows['p'] <= 1)
    inside = (rows['x'] < width) & (rows['y'] < height)
    good = valid & inside
    kept = rows if good.all() else rows[good]
    events = Events(
        x=kept['x'].astype(np.uint16), y=kept['y'].astype(np.uint16), p=kept['p'].copy(),
        t=kept['sec'].astype(np.int64) * SECOND_NS + kept['nsec'])
    count, invalid = len(rows), len(rows) - int(np.count_nonzero(valid))
    return EventArrayRecord(header[0], header[1], width, height, events, {
        'words': count, 'events': len(events), 'invalid': invalid,
        'out_of_range': count - len(events) - invalid})


def _as_bytes(data: bytes | bytearray | memoryview | NDArray[Any]) -> UInt8:
    try:
        return np.frombuffer(data, np.uint8)
    except (TypeError, ValueError, BufferError) as error:
        raise DecodeError(f'event array must be bytes, but got {type(data).__name__}') from error
