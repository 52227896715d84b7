# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pictures to sensor_msgs/Image and back."""

from __future__ import annotations

import array
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from eventsam_ros.events.types import UInt8

Picture = NDArray[np.uint8] | NDArray[np.uint16]
Message: TypeAlias = Image | CompressedImage

# OpenCV names a mosaic by its second row and column.
_MOSAICS = {'bayer_rggb': cv2.COLOR_BayerBG2BGR, 'bayer_bggr': cv2.COLOR_BayerRG2BGR,
            'bayer_gbrg': cv2.COLOR_BayerGR2BGR, 'bayer_grbg': cv2.COLOR_BayerGB2BGR}
_LAYOUTS: dict[str, tuple[type[np.uint8 | np.uint16], int]] = {
    'mono8': (np.uint8, 1), '8UC1': (np.uint8, 1),
    'mono16': (np.uint16, 1), '16UC1': (np.uint16, 1),
    'bgr8': (np.uint8, 3), 'rgb8': (np.uint8, 3), '8UC3': (np.uint8, 3),
    'bgra8': (np.uint8, 4), 'rgba8': (np.uint8, 4), '8UC4': (np.uint8, 4),
    'uyvy': (np.uint8, 2), 'yuv422': (np.uint8, 2), 'yuyv': (np.uint8, 2),
    'yuv422_yuy2': (np.uint8, 2),
    **{f'{name}8': (np.uint8, 1) for name in _MOSAICS},
    **{f'{name}16': (np.uint16, 1) for name in _MOSAICS},
}
_TO_BGR = {
    'mono8': cv2.COLOR_GRAY2BGR, '8UC1': cv2.COLOR_GRAY2BGR, 'rgb8': cv2.COLOR_RGB2BGR,
    'bgra8': cv2.COLOR_BGRA2BGR, 'rgba8': cv2.COLOR_RGBA2BGR, '8UC4': cv2.COLOR_BGRA2BGR,
    'mono16': cv2.COLOR_GRAY2BGR, '16UC1': cv2.COLOR_GRAY2BGR,
    'uyvy': cv2.COLOR_YUV2BGR_UYVY, 'yuv422': cv2.COLOR_YUV2BGR_UYVY,
    'yuyv': cv2.COLOR_YUV2BGR_YUYV, 'yuv422_yuy2': cv2.COLOR_YUV2BGR_YUYV,
    **{f'{name}{bits}': code for bits in (8, 16) for name, code in _MOSAICS.items()},
}

ENCODINGS = tuple(_LAYOUTS)
"""Encodings that are understood without cv_bridge."""


def to_message(picture: Picture, encoding: str, header: Header) -> Image:
    """Return a picture as a message.

    Args:
        picture: uint8 or uint16, [H, W] or [H, W, C], as the encoding says.
        encoding: One of ENCODINGS.
        header: Stamp and frame of the data that the picture shows.

    Raises:
        ValueError: The array does not fit the encoding.
    """
    dtype, channels = _layout(encoding)
    shape = picture.shape[2:] if channels > 1 else (*picture.shape[2:], 1)
    if picture.dtype != dtype or picture.ndim < 2 or shape != (channels,):
        raise ValueError(
            f'a {encoding} picture must be {np.dtype(dtype)} with {channels} channels, '
            f'but got {picture.dtype} {list(picture.shape)}')
    message = Image(header=header, encoding=encoding, is_bigendian=0)
    message.height, message.width = picture.shape[:2]
    message.step = picture.shape[1] * channels * picture.itemsize
    # rclpy checks any other type element by element.
    message.data = array.array('B', np.ascontiguousarray(picture).tobytes())
    return message


def to_array(message: Image) -> Picture:
    """Return the pixels of a message, [H, W] or [H, W, C], in the message's own encoding.

    The result is a view where the byte order allows it.

    Raises:
        ValueError: Unknown encoding, no pixel, or fewer bytes than the size needs.
    """
    dtype, channels = _layout(message.encoding)
    item = np.dtype(dtype)
    row = message.width * channels * item.itemsize
    if row == 0 or message.height == 0:
        raise ValueError(f'a {message.encoding} image must have pixels, but got '
                         f'{message.width}x{message.height}')
    if message.step < row or len(message.data) < message.step * message.height:
        raise ValueError(
            f'a {message.encoding} image of {message.width}x{message.height} pixels needs rows of '
            f'{row} bytes, but got {len(message.data)} bytes in rows of {message.step}')
    rows = np.frombuffer(message.data, np.uint8, message.step * message.height)
    rows = np.ascontiguousarray(rows.reshape(message.height, message.step)[:, :row])
    pixels = rows.view(item.newbyteorder('>' if message.is_bigendian else '<'))
    shape = (message.height, message.width) + ((channels,) if channels > 1 else ())
    picture: Picture = pixels.reshape(shape).astype(dtype, copy=False)
    return picture


def to_bgr(message: Image) -> UInt8:
    """Return a message as colours, uint8 [H, W, 3] blue green red; 16-bit is scaled to its range.

    Raises:
        ValueError: An encoding that neither this module nor an installed cv_bridge knows, or a
            message whose data do not fit its size.
    """
    if _BRIDGE is not None and message.encoding not in _LAYOUTS:
        return _bridged(message)
    picture = to_array(message)
    if picture.dtype == np.uint16:
        top = max(int(picture.max(initial=0)), 1)
        picture = (picture * np.float32(255 / top)).astype(np.uint8)
    if message.encoding not in _TO_BGR:
        return np.asarray(picture, np.uint8)
    try:
        return np.asarray(cv2.cvtColor(picture, _TO_BGR[message.encoding]), np.uint8)
    except cv2.error as error:   # a mosaic or pairs of pixels that the size does not allow
        raise ValueError(f'a {message.encoding} image cannot be {message.width}x{message.height} '
                         'pixels') from error


def picture_bgr(message: Message) -> UInt8:
    """Return a message, compressed or not, as colours, uint8 [H, W, 3] blue green red.

    Raises:
        ValueError: As to_bgr, or bytes that OpenCV cannot read as a picture.
    """
    if isinstance(message, Image):
        return to_bgr(message)
    return np.asarray(_uncompressed(message, cv2.IMREAD_COLOR), np.uint8)


def rgb_of(bgr: UInt8) -> UInt8:
    """Return colours uint8 [H, W, 3] blue green red as red green blue, and back."""
    return np.ascontiguousarray(bgr[..., ::-1])


def picture_grey(message: Message) -> Picture:
    """Return a message, compressed or not, as one channel [H, W] of 8 or 16 bits.

    Raises:
        ValueError: As to_array, colours, or bytes that OpenCV cannot read as a picture.
    """
    if isinstance(message, Image):
        picture, kind = to_array(message), message.encoding
    else:
        picture, kind = _uncompressed(message, cv2.IMREAD_UNCHANGED), message.format
    colours = picture.ndim != 2 or kind.startswith('bayer_')
    if colours or picture.dtype not in (np.uint8, np.uint16):
        raise ValueError(f'a thermal image must have one channel of 8 or 16 bits, but is {kind}')
    return picture


def _uncompressed(message: CompressedImage, how: int) -> Picture:
    """Return the pixels of JPEG, PNG and what else OpenCV reads."""
    data = np.frombuffer(message.data, np.uint8)
    try:
        picture = cv2.imdecode(data, how) if len(data) else None
    except cv2.error:  # a header that promises more pixels than OpenCV takes
        picture = None
    if picture is None:
        raise ValueError(f'a compressed image of format {message.format!r} and {len(data)} bytes '
                         'cannot be read')
    return np.asarray(picture)


def _layout(encoding: str) -> tuple[type[np.uint8 | np.uint16], int]:
    if encoding not in _LAYOUTS:
        raise ValueError(f'image encoding must be one of {", ".join(ENCODINGS)}, '
                         f'but got {encoding!r}')
    return _LAYOUTS[encoding]


def _working_bridge() -> Any:
    """Return a cv_bridge that converts, or None: one built for another NumPy imports and fails."""
    try:
        from cv_bridge import CvBridge  # noqa: PLC0415  (optional)
        bridge = CvBridge()
        probe = to_message(np.arange(4, dtype=np.uint8).reshape(2, 2), 'mono8', Header())
        same = np.array_equal(bridge.imgmsg_to_cv2(probe), to_array(probe))
    except Exception:  # whatever a broken installation raises
        return None
    return bridge if same else None


def _bridged(message: Image) -> UInt8:
    try:
        return np.asarray(_BRIDGE.imgmsg_to_cv2(message, 'bgr8'), np.uint8)
    except Exception as error:
        raise ValueError(f'cv_bridge cannot convert {message.encoding!r}: {error}') from error


_BRIDGE = _working_bridge()
