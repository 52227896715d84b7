# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pictures and label pictures as they are stored: colours, indices, colour codes."""

from __future__ import annotations

from pathlib import Path
import struct
from typing import Any
import zlib

import cv2
import numpy as np
from numpy.typing import NDArray

from eventsam_ros.errors import DatasetError
from eventsam_ros.events.types import UInt8, UInt16

from .classes import ClassTable

_SIGNATURE = b'\x89PNG\r\n\x1a\n'
_PALETTE = 3
_PNG_END = b'IEND\xaeB`\x82'
_JPEG_START, _JPEG_SCAN, _JPEG_END = b'\xff\xd8', b'\xff\xda', b'\xff\xd9'


def read_colour(path: Path) -> UInt8:
    """Return a picture as uint8 [H, W, 3] RGB; grey ones have three equal channels.

    Raises:
        DatasetError: Missing, or no picture.
    """
    return rgb(_decoded(path, _bytes(path), cv2.IMREAD_COLOR))


def read_stored(path: Path) -> NDArray[Any]:
    """Return a picture as it is stored: [H, W] or [H, W, C], uint8 or uint16, colours BGR(A).

    Raises:
        DatasetError: Missing, or no picture.
    """
    return _decoded(path, _bytes(path), cv2.IMREAD_UNCHANGED)


def read_grey(path: Path) -> UInt8 | UInt16:
    """Return a one-channel picture [H, W], uint8 or uint16; equal channels count as one.

    Raises:
        DatasetError: Missing, no picture, or one with colours.
    """
    return _single(path, read_stored(path))


def has_palette(path: Path) -> bool:
    """Return whether a picture is a PNG whose pixels are numbers of a palette's colours.

    Raises:
        DatasetError: Missing.
    """
    return _palette_bits(_bytes(path)) is not None


def read_indices(path: Path) -> UInt8 | UInt16:
    """Return the numbers in an index picture [H, W]: grey values, or a PNG's palette indices.

    Raises:
        DatasetError: Missing, no picture, or one with colours.
    """
    data = _bytes(path)
    bits = _palette_bits(data)
    if bits is None:
        return _single(path, _decoded(path, data, cv2.IMREAD_UNCHANGED))
    # The same bits under the name of grey values: libpng gives them as they are, up to a factor.
    grey = _single(path, _decoded(path, _as_grey(data), cv2.IMREAD_UNCHANGED))
    return np.asarray(grey // (255 // (2 ** bits - 1)), np.uint8)


def read_labels(path: Path, classes: ClassTable, shape: tuple[int, int] | None = None) -> UInt8:
    """Return an index picture of classes, uint8 [H, W].

    Args:
        path: The picture.
        classes: What its values may be, besides the value to ignore.
        shape: Rows and columns that it must have.

    Raises:
        DatasetError: Missing, no index picture, of another size, or with other values.
    """
    labels = read_indices(path)
    check_shape(path, labels, shape)
    return check_values(path, labels, classes)


def check_shape(path: Path, array: NDArray[Any], shape: tuple[int, int] | None) -> None:
    """Check rows and columns; None allows any.

    Raises:
        DatasetError: They differ.
    """
    if shape is not None and array.shape[:2] != shape:
        raise DatasetError(
            f'{path} must have {shape[1]} x {shape[0]} pixels, but has '
            f'{array.shape[1]} x {array.shape[0]}')


def check_values(path: Path, labels: UInt8 | UInt16, classes: ClassTable) -> UInt8:
    """Return labels as uint8 where all are classes or the value to ignore.

    Raises:
        DatasetError: They are not.
    """
    present = np.flatnonzero(np.bincount(labels.reshape(-1)))
    unknown = [int(v) for v in present if v >= len(classes) and v != classes.ignore]
    if unknown:
        raise DatasetError(
            f'labels {path} hold the value {unknown[0]}, but must be 0 to {len(classes) - 1}, '
            f'or {classes.ignore} for what does not count')
    return np.asarray(labels, np.uint8)


def ids_of_colours(colours: UInt8) -> UInt16:
    """Return ids of a colour-coded picture, uint16 [H, W]: white is 0, others from 1 on.

    Args:
        colours: uint8 [H, W, 3] RGB; each colour is a segment. Ids are in the order of
            65536 R + 256 G + B.

    Raises:
        ValueError: More colours than ids.
    """
    wide = colours.astype(np.uint32)
    codes = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
    found, ids = np.unique(codes, return_inverse=True)
    if len(found) > 65535:
        raise ValueError(f'at most 65535 colours are segments, but got {len(found)}')
    numbers = np.arange(1, len(found) + 1, dtype=np.uint16)
    if found[-1] == 0xFFFFFF:
        numbers[-1] = 0
    return numbers[ids].reshape(codes.shape)


def rgb(bgr: NDArray[Any]) -> UInt8:
    """Return blue green red as red green blue."""
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def repeated(grey: UInt8) -> UInt8:
    """Return a grey picture with three equal channels, uint8 [H, W, 3]."""
    return np.repeat(grey[..., None], 3, axis=2)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DatasetError(f'picture {path} is missing') from error
    except OSError as error:
        raise DatasetError(f'picture {path} cannot be read: {error.strerror}') from error


def _decoded(path: Path, data: bytes, flags: int) -> NDArray[Any]:
    array = None
    if data:
        try:
            array = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
        except cv2.error:
            array = None
    if array is None or _cut_off(data):
        raise DatasetError(f'{path} is no picture that can be read, or is cut off')
    return np.asarray(array)


def _cut_off(data: bytes) -> bool:
    """Return whether the end is missing: OpenCV fills up and says so on the terminal only."""
    if data.startswith(_SIGNATURE):
        return _PNG_END not in data
    if data.startswith(_JPEG_START):
        return _JPEG_END not in data[data.rfind(_JPEG_SCAN):]
    return False


def _single(path: Path, array: NDArray[Any]) -> UInt8 | UInt16:
    if array.ndim == 3:
        if not (array[..., :1] == array[..., :3]).all():
            raise DatasetError(
                f'{path} must have one channel, but has {array.shape[2]} that differ')
        array = np.ascontiguousarray(array[..., 0])
    if array.dtype not in (np.uint8, np.uint16):
        raise DatasetError(f'{path} must be of 8 or 16 bits, but is {array.dtype}')
    return array


def _palette_bits(data: bytes) -> int | None:
    """Return the bits of a palette PNG's indices, or None for other files."""
    if data[:8] != _SIGNATURE or len(data) < 33 or data[25] != _PALETTE:
        return None
    return data[24] if data[24] in (1, 2, 4, 8) else None


def _as_grey(data: bytes) -> bytes:
    """Rewrite a palette PNG as a grey one of the same bits, its palette left out."""
    parts, at = [_SIGNATURE], 8
    while at + 12 <= len(data):
        size = struct.unpack_from('>I', data, at)[0]
        kind, body = data[at + 4:at + 8], data[at + 8:at + 8 + size]
        if kind == b'IHDR':
            body = body[:9] + b'\0' + body[10:]
        if kind in (b'IHDR', b'IDAT', b'IEND'):
            parts += [struct.pack('>I', len(body)), kind, body,
                      struct.pack('>I', zlib.crc32(kind + body))]
        at += 12 + size
    return b''.join(parts)
