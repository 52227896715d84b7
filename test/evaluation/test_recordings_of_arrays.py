# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Bags whose events are arrays in messages, and how arrays become packets."""

from __future__ import annotations

import numpy as np
import pytest
from rosbags.rosbag1 import Writer as Writer1
from rosbags.rosbag2 import Writer as Writer2
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from eventsam_ros.errors import RecordingError
from eventsam_ros.evaluation import messages
from eventsam_ros.evaluation.recordings import open_recording
from eventsam_ros.evaluation.recordings.arrays import split_by_span, split_by_time
from eventsam_ros.events import Events, PacketDecoder
from eventsam_ros.events.mono_encoder import SPAN_NS, encode_mono

TOPIC = '/dvs/events'
START = 1_700_000_000_000_000_000


def store_of(base, package):
    store = get_typestore(base)
    store.register(get_types_from_msg(
        'uint16 x\nuint16 y\ntime ts\nbool polarity\n', f'{package}/msg/Event'))
    store.register(get_types_from_msg(
        'std_msgs/Header header\nuint32 height\nuint32 width\nEvent[] events\n',
        f'{package}/msg/EventArray'))
    return store


def array_of(store, package, rows, stamp, width=346):
    types = store.types
    time_of = types['builtin_interfaces/msg/Time']
    header = types['std_msgs/msg/Header']
    sequence = {'seq': 0} if 'seq' in header.__dataclass_fields__ else {}
    return types[f'{package}/msg/EventArray'](
        header=header(**sequence, stamp=time_of(*divmod(stamp, 10**9)), frame_id='dvs'),
        height=260, width=width,
        events=[types[f'{package}/msg/Event'](x, y, time_of(*divmod(t, 10**9)), bool(p))
                for x, y, p, t in rows])


def arrays(count=5, step=10_000_000):
    """Return rows (x, y, p, t) of some messages; one message has none."""
    rng = np.random.default_rng(3)
    return [[(int(rng.integers(346)), int(rng.integers(260)), int(rng.integers(2)),
              START + k * step + i * 1001) for i in range(200 if k != 2 else 0)]
            for k in range(count)]


def write(path, package, parts, width=346):
    """Write a bag of ROS 1 where the path ends in .bag, and of ROS 2 otherwise."""
    ros1 = path.suffix == '.bag'
    store = store_of(Stores.ROS1_NOETIC if ros1 else Stores.ROS2_HUMBLE, package)
    name = f'{package}/msg/EventArray'
    with Writer1(path) if ros1 else Writer2(path, version=8) as bag:
        connection = bag.add_connection(TOPIC, name, typestore=store)
        for k, rows in enumerate(parts):
            message = array_of(store, package, rows, START + k, width)
            raw = (store.serialize_ros1 if ros1 else store.serialize_cdr)(message, name)
            bag.write(connection, START + k * 1000, raw)
    return path


def decode(packets):
    decoder = PacketDecoder('mono', packets[0].width, packets[0].height)
    return Events.concatenate([decoder.decode(p.data, p.time_base) for p in packets])


def tuples(events):
    return list(zip(*(getattr(events, name).tolist() for name in 'xypt'), strict=True))


@pytest.mark.parametrize('package', ['dvs_msgs', 'prophesee_event_msgs'])
@pytest.mark.parametrize('name', ['old.bag', 'new'])
def test_arrays_of_bags_come_out_as_packets_with_the_same_events(tmp_path, package, name):
    parts = arrays()
    with open_recording(write(tmp_path / name, package, parts)) as recording:
        assert recording.topics == {TOPIC: messages.EVENT_PACKET}
        assert recording.event_topics == [TOPIC]
        found = list(recording.messages())
    packets = [m.message for m in found]
    assert tuples(decode(packets)) == [row for rows in parts for row in rows]
    assert [(p.seq, p.stamp_ns, p.frame_id) for p in packets] == [
        (k, START + k, 'dvs') for k in range(5)]
    assert {(p.width, p.height, p.encoding) for p in packets} == {(346, 260, 'mono')}
    assert [m.log_time_ns for m in found] == [START + k * 1000 for k in range(5)]
    again = messages.from_cdr(found[0].raw, found[0].msgtype)
    assert again.data.tobytes() == packets[0].data.tobytes()


def test_an_array_that_spans_more_than_a_packet_can_hold_is_split(tmp_path):
    rows = [(1, 1, 1, START + k * 1_500_000_000) for k in range(8)]
    path = write(tmp_path / 'long', 'dvs_msgs', [rows, rows[:1]])
    with open_recording(path) as recording:
        packets = list(recording.packets())
    assert tuples(decode(packets)) == rows + rows[:1]
    assert [p.seq for p in packets] == list(range(len(packets)))
    assert len(packets) == 5


def test_array_without_a_sensor_size_is_named(tmp_path):
    path = write(tmp_path / 'zero', 'dvs_msgs', arrays(1), width=0)
    with open_recording(path) as recording, pytest.raises(
            RecordingError, match=r'zero cannot be read: sensor size must be 1x1 '):
        list(recording.packets())


def events_at(times):
    count = len(times)
    return Events(np.zeros(count, np.uint16), np.zeros(count, np.uint16),
                  np.arange(count).astype(np.uint8) % 2, np.array(times, np.int64))


@pytest.mark.parametrize('times', [
    [], [5], [0, SPAN_NS - 1], [0, SPAN_NS], [SPAN_NS, 0], [0, 2 * SPAN_NS, 1, 2 * SPAN_NS],
    [0, SPAN_NS // 2, SPAN_NS, 3 * SPAN_NS // 2]])
def test_runs_keep_the_order_and_fit_into_packets(times):
    parts = list(split_by_span(events_at(times)))
    assert tuples(Events.concatenate(parts)) == tuples(events_at(times))
    for part in parts:
        assert len(parts) == 1 or len(part) > 0
        assert np.ptp(part.t) < SPAN_NS if len(part) else True


def test_runs_end_where_time_passes_a_multiple_and_not_where_it_steps_back():
    parts = list(split_by_time(events_at([1, 9, 10, 8, 11, 35, 36, 40]), 10))
    assert [p.t.tolist() for p in parts] == [[1, 9], [10, 8, 11], [35, 36], [40]]
    assert list(split_by_time(Events.empty(), 10)) == []


def test_encoder_refuses_what_the_format_has_not():
    for change in ({'t': np.array([4])}, {'t': np.array([5 + SPAN_NS])},
                   {'y': np.array([1 << 15])}):
        fields = {'x': np.zeros(1), 'y': np.zeros(1), 'p': np.zeros(1), 't': np.array([5])}
        with pytest.raises(ValueError, match=r'^events must be within 4294967296 ns '):
            encode_mono(Events(**(fields | change)), 5)
    assert len(encode_mono(Events.empty(), 5)) == 0
