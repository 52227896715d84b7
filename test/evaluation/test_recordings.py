# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Recordings: real ones, written ones, and what is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
import shutil

import cv2
import numpy as np
import pytest
from rosbags.highlevel import AnyReader
from rosbags.rosbag1 import Writer as Writer1

from eventsam_ros.errors import RecordingError
from eventsam_ros.evaluation import messages, recording_writer
from eventsam_ros.evaluation.recordings import PacketRecord, RecordingWriter, open_recording

EVENTS = '/event_camera/events'
START = 1_767_225_600_000_000_000


def packet(seq=0, data=b'\x01\x80\x02\x60\x05\x00\x07\x28'):
    return PacketRecord(
        stamp_ns=START + seq, frame_id='sensor', width=640, height=480, seq=seq, time_base=7,
        encoding='evt3', data=np.frombuffer(data, np.uint8))


def write(path, storage='mcap', count=3):
    with RecordingWriter(path, storage) as writer:
        for seq in range(count):
            writer.write_packet(EVENTS, START + 1000 * seq, packet(seq))
    return path


@pytest.mark.parametrize(('name', 'size', 'first', 'last'), [
    ('test_events_2', (346, 260), 101, 200), ('test_data_evt3_trigger', (1280, 720), 59068, 59172),
    ('test_data_mono_cd', (640, 480), 0, 1),
])
def test_public_recordings_are_read_in_full(recordings, name, size, first, last):
    with open_recording(recordings[name]) as recording:
        assert recording.event_topics == [EVENTS]
        assert recording.image_topics == []
        packets = list(recording.packets())
        assert len(packets) == recording.message_count == last - first + 1
    assert [p.seq for p in packets] == list(range(first, last + 1))
    assert {(p.width, p.height) for p in packets} == {size}


def test_duration_is_the_one_in_the_metadata(recordings):
    with open_recording(recordings['test_events_2']) as recording:
        assert recording.duration_ns == 990_468_399


def test_bare_file_is_read_like_its_folder(recordings):
    folder = recordings['test_data_evt3_trigger']
    with open_recording(folder) as whole, open_recording(next(folder.glob('*.db3'))) as bare:
        for a, b in zip(whole.packets(), bare.packets(), strict=True):
            assert (a.seq, a.stamp_ns, a.data.tobytes()) == (b.seq, b.stamp_ns, b.data.tobytes())


def test_folder_that_a_crash_left_without_metadata_is_read(recordings, tmp_path):
    file = next(recordings['test_events_2'].glob('*.mcap'))
    shutil.copy(file, tmp_path)
    with open_recording(tmp_path) as recording:
        assert recording.message_count == 100


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_written_packets_come_back(tmp_path, storage):
    with open_recording(write(tmp_path / 'new' / 'bag', storage)) as recording:
        found = list(recording.messages())
        assert recording.duration_ns == 2000
    assert [m.log_time_ns for m in found] == [START, START + 1000, START + 2000]
    assert {(m.topic, m.kind, m.msgtype) for m in found} == {
        (EVENTS, 'events', messages.EVENT_PACKET)}
    for seq, message in enumerate(found):
        expected = packet(seq)
        assert message.message.data.tobytes() == expected.data.tobytes()
        assert {**vars(message.message), 'data': None} == {**vars(expected), 'data': None}
        assert message.raw == bytes(messages.packet_to_cdr(expected))
    assert sorted(p.name for p in (tmp_path / 'new').iterdir()) == ['bag']


def test_written_types_have_the_hash_of_the_real_drivers(tmp_path):
    path = write(tmp_path / 'bag')
    with AnyReader([path]) as reader:
        assert [connection.digest for connection in reader.connections] == [
            'RIHS01_d6fa176260b1f37e5a40845305315e150a0f18191241eb64f407442aa29844aa']
        _, _, raw = next(reader.messages())
        message = reader.deserialize(raw, messages.EVENT_PACKET)
        assert (message.height, message.width, message.encoding) == (480, 640, 'evt3')


@pytest.mark.parametrize(('encoding', 'dtype', 'shape'), [
    ('mono8', np.uint8, (4, 6)), ('mono16', np.uint16, (4, 6)), ('bgr8', np.uint8, (4, 6, 3)),
    ('rgba8', np.uint8, (4, 6, 4)), ('32FC1', np.float32, (4, 6)),
])
def test_written_pictures_come_back(tmp_path, encoding, dtype, shape):
    picture = np.random.default_rng(0).integers(0, 255, shape).astype(dtype)
    with RecordingWriter(tmp_path / 'bag') as writer:
        writer.write_image('/image', START, START - 5, 'camera', encoding, picture)
        writer.write_packet(EVENTS, START + 1, packet())
    with open_recording(tmp_path / 'bag') as recording:
        assert (recording.event_topics, recording.image_topics) == ([EVENTS], ['/image'])
        image, = recording.images('/image')
        assert [m.kind for m in recording.messages()] == ['image', 'events']
        assert [m.kind for m in recording.messages([EVENTS])] == ['events']
    assert (image.stamp_ns, image.frame_id, image.encoding) == (START - 5, 'camera', encoding)
    assert image.array.dtype == dtype
    assert np.array_equal(image.array, picture)


def image_message(**changes):
    store = messages.ros2_types()
    header = messages._header(START, 'camera')
    fields = {
        'header': header, 'height': 2, 'width': 3, 'encoding': 'mono16', 'is_bigendian': 1,
        'step': 8, 'data': np.arange(16, dtype=np.uint8)} | changes
    return store.serialize_cdr(store.types[messages.IMAGE](**fields), messages.IMAGE)


def test_padded_rows_and_big_endian_pixels_are_read():
    image = messages.from_cdr(image_message(), messages.IMAGE)
    assert image.array.tolist() == [[0x0001, 0x0203, 0x0405], [0x0809, 0x0A0B, 0x0C0D]]
    assert image.array.dtype == np.uint16


@pytest.mark.parametrize(('changes', 'sentence'), [
    ({'encoding': 'bayer_rggb8'}, r"^picture encoding 'bayer_rggb8' is not supported"),
    ({'step': 5}, r'^picture of 3x2 mono16 with 5 bytes a row does not fit its 16 bytes$'),
    ({'height': 9}, r'^picture of 3x9 mono16 '),
    ({'width': 0}, r'^picture of 0x2 mono16 '),
])
def test_pictures_that_do_not_work_out_are_refused(changes, sentence):
    with pytest.raises(RecordingError, match=sentence):
        messages.from_cdr(image_message(**changes), messages.IMAGE)


@pytest.mark.parametrize('picture', [
    np.full((5, 7), 9, np.uint8), np.full((5, 7, 3), 9, np.uint8), np.full((5, 7), 999, np.uint16),
], ids=['mono8', 'bgr8', 'mono16'])
def test_compressed_pictures_are_read(picture):
    store = messages.ros2_types()
    data = cv2.imencode('.png', picture)[1].reshape(-1)
    message = store.types[messages.COMPRESSED_IMAGE](
        header=messages._header(START, 'camera'), format='png', data=data)
    raw = store.serialize_cdr(message, messages.COMPRESSED_IMAGE)
    image = messages.from_cdr(raw, messages.COMPRESSED_IMAGE)
    assert np.array_equal(image.array, picture)


def test_ros_1_bag_is_read_and_its_messages_are_ros_2(tmp_path):
    store = messages.ros1_types()
    types = store.types
    header = types['std_msgs/msg/Header'](
        seq=3, stamp=types['builtin_interfaces/msg/Time'](sec=5, nanosec=6), frame_id='sensor')
    message = types[messages.EVENT_PACKET](
        header=header, height=480, width=640, seq=0, time_base=7, encoding='evt3',
        is_bigendian=False, events=np.arange(5, dtype=np.uint8))
    text = types['std_msgs/msg/String'](data='hello')
    with Writer1(tmp_path / 'old.bag') as bag:
        events = bag.add_connection(EVENTS, messages.EVENT_PACKET, typestore=store)
        chatter = bag.add_connection('/chatter', 'std_msgs/msg/String', typestore=store)
        bag.write(chatter, 9, store.serialize_ros1(text, 'std_msgs/msg/String'))
        bag.write(events, 10, store.serialize_ros1(message, messages.EVENT_PACKET))
    with open_recording(tmp_path / 'old.bag') as recording:
        found, = recording.messages()
    assert found.message.stamp_ns == 5_000_000_006
    assert found.message.data.tolist() == [0, 1, 2, 3, 4]
    assert messages.from_cdr(found.raw, found.msgtype).frame_id == 'sensor'


def test_messages_of_several_files_come_in_order(tmp_path):
    for name, offset in (('a', 0), ('b', 500)):
        with RecordingWriter(tmp_path / name) as writer:
            for seq in range(3):
                writer.write_packet(EVENTS, START + offset + 1000 * seq, packet(seq))
    folder = tmp_path / 'both'
    folder.mkdir()
    for name in 'ab':
        shutil.copy(next((tmp_path / name).glob('*.mcap')), folder)
    with open_recording(folder) as recording:
        times = [m.log_time_ns - START for m in recording.messages()]
        assert recording.duration_ns == 2500
    assert times == [0, 500, 1000, 1500, 2000, 2500]


def test_missing_recording_is_named(tmp_path):
    with pytest.raises(RecordingError, match=r'^recording .*/nowhere does not exist$'):
        open_recording(tmp_path / 'nowhere')


def test_other_files_and_folders_are_no_recordings(tmp_path):
    file = tmp_path / 'notes.txt'
    file.write_text('hello')
    with pytest.raises(RecordingError, match=r'notes.txt is not a recording: files end in .mcap'):
        open_recording(file)
    with pytest.raises(RecordingError, match=r'is not a recording: it has neither metadata.yaml'):
        open_recording(tmp_path)


@pytest.mark.parametrize('name', ['x.mcap', 'x.db3', 'x.bag'])
@pytest.mark.parametrize('content', [b'', b'\x89MCAP0\r\n', b'garbage' * 100])
def test_damaged_files_are_refused_with_one_sentence(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RecordingError, match=r'^recording .* cannot be read: [^\n]+$'):
        open_recording(tmp_path / name)


@pytest.mark.parametrize(('content', 'sentence'), [
    ('{', r'^recording .* cannot be read: [^\n]+$'),
    ('rosbag2_bagfile_information: 3', r'^recording .* cannot be read: [^\n]+$'),
    ('nothing: 1', 'is not a recording'), ('[]', 'is not a recording')])
def test_damaged_metadata_is_refused_with_one_sentence(tmp_path, content, sentence):
    (tmp_path / 'metadata.yaml').write_text(content)
    with pytest.raises(RecordingError, match=sentence):
        open_recording(tmp_path)


def test_file_that_the_metadata_names_and_is_missing_is_named(tmp_path, recordings):
    shutil.copy(recordings['test_events_2'] / 'metadata.yaml', tmp_path)
    with pytest.raises(RecordingError, match=r'misses its file test_events_2_0.mcap$'):
        open_recording(tmp_path)


def test_cut_file_is_refused(tmp_path):
    file = next(write(tmp_path / 'bag', count=50).glob('*.mcap'))
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(RecordingError, match=r'^recording .* cannot be read: [^\n]+$'):
        open_recording(file)


def test_damage_inside_a_file_is_reported_while_reading(tmp_path):
    file = next(write(tmp_path / 'bag', count=50).glob('*.mcap'))
    content = bytearray(file.read_bytes())
    middle = content.index(b'evt3')
    content[middle:middle + 4] = b'\xff\xff\xff\xff'
    file.write_bytes(content)
    with (
        open_recording(tmp_path / 'bag') as recording,
        pytest.raises(RecordingError, match=r'^recording .* cannot be read: [^\n]+$'),
    ):
        list(recording.packets())


def test_empty_recording_is_refused(tmp_path):
    with RecordingWriter(tmp_path / 'bag'):
        pass
    with pytest.raises(RecordingError, match=r'^recording .* has no messages$'):
        open_recording(tmp_path / 'bag')


def test_recording_without_events_is_refused_with_its_topics(tmp_path):
    with RecordingWriter(tmp_path / 'bag') as writer:
        writer.write_image('/image', 1, 1, '', 'mono8', np.zeros((2, 2), np.uint8))
    with open_recording(tmp_path / 'bag') as recording:
        with pytest.raises(RecordingError, match=(
                r'has no event topic, only /image \(sensor_msgs/msg/Image\)$')):
            recording.packets()
        with pytest.raises(RecordingError, match=r'has no topic /events, only /image '):
            recording.packets('/events')


def test_the_main_events_are_those_of_a_sensor(tmp_path):
    path = tmp_path / 'several'
    with RecordingWriter(path) as writer:
        writer.write_packet('/cam/triggers', START, replace(packet(), encoding='trigger'))
        writer.write_packet('/cam/unsized', START, replace(packet(), width=0))
        for k in range(2):
            writer.write_packet('/cam/events', START + k, packet(k))
    with open_recording(path) as recording:
        assert recording.event_topics[0] == '/cam/triggers'
        assert recording.main_events == '/cam/events'
        assert [p.seq for p in recording.packets()] == [0, 1]
        assert [p.encoding for p in recording.packets('/cam/triggers')] == ['trigger']


def test_big_endian_events_are_refused_with_one_sentence():
    raw = bytearray(messages.packet_to_cdr(packet()))
    at = raw.index(b'evt3\0') + 5
    assert raw[at] == 0
    raw[at] = 1
    with pytest.raises(RecordingError, match='big-endian event packets cannot be decoded'):
        messages.from_cdr(bytes(raw), messages.EVENT_PACKET)


def test_metadata_that_say_nothing_are_passed_over(tmp_path, recordings):
    shutil.copytree(recordings['test_events_2'], tmp_path / 'killed')
    for content in ('', 'rosbag2_bagfile_information: {}', 'other: 1'):
        (tmp_path / 'killed' / 'metadata.yaml').write_text(content)
        with open_recording(tmp_path / 'killed') as recording:
            assert len(list(recording.packets())) == 100


def test_existing_folder_is_not_overwritten(tmp_path):
    path = write(tmp_path / 'bag')
    with pytest.raises(RecordingError, match='exists already'), RecordingWriter(path):
        pass
    with open_recording(path) as recording:
        assert recording.message_count == 3


def test_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / 'file').write_text('')
    with (
        pytest.raises(RecordingError, match=r'^recording .* cannot be written: [^\n]+$'),
        RecordingWriter(tmp_path / 'file' / 'bag'),
    ):
        pass


@pytest.mark.parametrize('interruption', [KeyboardInterrupt, ValueError])
def test_interrupted_writing_leaves_nothing(tmp_path, interruption):
    def interrupted():
        with RecordingWriter(tmp_path / 'bag') as writer:
            writer.write_packet(EVENTS, START, packet())
            assert not (tmp_path / 'bag').exists()
            raise interruption

    with pytest.raises(interruption):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_full_disk_while_finishing_leaves_nothing(tmp_path, monkeypatch):
    def full(_writer):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(recording_writer.Writer, 'close', full)
    with pytest.raises(RecordingError, match=r'cannot be written: No space left on device$'):
        write(tmp_path / 'bag')
    assert list(tmp_path.iterdir()) == []


def test_wrong_use_of_the_writer_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r'^storage must be one of mcap, sqlite3, but got'):
        RecordingWriter(tmp_path / 'bag', 'csv')
    gray = np.zeros((2, 2), np.uint8)
    with pytest.raises(RecordingError, match='is not open for writing'):
        RecordingWriter(tmp_path / 'bag').write_packet(EVENTS, 0, packet())
    with RecordingWriter(Path(str(tmp_path / 'bag'))) as writer:
        with pytest.raises(ValueError, match=r'^encoding must be one of mono8, '):
            writer.write_image('/image', 0, 0, '', 'jpeg', gray)
        with pytest.raises(ValueError, match=(
                r'^bgr8 picture must be uint8 with 3 channels, but got uint8 \[2, 2\]$')):
            writer.write_image('/image', 0, 0, '', 'bgr8', gray)
        writer.write_image('/image', 0, 0, '', 'mono8', gray)
        with pytest.raises(RecordingError, match=r'^topic /image is of type sensor_msgs'):
            writer.write_packet('/image', 0, packet())


