# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Whole packets of every encoding: real ones where there are, and the same events encoded."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
import struct
import tempfile

import numpy as np
from rosbags.rosbag1 import Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from eventsam_ros.evaluation.recordings import PacketRecord, RecordingWriter, open_recording
from eventsam_ros.events import Events, PacketDecoder
from eventsam_ros.events.evt3_encoder import Evt3Encoder
from eventsam_ros.events.mono_encoder import encode_mono

SHARED = Path(__file__).resolve().parents[3] / 'shared' / 'data' / 'events'
WIDTH, HEIGHT = 640, 480
REAL = {'evt3': 'test_data_evt3_trigger', 'libcaer_cmp': 'test_events_2',
        'mono': 'test_data_mono_cd'}


def made_up_events(packets: int = 20) -> list[Events]:
    """Return events of moving edges, in runs of 5 ms."""
    rng = np.random.default_rng(0)
    parts = []
    for k in range(packets):
        runs = 60
        t = 10**9 + k * 5_000_000 + np.repeat(np.sort(rng.integers(0, 5000, runs)), 8) * 1000
        x = np.repeat(rng.integers(0, WIDTH - 32, runs), 8) + np.tile(np.arange(8) * 2, runs)
        parts.append(Events(
            x.astype(np.uint16), np.repeat(rng.integers(0, HEIGHT, runs), 8).astype(np.uint16),
            np.repeat(rng.integers(0, 2, runs), 8).astype(np.uint8), t))
    return parts


def _words(events: Events, encoding: str) -> bytes:
    us = (events.t // 1000).astype(np.uint64)
    x, y, p = (getattr(events, name).astype(np.uint64) for name in 'xyp')
    if encoding == 'libcaer':
        return (1 | p << 1 | y << 2 | x << 17 | (us & 0x7FFFFFFF) << 32).astype('<u8').tobytes()
    if encoding == 'libcaer_cmp':
        # Time, column and row of each event.
        after = us - us[0]
        words = np.stack([
            after >> 12, 1 << 12 | after & 0xFFF, 2 << 12 | x, 3 << 12 | p << 11 | y])
        return words.T.astype('<u2').tobytes()
    if encoding == 'trigger':
        return ((events.t - events.t[0]).astype(np.uint64) | x << 48 | p << 63).tobytes()
    if encoding == 'evt2':
        words = np.stack([0x8 << 28 | us >> 6, p << 28 | (us & 63) << 22 | x << 11 | y])
        return words.T.astype('<u4').tobytes()
    words = np.stack([
        0x8 << 60 | us >> 6 << 32, p << 60 | (us & 63) << 54 | x << 43 | y << 32 | us | 1])
    if encoding == 'evt21_legacy':
        words = words >> 32 | words << 32
    return words.T.astype('<u8').tobytes()


def packets(encoding: str) -> list[np.ndarray]:
    """Return the bytes of whole packets in the order of their stream, uint8 [N] each."""
    if encoding in REAL and SHARED.is_dir():
        with open_recording(SHARED / REAL[encoding]) as recording:
            return [packet.data for packet in recording.packets()]
    events = made_up_events()
    if encoding == 'evt3':
        encoder = Evt3Encoder(WIDTH, HEIGHT)
        return [np.frombuffer(encoder.encode(part), np.uint8) for part in events]
    if encoding == 'mono':
        return [encode_mono(part, int(part.t[0])) for part in events]
    return [np.frombuffer(_words(part, encoding), np.uint8) for part in events]


@cache
def array_message(ros1: bool) -> np.ndarray:
    """Return the bytes of an EventArray message of three events, uint8 [N]."""
    frame = struct.pack('<I7s', 7, b'camera\0')
    if ros1:
        head = struct.pack('<3I', 0, 5, 6) + frame + struct.pack('<3I', 480, 640, 3)
        body = struct.pack('<HHIIB', 1, 2, 5, 6, 1) * 3
    else:
        head = struct.pack('<4BII', 0, 1, 0, 0, 5, 6) + frame + struct.pack('<x3I', 480, 640, 3)
        body = struct.pack('<HHIIB', 1, 2, 5, 6, 1) + struct.pack('<xHHxxIIB', 1, 2, 5, 6, 1) * 2
    return np.frombuffer(head + body, np.uint8)


FILES = ('raw', 'raw_evt2', 'raw_evt21', 'dat', 'mcap', 'db3', 'bag')
if find_spec('aedat') and find_spec('dv_processing'):
    FILES += ('aedat4',)


@cache
def file(kind: str) -> np.ndarray:
    """Return the bytes of a small whole file, uint8 [N]."""
    if kind.startswith('raw'):
        encoding = kind.partition('_')[2] or 'evt3'
        header = f'% format {encoding.upper()};height={HEIGHT};width={WIDTH}\n% end\n'
        if encoding == 'evt3':
            encoder = Evt3Encoder(WIDTH, HEIGHT)
            data = b''.join(encoder.encode(part) for part in made_up_events(3))
        else:
            data = b''.join(_words(part, encoding) for part in made_up_events(3))
        return np.frombuffer(header.encode() + data, np.uint8)
    if kind == 'dat':
        events = made_up_events(1)[0]
        records = np.stack([events.t // 1000, events.x | events.y.astype(np.int64) << 14], axis=1)
        header = f'% Version 2\n% Height {HEIGHT}\n% Width {WIDTH}\n'.encode() + b'\x0c\x08'
        return np.frombuffer(header + records.astype('<u4').tobytes(), np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        if kind == 'bag':
            return np.fromfile(_write_bag(Path(folder) / 'x.bag'), np.uint8)
        if kind == 'aedat4':
            return np.fromfile(_write_aedat4(Path(folder) / 'x.aedat4'), np.uint8)
        with RecordingWriter(Path(folder) / 'x', {'db3': 'sqlite3'}.get(kind, kind)) as writer:
            for k, data in enumerate(packets('mono')[:3]):
                writer.write_packet('/events', k, PacketRecord(
                    k, 'camera', WIDTH, HEIGHT, k, 0, 'mono', data))
        return np.fromfile(next((Path(folder) / 'x').glob(f'*.{kind}')), np.uint8)


def _write_bag(path: Path) -> Path:
    """Write a ROS 1 bag of arrays of events."""
    store = get_typestore(Stores.ROS1_NOETIC)
    store.register(get_types_from_msg(
        'uint16 x\nuint16 y\ntime ts\nbool polarity\n', 'dvs_msgs/msg/Event'))
    name = 'dvs_msgs/msg/EventArray'
    store.register(get_types_from_msg(
        'std_msgs/Header header\nuint32 height\nuint32 width\nEvent[] events\n', name))
    with Writer(path) as bag:
        connection = bag.add_connection('/events', name, typestore=store)
        for k in range(3):
            bag.write(connection, k, array_message(ros1=True).tobytes())
    return path


def _write_aedat4(path: Path) -> Path:
    import dv_processing as dv
    config = dv.io.MonoCameraWriter.Config('camera')
    config.addEventStream((WIDTH, HEIGHT))
    config.addFrameStream((WIDTH, HEIGHT))
    writer = dv.io.MonoCameraWriter(str(path), config)
    for part in made_up_events(3):
        store = dv.EventStore()
        for x, y, p, t in zip(*(getattr(part, name).tolist() for name in 'xypt'), strict=True):
            store.push_back(t // 1000, x, y, bool(p))
        writer.writeEvents(store)
        writer.writeFrame(dv.Frame(int(part.t[0]) // 1000, np.zeros((HEIGHT, WIDTH), np.uint8)))
    del writer
    return path


def check(encoding: str) -> None:
    """See that the packets are whole: all decoders read something from them."""
    decoder = PacketDecoder(encoding, 2048, 2048)
    for data in packets(encoding):
        decoder.decode(data)
    counters = decoder.counters
    assert counters['events'] + counters['triggers'] > 90, encoding
    assert counters['reserved'] == counters['stray_bytes'] == 0, encoding
