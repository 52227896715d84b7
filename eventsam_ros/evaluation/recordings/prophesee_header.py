# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The text at the beginning of Prophesee's files.

Lines of '% key value', the last of which may be '% end'. Data begin there, or where no '%' and
space are: data may begin with one of the two bytes alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import BinaryIO

from eventsam_ros.errors import RecordingError

_LONGEST = 1 << 16
"""Bytes of the longest header: what is longer is no header."""


@dataclass(frozen=True)
class Header:
    """What a file says about itself.

    Attributes:
        fields: Values by key in lower case; options of the format ('EVT3;height=720') as keys
            of their own.
        size: Bytes up to the data.
    """

    fields: dict[str, str]
    size: int

    @property
    def start_ns(self) -> int:
        """Time of the recording's date, taken as UTC, in ns since the epoch; 0 without one."""
        try:
            date = datetime.fromisoformat(self.fields.get('date', ''))
        except ValueError:
            return 0
        if date.tzinfo is None:
            date = date.replace(tzinfo=timezone.utc)
        return max(int(date.timestamp()), 0) * 1_000_000_000

    @property
    def sensor(self) -> tuple[int, int] | None:
        """Columns and rows, or None where the file does not say."""
        for width, height in (
            (self.fields.get('width', ''), self.fields.get('height', '')),
            self.fields.get('geometry', '').lower().partition('x')[::2],
        ):
            if width.isdecimal() and height.isdecimal():
                return int(width), int(height)
        return None


def read_header(path: Path, file: BinaryIO) -> Header:
    """Read the header; the file stands at its data afterwards.

    Raises:
        RecordingError: No header.
    """
    fields: dict[str, str] = {}
    text = file.read(_LONGEST)
    at = 0
    while text[at:at + 2] == b'% ':
        end = text.find(b'\n', at)
        if end < 0:
            raise RecordingError(f'recording {path} cannot be read: its header does not end')
        key, _, value = text[at + 2:end].decode('utf-8', 'replace').strip().partition(' ')
        at = end + 1
        if key.lower() == 'end' and not value:
            break
        kind, *options = value.split(';')
        fields[key.lower()] = kind.strip()
        for option in options:
            name, _, given = option.partition('=')
            fields[name.strip().lower()] = given.strip()
    if not fields:
        raise RecordingError(f'recording {path} cannot be read: it has no header of Prophesee')
    file.seek(at)
    return Header(fields, at)
