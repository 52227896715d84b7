# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Recordings of event cameras: bags of ROS 2 and ROS 1, Prophesee RAW and DAT, AEDAT 4."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from eventsam_ros.errors import RecordingError

from ..messages import ImageRecord, PacketRecord
from ..recording_writer import RecordingWriter
from .aedat4 import Aedat4Recording
from .bags import ENDINGS as BAG_ENDINGS
from .bags import BagRecording
from .prophesee_dat import DatRecording
from .prophesee_raw import RawRecording
from .recording import RecordedMessage, Recording

__all__ = [
    'ENDINGS', 'ImageRecord', 'PacketRecord', 'RecordedMessage', 'Recording', 'RecordingWriter',
    'open_recording',
]

_READERS: dict[str, Callable[[Path], Recording]] = dict.fromkeys(BAG_ENDINGS, BagRecording) | {
    '.raw': RawRecording, '.dat': DatRecording, '.aedat4': Aedat4Recording,
}

ENDINGS = tuple(_READERS)
"""Endings of the files that are read."""


def open_recording(path: Path | str) -> Recording:
    """Open a recording: a rosbag2 folder, or a file whose ending says what it is.

    Args:
        path: The folder or file; .mcap, .db3, .bag (ROS 1), .raw, .dat (Prophesee) or .aedat4.

    Raises:
        RecordingError: Missing, not a recording, damaged, or without messages.
    """
    path = Path(path)
    if not path.exists():
        raise RecordingError(f'recording {path} does not exist')
    if path.is_dir():
        return BagRecording(path)
    if path.suffix.lower() not in _READERS:
        raise RecordingError(f'{path} is not a recording: files end in {", ".join(ENDINGS)}')
    return _READERS[path.suffix.lower()](path)
