# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Prophesee RAW and DAT files: written here, read back, and what is none."""

from __future__ import annotations

import struct
import tracemalloc

import numpy as np
import pytest

from eventsam_ros.errors import RecordingError
from eventsam_ros.evaluation.recordings import open_recording, prophesee_raw
from eventsam_ros.events import Events, PacketDecoder
from eventsam_ros.events.evt3_encoder import Evt3Encoder

SLOT = 4_096_000
DATE_NS = 1_677_666_612_000_000_000   # 2023-03-01 10:30:12 UTC
HEADERS = {
    'evt3': '% date 2023-03-01 10:30:12\n% evt 3.0\n% format EVT3;height=720;width=1280\n'
            '% geometry 1280x720\n% integrator_name Prophesee\n% end\n',
    'evt2': '% date 2023-03-01 10:30:12\n% evt 2.0\n% geometry 1280x720\n% end\n',
    'evt21': '% date 2023-03-01 10:30:12\n% endianness little\n'
             '% format EVT21;height=720;width=1280\n% end\n',
    'evt21_legacy': '% date 2023-03-01 10:30:12\n'
                    '% format EVT21;endianness=legacy;height=720;width=1280\n% end\n',
}


def some_events(count=20_000, seconds=0.5, start=1_000_000_000, seed=0):
    rng = np.random.default_rng(seed)
    t = start + np.sort(rng.integers(0, round(seconds * 1e6), count)) * 1000
    return Events(
        rng.integers(0, 1280, count).astype(np.uint16),
        rng.integers(0, 720, count).astype(np.uint16),
        rng.integers(0, 2, count).astype(np.uint8), t)


def encode(events, encoding):
    """Return the words of a file, with a TIME_HIGH before each event that needs one."""
    if encoding == 'evt3':
        return Evt3Encoder(1280, 720).encode(events)
    time = events.t.astype(np.uint64) // np.uint64(1000)
    x, y, p = (getattr(events, name).astype(np.uint64) for name in 'xyp')
    if encoding == 'evt2':
        words = p << 28 | (time & 63) << 22 | x << 11 | y
        highs = 0x8 << 28 | time >> 6
    else:
        words = p << 60 | (time & 63) << 54 | x << 43 | y << 32 | 1
        highs = 0x8 << 60 | time >> 6 << 32
    new = np.flatnonzero(np.diff(time >> 6, prepend=np.uint64(0)))
    words = np.insert(words, new, highs[new])
    if encoding == 'evt21_legacy':
        words = words >> 32 | words << 32
    return words.astype('<u4' if encoding == 'evt2' else '<u8').tobytes()


def write(path, encoding='evt3', events=None, header=None, extra=b''):
    events = some_events() if events is None else events
    data = encode(events, encoding)
    path.write_bytes((HEADERS[encoding] if header is None else header).encode() + data + extra)
    return path


def decode(packets):
    decoder = PacketDecoder(packets[0].encoding, packets[0].width, packets[0].height)
    return decoder, Events.concatenate([decoder.decode(p.data, p.time_base) for p in packets])


def same(a, b):
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in 'xypt')


@pytest.mark.parametrize('encoding', HEADERS)
@pytest.mark.parametrize('block', [8, 1000, 1 << 20])
def test_events_of_a_raw_file_come_back_in_packets_of_a_few_milliseconds(
        tmp_path, monkeypatch, encoding, block):
    if block == 8:
        monkeypatch.setattr(prophesee_raw, '_BLOCK', 8 << 10)
    elif block == 1000:
        monkeypatch.setattr(prophesee_raw, '_BLOCK', 50_001)
    events = some_events()
    with open_recording(write(tmp_path / 'x.raw', encoding)) as recording:
        packets = list(recording.packets())
        assert recording.message_count == len(packets)
        assert recording.duration_ns == packets[-1].stamp_ns - packets[0].stamp_ns
        assert recording.duration_ns == pytest.approx(0.5e9, abs=2 * SLOT)
    decoder, found = decode(packets)
    assert same(found, events)
    # In EVT 3.0 a time is full with its second word.
    assert decoder.counters['before_time'] == (encoding == 'evt3')
    assert {(p.encoding, p.width, p.height, p.time_base) for p in packets} == {
        (encoding, 1280, 720, 0)}
    assert [p.seq for p in packets] == list(range(len(packets)))
    assert len(packets) == pytest.approx(500 / 4.096, abs=2)


def test_a_packet_is_stamped_when_the_sensor_has_passed_its_last_event(tmp_path):
    with open_recording(write(tmp_path / 'x.raw')) as recording:
        packets = list(recording.packets())
    decoder = PacketDecoder('evt3', 1280, 720)
    start = 1_000_000_000 // SLOT * SLOT
    for packet in packets:
        t = decoder.decode(packet.data).t
        end = packet.stamp_ns - DATE_NS + start
        assert end - SLOT <= t.min()
        assert t.max() < end


def test_words_without_any_time_between_come_in_packets_of_bounded_size(tmp_path, monkeypatch):
    monkeypatch.setattr(prophesee_raw, '_BLOCK', 1000)
    words = np.array([0x8001, 0x6002, 5, *([0x2807] * 5000), 0x8002, 0x6000, 0x2808], '<u2')
    path = tmp_path / 'x.raw'
    path.write_bytes(HEADERS['evt3'].encode() + words.tobytes())
    with open_recording(path) as recording:
        packets = list(recording.packets())
    assert max(len(p.data) for p in packets) <= 2000
    assert np.array_equal(np.concatenate([p.data for p in packets]), words.view(np.uint8))
    assert packets[0].stamp_ns == packets[-2].stamp_ns == packets[-1].stamp_ns - SLOT


def test_a_file_without_a_date_starts_at_zero(tmp_path):
    header = '% evt 3.0\n% geometry 1280x720\n'
    path = write(tmp_path / 'x.raw', header=header)
    with open_recording(path) as recording:
        assert next(recording.packets()).stamp_ns == SLOT


def test_the_turn_of_the_counter_is_followed(tmp_path):
    events = some_events(start=(1 << 24) * 1000 - 200_000_000)
    with open_recording(write(tmp_path / 'x.raw', events=events)) as recording:
        packets = list(recording.packets())
        assert recording.duration_ns == pytest.approx(0.5e9, abs=2 * SLOT)
    decoder, found = decode(packets)
    assert same(found, events)
    assert decoder.counters['wraps'] == 1


@pytest.mark.parametrize('corrupt', [0x8FFF, 0x8000, 0x8201])
def test_a_corrupt_time_word_moves_no_stamp(tmp_path, corrupt):
    words = np.frombuffer(encode(some_events(), 'evt3'), '<u2').copy()
    highs = np.flatnonzero(words >> 12 == 8)
    words[highs[40]] = corrupt
    path = tmp_path / 'x.raw'
    path.write_bytes(HEADERS['evt3'].encode() + words.tobytes())
    with open_recording(path) as recording:
        stamps = [p.stamp_ns for p in recording.packets()]
        assert recording.duration_ns == pytest.approx(0.5e9, abs=3 * SLOT)
    assert stamps == sorted(stamps)


def test_time_that_goes_on_after_a_long_gap_is_followed(tmp_path):
    before, after = some_events(), some_events(start=5_000_000_000)
    data = encode(before, 'evt3') + encode(after, 'evt3')
    path = tmp_path / 'x.raw'
    path.write_bytes(HEADERS['evt3'].encode() + data)
    with open_recording(path) as recording:
        packets = list(recording.packets())
        assert recording.duration_ns == pytest.approx(4.5e9, abs=3 * SLOT)
    assert same(decode(packets)[1], Events.concatenate([before, after]))


@pytest.mark.parametrize(('header', 'size'), [
    ('% evt 2.0\n% system_ID 21\n', (640, 480)),
    ('% system_ID 48\n% evt 2.0\n', (1280, 720)),
    ('% evt 2.0\n% Geometry 320x240\n% end\n', (320, 240)),
    ('% format EVT2;height=100;width=200\n% geometry 1280x720\n', (200, 100)),
])
def test_headers_of_old_and_new_files_give_the_sensor(tmp_path, header, size):
    with open_recording(write(tmp_path / 'x.raw', 'evt2', header=header)) as recording:
        packet = next(recording.packets())
    assert (packet.width, packet.height) == size


@pytest.mark.parametrize('encoding', ['evt21', 'evt21_legacy'])
def test_byte_order_that_no_header_names_is_found(tmp_path, encoding):
    header = '% format EVT21;height=720;width=1280\n% end\n'
    path = write(tmp_path / 'x.raw', encoding, header=header)
    with open_recording(path) as recording:
        packets = list(recording.packets())
    assert packets[0].encoding == encoding
    assert same(decode(packets)[1], some_events())


def test_data_that_begin_with_a_percent_sign_are_no_header(tmp_path):
    # 0x8025 is a TIME_HIGH of 37: its first byte is '%'.
    data = np.array([0x8025, 0x6000, 5, 0x2807], '<u2').tobytes()
    path = tmp_path / 'x.raw'
    path.write_bytes(b'% evt 3.0\n% geometry 640x480\n' + data)
    with open_recording(path) as recording:
        events = decode(list(recording.packets()))[1]
    assert (events.x.tolist(), events.t.tolist()) == ([7], [37 * SLOT])


def test_a_raw_file_without_an_end_of_the_last_word_is_read_with_one_warning(tmp_path, caplog):
    path = write(tmp_path / 'x.raw', extra=b'\x07')
    with open_recording(path) as recording:
        for _ in range(2):
            assert same(decode(list(recording.packets()))[1], some_events())
    warning, = caplog.messages
    assert warning == f'recording {path} ends in the middle of a word; all before it is read'


@pytest.mark.parametrize(('content', 'sentence'), [
    (b'', 'it has no header of Prophesee'),
    (b'\x01\x80\x02\x60', 'it has no header of Prophesee'),
    (b'% evt 3.0', 'its header does not end'),
    (b'% evt 3.0\n% end\n12', 'its header names no sensor size; add a line such as'),
    (b'% geometry 4x4\n% end\n12', "its format must be one of EVT2, EVT21, EVT3, but is ''"),
    (b'% evt 4.0\n% geometry 4x4\n', "its format must be one of EVT2, EVT21, EVT3, but is '4.0'"),
    (b'% evt 3.0\n% geometry 0x4\n% end\n1234', 'sensor size must be 1x1 to '),
    (b'% evt 3.0\n% geometry 99999x4\n% end\n1234', 'sensor size must be 1x1 to '),
])
def test_raw_files_that_cannot_be_read_are_refused_with_one_sentence(tmp_path, content, sentence):
    path = tmp_path / 'x.raw'
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=r'^recording .*x.raw cannot be read: ') as caught:
        open_recording(path)
    assert sentence in str(caught.value)


def test_raw_file_without_events_is_refused(tmp_path):
    path = write(tmp_path / 'x.raw', events=Events.empty())
    with pytest.raises(RecordingError, match=r'^recording .* has no messages$'):
        open_recording(path)


def test_a_large_file_is_read_in_little_memory(tmp_path):
    path = tmp_path / 'x.raw'
    data = encode(some_events(200_000, 2.0), 'evt3')
    with path.open('wb') as file:
        file.write(HEADERS['evt3'].encode())
        for _ in range(40):
            file.write(data)
    with open_recording(path) as recording:
        packets = recording.packets()
        next(packets)
        tracemalloc.start()
        size = sum(len(p.data) for p in packets)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert size > 35_000_000
    assert peak < 8_000_000


def test_real_words_are_unchanged_in_a_raw_file(recordings, tmp_path):
    with open_recording(recordings['test_data_evt3_trigger']) as recording:
        data = np.concatenate([packet.data for packet in recording.packets()])
    path = tmp_path / 'x.raw'
    path.write_bytes(HEADERS['evt3'].encode() + data.tobytes())
    with open_recording(path) as recording:
        packets = list(recording.packets())
    assert np.array_equal(np.concatenate([p.data for p in packets]), data)
    decoder, events = decode(packets)
    assert (len(events), int(events.p.sum())) == (82_469, 41_439)
    assert decoder.counters['triggers'] == 2
    assert {t.stamp_ns - DATE_NS for t in packets} == {
        (k + 1) * SLOT for k in range(len(packets))}


DAT_HEADER = (b'% Data file containing CD events.\n% Version 2\n% Date 2023-03-01 10:30:12\n'
              b'% Height 720\n% Width 1280\n')


def write_dat(path, events, header=DAT_HEADER, kind=b'\x0c\x08', extra=b''):
    address = (events.x.astype(np.uint32) | events.y.astype(np.uint32) << 14
               | events.p.astype(np.uint32) << 28)
    records = np.stack([events.t // 1000 % 2**32, address], axis=1).astype('<u4')
    path.write_bytes(header + kind + records.tobytes() + extra)
    return path


def test_events_of_a_dat_file_come_back(tmp_path):
    events = some_events(300_000, 1.0)
    with open_recording(write_dat(tmp_path / 'x.dat', events)) as recording:
        packets = list(recording.packets())
        assert recording.duration_ns == pytest.approx(1e9, abs=1e7)
    assert same(decode(packets)[1], events)
    assert packets[0].stamp_ns == pytest.approx(DATE_NS, abs=6e6)
    stamps = [p.stamp_ns for p in packets]
    assert stamps == sorted(stamps)
    assert len(packets) >= 200


def test_times_of_a_dat_file_turn_over_after_71_minutes(tmp_path):
    events = some_events(start=(1 << 32) * 1000 - 250_000_000)
    with open_recording(write_dat(tmp_path / 'x.dat', events)) as recording:
        found = decode(list(recording.packets()))[1]
    assert np.array_equal(found.t - found.t[0], events.t - events.t[0])


def test_a_dat_file_of_version_1_has_narrow_addresses(tmp_path):
    header = b'% Version 1\n% Height 240\n% Width 304\n'
    record = struct.pack('<II', 7, 303 | 239 << 9 | 1 << 17)
    (tmp_path / 'x.dat').write_bytes(header + b'\0\x08' + record)
    with open_recording(tmp_path / 'x.dat') as recording:
        events = decode(list(recording.packets()))[1]
    assert (events.x.tolist(), events.y.tolist(), events.p.tolist(), events.t.tolist()) == (
        [303], [239], [1], [7000])


def test_a_cut_dat_file_is_read_with_one_warning(tmp_path, caplog):
    path = write_dat(tmp_path / 'x.dat', some_events(), extra=b'123')
    with open_recording(path) as recording:
        assert same(decode(list(recording.packets()))[1], some_events())
    warning, = caplog.messages
    assert warning == f'recording {path} ends in the middle of an event; all before it is read'


@pytest.mark.parametrize(('header', 'kind', 'sentence'), [
    (b'', b'\0\x08', 'it has no header'),
    (b'% Version 2\n', b'\0\x08', 'its header names no sensor size'),
    (DAT_HEADER, b'\x0e\x08', 'it must hold events of 8 bytes, but has type and size 0e08'),
    (DAT_HEADER, b'\0\x10', 'it must hold events of 8 bytes, but has type and size 0010'),
])
def test_dat_files_that_cannot_be_read_are_refused(tmp_path, header, kind, sentence):
    with pytest.raises(RecordingError, match=rf'x.dat cannot be read: {sentence}'):
        open_recording(write_dat(tmp_path / 'x.dat', some_events(), header, kind))
    for content in (DAT_HEADER, DAT_HEADER + b'\0'):
        (tmp_path / 'y.dat').write_bytes(content)
        with pytest.raises(RecordingError, match=r'y.dat cannot be read: it must hold events '):
            open_recording(tmp_path / 'y.dat')
    (tmp_path / 'y.dat').write_bytes(DAT_HEADER + b'\0\x08')
    with pytest.raises(RecordingError, match=r'y.dat has no messages$'):
        open_recording(tmp_path / 'y.dat')
