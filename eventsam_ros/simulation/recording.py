# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A simulated recording: events, camera pictures and ground-truth masks on ROS topics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from eventsam_ros.evaluation.messages import PacketRecord
from eventsam_ros.evaluation.recording_writer import RecordingWriter
from eventsam_ros.events.evt3_encoder import Evt3Encoder
from eventsam_ros.events.types import Events, Float32, UInt8

from .capture import Moment, capture
from .scene import Scene, random_scene
from .sensor import EventSensor, SensorConfig

EVENT_TOPIC = '/event_camera/events'
IMAGE_TOPIC = '/camera/image_raw'
MASK_TOPIC = '/ground_truth/mask'
FRAME_ID = 'event_camera_optical_frame'
_HOST_START_NS = 1_767_225_600_000_000_000
"""Host time of the recording's start: 2026-01-01 00:00 UTC."""
_SENSOR_START_S = 1.0
_PACKET_NS = 5_000_000
_DELIVERY_NS = 1_000_000
"""From a packet's last event to its arrival on the host."""


@dataclass(frozen=True)
class RecordingConfig:
    """What to simulate.

    Attributes:
        seed: Seed of the scene and of the sensor's imperfections, at least 0.
        duration_s: Length in seconds, 0.1 to 600; what is no whole frame at the end is left out.
        width: Sensor columns, 32 to 2048.
        height: Sensor rows, 32 to 2048.
        objects: Number of objects, 1 to 7.
        frame_rate_hz: Pictures and ground-truth masks per second, 1 to 100.
        sensor: Imperfections of the event sensor.
    """

    seed: int = 0
    duration_s: float = 5.0
    width: int = 640
    height: int = 480
    objects: int = 4
    frame_rate_hz: float = 20.0
    sensor: SensorConfig = field(default_factory=SensorConfig)

    def __post_init__(self) -> None:
        """Refuse values outside their ranges."""
        for name, value, low, high in (
            ('seed', self.seed, 0, 2 ** 63), ('duration_s', self.duration_s, 0.1, 600),
            ('width', self.width, 32, 2048), ('height', self.height, 32, 2048),
            ('objects', self.objects, 1, 7), ('frame_rate_hz', self.frame_rate_hz, 1, 100),
        ):
            if not low <= value <= high:
                raise ValueError(f'{name} must be {low} to {high}, but got {value}')


def exposed(luminance: Float32) -> UInt8:
    """Return a camera picture of linear luminance: bright 99.5 % to white, gamma 2.2, mono8."""
    white = max(float(np.percentile(luminance, 99.5)), 1e-6)
    return np.asarray(255 * np.clip(luminance / white, 0, 1) ** (1 / 2.2) + 0.5, np.uint8)


class _PacketWriter:
    """Cut events into packets of 5 ms, as drivers deliver them."""

    def __init__(self, writer: RecordingWriter, config: RecordingConfig) -> None:
        self._writer = writer
        self._config = config
        self._encoder = Evt3Encoder(config.width, config.height)
        self._seq = 0

    def write(self, events: Events, start_ns: int, end_ns: int) -> None:
        edges = np.arange(start_ns, end_ns + _PACKET_NS, _PACKET_NS)
        for low, high in pairwise(edges):
            first, last = np.searchsorted(events.t, np.asarray([low, min(high, end_ns)]))
            arrival = host_time(min(int(high), end_ns)) + _DELIVERY_NS
            data = np.frombuffer(self._encoder.encode(events[first:last]), np.uint8)
            self._writer.write_packet(EVENT_TOPIC, arrival, PacketRecord(
                stamp_ns=arrival, frame_id=FRAME_ID, width=self._config.width,
                height=self._config.height, seq=self._seq, time_base=0, encoding='evt3',
                data=data))
            self._seq += 1


def host_time(sensor_ns: int) -> int:
    """Return the host's clock (ns since the epoch) at a sensor time of a simulated recording."""
    return sensor_ns - round(_SENSOR_START_S * 1e9) + _HOST_START_NS


def record(
    config: RecordingConfig, path: Path, scene: Scene | None = None,
    progress: Callable[[float], None] | None = None,
) -> Path:
    """Simulate and write a recording that rosbags and `ros2 bag` read (mcap).

    Topics: /event_camera/events (EventPacket, evt3), /camera/image_raw (mono8) and
    /ground_truth/mask (mono16 instance ids, 0 background), pictures stamped with their instant.

    Args:
        config: What to simulate.
        path: Folder to create.
        scene: What to show instead of a random scene of the seed.
        progress: Called with the share done, 0 to 1.

    Returns:
        The folder.

    Raises:
        EventsamError: The folder exists or cannot be written.
    """
    rng = np.random.default_rng([config.seed, 7])
    if scene is None:
        scene = random_scene(rng, config.width, config.height, objects=config.objects)
    sensor = EventSensor(config.width, config.height, config.sensor, rng)
    # a little more, since 0.29 s at 100 Hz are 28.999999999999996 frames
    frames = max(int(config.duration_s * config.frame_rate_hz + 1e-6), 1)
    instants = _SENSOR_START_S + np.arange(frames + 1) / config.frame_rate_hz
    with RecordingWriter(path) as writer:
        packets = _PacketWriter(writer, config)
        before = round(instants[0] * 1e9)
        for k, moment in enumerate(capture(scene, sensor, instants)):
            if k:
                packets.write(moment.events, before, moment.t_ns)
            _write_frame(writer, moment)
            before = moment.t_ns
            if progress is not None:
                progress(k / frames)
    return path


def _write_frame(writer: RecordingWriter, moment: Moment) -> None:
    stamp = host_time(moment.t_ns)
    arrival = stamp + 2 * _DELIVERY_NS
    writer.write_image(IMAGE_TOPIC, arrival, stamp, FRAME_ID, 'mono8', exposed(moment.luminance))
    ids = moment.ids.astype(np.uint16)
    writer.write_image(MASK_TOPIC, arrival, stamp, FRAME_ID, 'mono16', ids)
