# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""EventArray messages, against the serialisers of rosbags."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from eventsam_ros.errors import DecodeError
from eventsam_ros.events import PacketDecoder
from eventsam_ros.events.event_arrays import COUNTERS, read_event_array, read_event_array_ros1

ARRAY = 'dvs_msgs/msg/EventArray'
EVENT = 'dvs_msgs/msg/Event'
STAMP = 1_700_000_000_123_456_789


def store_of(base):
    store = get_typestore(base)
    store.register(get_types_from_msg('uint16 x\nuint16 y\ntime ts\nbool polarity\n', EVENT))
    store.register(get_types_from_msg(
        'std_msgs/Header header\nuint32 height\nuint32 width\nEvent[] events\n', ARRAY))
    return store


ROS2 = store_of(Stores.ROS2_HUMBLE)
ROS1 = store_of(Stores.ROS1_NOETIC)


def message(store, rows, frame='camera', width=640, height=480):
    types = store.types
    time_of = types['builtin_interfaces/msg/Time']
    sequence = {'seq': 3} if store is ROS1 else {}
    return types[ARRAY](
        header=types['std_msgs/msg/Header'](
            **sequence, stamp=time_of(*divmod(STAMP, 10**9)), frame_id=frame),
        height=height, width=width,
        events=[types[EVENT](x, y, time_of(*divmod(t, 10**9)), bool(p)) for x, y, p, t in rows])


def cdr(rows, little=True, **fields):
    return bytes(ROS2.serialize_cdr(message(ROS2, rows, **fields), ARRAY, little_endian=little))


def ros1(rows, **fields):
    return bytes(ROS1.serialize_ros1(message(ROS1, rows, **fields), ARRAY))


def tuples(events):
    return list(zip(*(getattr(events, name).tolist() for name in 'xypt'), strict=True))


def rows_of(count, seed=0):
    rng = np.random.default_rng(seed)
    return [(int(rng.integers(640)), int(rng.integers(480)), int(rng.integers(2)),
             STAMP + int(rng.integers(10**9))) for _ in range(count)]


@pytest.mark.parametrize('count', [0, 1, 2, 3, 1000])
@pytest.mark.parametrize('frame', ['', 'a', 'ab', 'abc', 'camera_optical_frame'])
@pytest.mark.parametrize('little', [True, False])
def test_arrays_are_read_as_another_library_wrote_them(count, frame, little):
    rows = rows_of(count)
    record = read_event_array(cdr(rows, little=little, frame=frame))
    assert (record.stamp_ns, record.frame_id) == (STAMP, frame)
    assert (record.width, record.height) == (640, 480)
    assert tuples(record.events) == rows
    assert [a.dtype for a in (record.events.x, record.events.y, record.events.p,
                              record.events.t)] == [np.uint16, np.uint16, np.uint8, np.int64]
    assert record.counts == dict.fromkeys(COUNTERS, 0) | {'words': count, 'events': count}


@pytest.mark.parametrize('count', [0, 1, 2, 3, 1000])
@pytest.mark.parametrize('frame', ['', 'abc'])
def test_arrays_of_ros_1_are_read_as_another_library_wrote_them(count, frame):
    rows = rows_of(count)
    record = read_event_array_ros1(ros1(rows, frame=frame))
    assert (record.stamp_ns, record.frame_id) == (STAMP, frame)
    assert tuples(record.events) == rows


ROW = st.tuples(st.integers(0, 65535), st.integers(0, 65535), st.integers(0, 1),
                st.integers(0, (2**31 - 1) * 10**9))


@given(rows=st.lists(ROW, max_size=20), width=st.integers(1, 2**15),
       height=st.integers(1, 2**15))
def test_any_events_are_read_and_those_outside_are_counted(rows, width, height):
    inside = [row for row in rows if row[0] < width and row[1] < height]
    for record in (read_event_array(cdr(rows, width=width, height=height)),
                   read_event_array_ros1(ros1(rows, width=width, height=height))):
        assert tuples(record.events) == inside
        assert record.counts == {
            'words': len(rows), 'events': len(inside), 'invalid': 0,
            'out_of_range': len(rows) - len(inside)}


@pytest.mark.parametrize(('offset', 'value'), [
    (4, b'\xff\xff\xff\xff'), (8, b'\xff\xff\xff\xff'), (12, b'\x02')])
def test_events_with_impossible_fields_are_left_out_and_counted(offset, value):
    rows = rows_of(5)
    raw = bytearray(cdr(rows))
    # The last element ends the message and has 13 bytes; the one before begins 16 earlier.
    start = len(raw) - 13 - 2 * 16 + offset
    raw[start:start + len(value)] = value
    record = read_event_array(raw)
    assert tuples(record.events) == rows[:2] + rows[3:]
    assert record.counts == {'words': 5, 'events': 4, 'invalid': 1, 'out_of_range': 0}


def test_padding_to_a_multiple_of_four_is_accepted():
    raw = cdr(rows_of(3))
    for padding in range(4):
        assert len(read_event_array(raw + bytes(padding)).events) == 3
    with pytest.raises(DecodeError, match=r'^event array of 3 events does not fit its'):
        read_event_array(raw + bytes(4))


def test_every_cut_message_is_refused():
    for count in (0, 1, 3):
        for read, raw in ((read_event_array, cdr(rows_of(count))),
                          (read_event_array_ros1, ros1(rows_of(count)))):
            for length in range(len(raw)):
                with pytest.raises(DecodeError):
                    read(raw[:length])


@pytest.mark.parametrize('frame', ['', 'camera'])
def test_absurd_counts_and_lengths_are_refused_at_once(frame):
    for raw, read, bare in ((cdr([], frame=frame), read_event_array, False),
                            (ros1([], frame=frame), read_event_array_ros1, True)):
        count = raw[:-4] + b'\xff\xff\xff\xff'
        with pytest.raises(DecodeError, match=r'^event array of 4294967295 events'):
            read(count)
        long_frame = bytearray(raw)
        long_frame[12:16] = b'\xff\xff\xff\x7f'
        with pytest.raises(DecodeError, match=r'^frame of the event array is longer'):
            read(long_frame)
        stamp = bytearray(raw)
        stamp[8 - 4 * (not bare) + 3] |= 0x80
        with pytest.raises(DecodeError, match=r'^header stamp of the event array is no time$'):
            read(stamp)


@pytest.mark.parametrize(('data', 'sentence'), [
    (b'', 'does not begin with'), (b'\1\1\0\0', 'does not begin with'),
    (b'\0\3\0\0', 'does not begin with'), ('text', 'must be bytes, but got str'),
    (None, 'must be bytes, but got NoneType')])
def test_other_things_are_refused(data, sentence):
    with pytest.raises(DecodeError, match=sentence):
        read_event_array(data)


def test_frame_that_is_no_text_is_refused():
    raw = bytearray(cdr([], frame='abc'))
    raw[16] = 0xFF
    with pytest.raises(DecodeError, match='is no text'):
        read_event_array(raw)


@pytest.mark.parametrize('size', [(0, 480), (640, 0), (2**15 + 1, 1)])
def test_sensors_that_cannot_be_are_refused(size):
    with pytest.raises(DecodeError, match=rf'^sensor size .* but got {size[0]}x{size[1]}$'):
        read_event_array(cdr([], width=size[0], height=size[1]))
    with pytest.raises(DecodeError, match=r'^sensor size '):
        PacketDecoder('mono', *size)


def test_random_bytes_are_refused():
    rng = np.random.default_rng(5)
    for size in rng.integers(0, 400, 2000):
        data = rng.integers(0, 256, size, np.uint8)
        data[:4] = (0, 1, 0, 0)[:len(data)]
        for read in (read_event_array, read_event_array_ros1):
            with pytest.raises(DecodeError):
                read(data)


def test_a_million_events_take_less_than_a_tenth_of_them_in_a_loop():
    two, many = cdr(rows_of(2)), 1_000_000
    # Element 0 has 13 bytes and one of padding, the others 15 and one.
    head, first, other = two[:-29], two[-29:-15], two[-15:]
    raw = head[:-4] + many.to_bytes(4, 'little') + first + (other + bytes(1)) * (many - 1)
    few = cdr(rows_of(100_000))
    ours = []
    for _ in range(3):
        begin = time.perf_counter()
        record = read_event_array(raw)
        ours.append(time.perf_counter() - begin)
    begin = time.perf_counter()
    ROS2.deserialize_cdr(few, ARRAY)
    assert min(ours) < time.perf_counter() - begin
    assert len(record.events) == many
    assert tuples(record.events[-2:]) == [rows_of(2)[1]] * 2
