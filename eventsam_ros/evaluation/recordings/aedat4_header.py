# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The header of an AEDAT 4 file, checked before the library reads it.

A header whose description is no text can end the process from inside the library, where no
exception is to be caught. A file begins with 14 bytes of magic, then the size of a FlatBuffer with
the identifier IOHE, whose field 2 is a description of the streams in XML.
"""

from __future__ import annotations

from pathlib import Path
import struct
import xml.etree.ElementTree as ET

from eventsam_ros.errors import RecordingError

_MAGIC = b'#!AER-DAT4.0\r\n'
_LONGEST = 1 << 24
_DESCRIPTION = 2


def check_header(path: Path) -> None:
    """Refuse a file whose header is damaged.

    Raises:
        RecordingError: It is.
    """
    with path.open('rb') as file:
        magic, size = file.read(len(_MAGIC)), file.read(4)
        length = int.from_bytes(size, 'little')
        data = file.read(length) if magic == _MAGIC and length <= _LONGEST else b''
    try:
        if not data or len(data) < length or data[4:8] != b'IOHE':
            raise ValueError
        ET.fromstring(_text(data, _DESCRIPTION))
    except (ValueError, struct.error, IndexError, ET.ParseError) as error:
        raise RecordingError(
            f'recording {path} cannot be read: its header is damaged or not of AEDAT 4'
        ) from error


def _text(data: bytes, field: int) -> str:
    """Return a string of the root table of a FlatBuffer.

    Raises:
        ValueError: There is none, or it is no text. struct.error: It is beyond the end.
    """
    table = _unsigned(data, 0)
    rows = table - struct.unpack_from('<i', data, table)[0]
    offset = struct.unpack_from('<H', data, _place(rows + 4 + 2 * field))[0]
    if struct.unpack_from('<H', data, _place(rows))[0] <= 4 + 2 * field or offset == 0:
        raise ValueError('no such field')
    start = table + offset + _unsigned(data, table + offset)
    length = _unsigned(data, start)
    text = data[start + 4:start + 4 + length]
    if len(text) < length:
        raise ValueError('longer than the buffer')
    return text.decode()


def _unsigned(data: bytes, place: int) -> int:
    value: int = struct.unpack_from('<I', data, _place(place))[0]
    return value


def _place(place: int) -> int:
    """Return a place, which struct would otherwise count from the end where it is negative."""
    if place < 0:
        raise ValueError('before the buffer')
    return place
