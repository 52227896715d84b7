# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The stamp in a serialised message that begins with a std_msgs/Header.

CDR (OMG DDS-XTypes 1.3, 7.4.3): four bytes of encapsulation, whose second byte is odd for little
endian, then the fields; a header begins with int32 seconds and uint32 nanoseconds.
"""

from __future__ import annotations

import struct
from typing import Any

from .stamps import SECOND_NS

_OFFSET = 4
_LEAST = 12
"""Bytes up to the end of a stamp."""


def begins_with_header(message_type: Any) -> bool:
    """Say whether the first field of a message type is a std_msgs/Header."""
    fields = message_type.get_fields_and_field_types()
    return next(iter(fields.values()), '') == 'std_msgs/Header'


def has_stamp(raw: bytes) -> bool:
    """Say whether a serialised message is long enough to begin with a stamp."""
    return len(raw) >= _LEAST


def stamp_of(raw: bytes) -> int:
    """Return the stamp of a serialised message in ns."""
    seconds, nanoseconds = struct.unpack_from(_format(raw), raw, _OFFSET)
    return int(seconds) * SECOND_NS + int(nanoseconds)


def with_stamp(raw: bytes, time_ns: int) -> bytes:
    """Return a serialised message with another stamp."""
    changed = bytearray(raw)
    struct.pack_into(_format(raw), changed, _OFFSET, *divmod(time_ns, SECOND_NS))
    return bytes(changed)


def _format(raw: bytes) -> str:
    return '<iI' if raw[1] & 1 else '>iI'
