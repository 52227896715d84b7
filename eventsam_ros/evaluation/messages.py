# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Event packets and pictures as plain records, to and from serialised ROS messages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from eventsam_ros.errors import BIG_ENDIAN, RecordingError
from eventsam_ros.events.types import UInt8

EVENT_PACKET = 'event_camera_msgs/msg/EventPacket'
EVENT_TYPES = (EVENT_PACKET, 'event_array_msgs/msg/EventArray')
"""Type names of event packets; the second is the same layout under its older name."""
IMAGE = 'sensor_msgs/msg/Image'
COMPRESSED_IMAGE = 'sensor_msgs/msg/CompressedImage'
IMAGE_TYPES = (IMAGE, COMPRESSED_IMAGE)

_EVENT_PACKET_DEFINITION = """\
std_msgs/Header header
uint32 height
uint32 width
uint64 seq
uint64 time_base
string encoding
bool is_bigendian
uint8[] events
"""

_PIXELS: dict[str, tuple[str, int]] = {
    'mono8': ('u1', 1), 'mono16': ('u2', 1), 'bgr8': ('u1', 3), 'rgb8': ('u1', 3),
    'bgra8': ('u1', 4), 'rgba8': ('u1', 4), '8UC1': ('u1', 1), '8UC3': ('u1', 3),
    '16UC1': ('u2', 1), '16SC1': ('i2', 1), '32SC1': ('i4', 1), '32FC1': ('f4', 1),
}


@dataclass(frozen=True)
class PacketRecord:
    """One EventPacket message.

    Attributes:
        stamp_ns: Header stamp, host time in ns.
        frame_id: Header frame.
        width: Sensor columns.
        height: Sensor rows.
        seq: Number of the packet, as the driver counts.
        time_base: What the encoding makes of it, ns.
        encoding: Name of the encoding of `data`.
        data: Encoded events, uint8 [N].
    """

    stamp_ns: int
    frame_id: str
    width: int
    height: int
    seq: int
    time_base: int
    encoding: str
    data: UInt8


@dataclass(frozen=True)
class ImageRecord:
    """One picture, from an Image or a CompressedImage message.

    Attributes:
        stamp_ns: Header stamp, host time in ns.
        frame_id: Header frame.
        encoding: ROS name of the pixel format, like 'bgr8'.
        array: [height, width] or [height, width, channels] of the encoding's type.
    """

    stamp_ns: int
    frame_id: str
    encoding: str
    array: NDArray[Any]


@cache
def ros2_types() -> Any:
    """Return the ROS 2 message types, with the event packets among them."""
    return _with_event_packets(Stores.ROS2_HUMBLE)


@cache
def ros1_types() -> Any:
    """Return the ROS 1 message types, with the event packets among them."""
    return _with_event_packets(Stores.ROS1_NOETIC)


def _with_event_packets(base: Stores) -> Any:
    store = get_typestore(base)
    for name in EVENT_TYPES:
        store.register(get_types_from_msg(_EVENT_PACKET_DEFINITION, name))
    return store


def from_cdr(raw: bytes, msgtype: str) -> PacketRecord | ImageRecord | None:
    """Read a serialised message; None if it is of another type.

    Raises:
        RecordingError: A picture with an encoding or size that does not work out, or events in
            an order of bytes that is not known.
        Exception: What rosbags raises for bytes that are no such message.
    """
    if msgtype not in EVENT_TYPES + IMAGE_TYPES:
        return None
    message = ros2_types().deserialize_cdr(raw, msgtype)
    stamp = message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec
    frame_id = message.header.frame_id
    if msgtype in EVENT_TYPES:
        if message.is_bigendian:
            raise RecordingError(BIG_ENDIAN)
        return PacketRecord(
            stamp, frame_id, message.width, message.height, message.seq, message.time_base,
            message.encoding, np.asarray(message.events, np.uint8))
    if msgtype == COMPRESSED_IMAGE:
        return ImageRecord(stamp, frame_id, *_decompressed(message.data))
    return ImageRecord(stamp, frame_id, message.encoding, _pixels(message))


def cdr_from_ros1(raw: bytes, msgtype: str) -> bytes:
    """Turn a ROS 1 message of one of the types above into its ROS 2 bytes."""
    old = ros1_types().deserialize_ros1(raw, msgtype)
    store = ros2_types()
    fields = dict(vars(old))
    stamp = old.header.stamp
    fields['header'] = _header(stamp.sec * 1_000_000_000 + stamp.nanosec, old.header.frame_id)
    fields.pop('__msgtype__', None)
    return bytes(store.serialize_cdr(store.types[msgtype](**fields), msgtype))


def packet_to_cdr(packet: PacketRecord) -> memoryview:
    """Serialise an event packet as event_camera_msgs/msg/EventPacket."""
    store = ros2_types()
    message = store.types[EVENT_PACKET](
        header=_header(packet.stamp_ns, packet.frame_id), height=packet.height,
        width=packet.width, seq=packet.seq, time_base=packet.time_base,
        encoding=packet.encoding, is_bigendian=False, events=np.asarray(packet.data, np.uint8))
    view: memoryview = store.serialize_cdr(message, EVENT_PACKET)
    return view


def image_to_cdr(image: ImageRecord) -> memoryview:
    """Serialise a picture as sensor_msgs/msg/Image.

    Raises:
        ValueError: Unknown encoding, or an array that is not of it.
    """
    if image.encoding not in _PIXELS:
        raise ValueError(
            f'encoding must be one of {", ".join(_PIXELS)}, but got {image.encoding!r}')
    dtype, channels = _PIXELS[image.encoding]
    array = image.array
    form = (array.shape[2] if array.ndim == 3 else 1, array.dtype)
    if array.ndim not in (2, 3) or form != (channels, np.dtype(dtype)):
        raise ValueError(
            f'{image.encoding} picture must be {np.dtype(dtype)} with {channels} channels, '
            f'but got {array.dtype} {list(array.shape)}')
    height, width = array.shape[:2]
    data = np.ascontiguousarray(array, np.dtype(dtype).newbyteorder('<')).reshape(-1)
    store = ros2_types()
    message = store.types[IMAGE](
        header=_header(image.stamp_ns, image.frame_id), height=height, width=width,
        encoding=image.encoding, is_bigendian=0, step=width * channels * data.itemsize,
        data=data.view(np.uint8))
    view: memoryview = store.serialize_cdr(message, IMAGE)
    return view


def _header(stamp_ns: int, frame_id: str) -> Any:
    types = ros2_types().types
    seconds, nanoseconds = divmod(stamp_ns, 1_000_000_000)
    stamp = types['builtin_interfaces/msg/Time'](sec=seconds, nanosec=nanoseconds)
    return types['std_msgs/msg/Header'](stamp=stamp, frame_id=frame_id)


def _pixels(message: Any) -> NDArray[Any]:
    """View the bytes of an Image message as an array, padding at the ends of rows left out."""
    if message.encoding not in _PIXELS:
        raise RecordingError(
            f'picture encoding {message.encoding!r} is not supported; '
            f'convert it to one of {", ".join(_PIXELS)}')
    code, channels = _PIXELS[message.encoding]
    dtype = np.dtype(code).newbyteorder('>' if message.is_bigendian else '<')
    height, width, step = message.height, message.width, message.step
    row = width * channels * dtype.itemsize
    if row == 0 or step < row or len(message.data) < height * step:
        raise RecordingError(
            f'picture of {width}x{height} {message.encoding} with {step} bytes a row does not '
            f'fit its {len(message.data)} bytes')
    rows = np.asarray(message.data, np.uint8)[:height * step].reshape(height, step)[:, :row]
    pixels: NDArray[Any] = np.ascontiguousarray(rows).view(dtype).astype(code, copy=False)
    return pixels.reshape((height, width) if channels == 1 else (height, width, channels))


def _decompressed(data: UInt8) -> tuple[str, NDArray[Any]]:
    array = cv2.imdecode(np.asarray(data, np.uint8), cv2.IMREAD_UNCHANGED) if len(data) else None
    if array is None:
        raise RecordingError('compressed picture cannot be decoded')
    names = {('uint8', 2): 'mono8', ('uint16', 2): 'mono16', ('uint8', 3): 'bgr8'}
    if array.ndim == 3 and array.shape[2] == 4:
        array = cv2.cvtColor(array, cv2.COLOR_BGRA2BGR)
    key = (str(array.dtype), array.ndim)
    if key not in names:
        raise RecordingError(f'compressed picture of {key[0]} colours is not supported')
    return names[key], array
