# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Index pictures in the palette of DAVIS, as its evaluation and YouTube-VOS's read them."""

from __future__ import annotations

from pathlib import Path
import struct
import zlib

import cv2
import numpy as np

from eventsam_ros.errors import DatasetError
from eventsam_ros.events.types import UInt8

_HEADER_END = 33
"""Bytes of signature and IHDR."""
_COLOUR_TYPE = 25
_PALETTE = 3


def davis_colours() -> UInt8:
    """Return the colours of object 0 to 255, uint8 [256, 3] RGB.

    Bits 0, 1 and 2 of a number are the highest bits of red, green and blue, bits 3, 4 and 5 the
    next ones, and so on (the map of PASCAL VOC).
    """
    numbers = np.arange(256)
    colours = np.zeros((256, 3), np.uint8)
    for channel in range(3):
        for k in range(8):
            if 3 * k + channel < 8:
                bit = numbers >> (3 * k + channel) & 1
                colours[:, channel] |= (bit << (7 - k)).astype(np.uint8)
    return colours


def write_palette(path: Path, ids: UInt8) -> None:
    """Write ids uint8 [H, W] as a palette PNG; folders are created.

    Raises:
        DatasetError: It cannot be written.
    """
    done, grey = cv2.imencode('.png', ids)
    data = grey.tobytes()
    # a grey picture of 8 bits with another type and a palette is a palette picture
    header = data[12:_COLOUR_TYPE] + bytes([_PALETTE]) + data[_COLOUR_TYPE + 1:29]
    palette = b'PLTE' + davis_colours().tobytes()
    _write(path, data[:12] + header + struct.pack('>I', zlib.crc32(header))
           + struct.pack('>I', len(palette) - 4) + palette
           + struct.pack('>I', zlib.crc32(palette)) + data[_HEADER_END:] if done else b'')


def write_binary(path: Path, mask: UInt8) -> None:
    """Write what is not 0 of a mask, uint8 [H, W], as a PNG of 0 and 255; folders are created.

    Raises:
        DatasetError: It cannot be written.
    """
    done, data = cv2.imencode('.png', np.where(mask > 0, np.uint8(255), np.uint8(0)))
    _write(path, data.tobytes() if done else b'')


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise DatasetError(f'{path} cannot be written: {error.strerror or error}') from error
