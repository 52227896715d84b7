# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""AEDAT 4 files that the vendor's library wrote, read back."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from eventsam_ros.errors import RecordingError
from eventsam_ros.evaluation.recordings import open_recording
from eventsam_ros.events import Events, PacketDecoder

dv = pytest.importorskip('dv_processing')
pytest.importorskip('aedat')

START_US = 1_700_000_000_000_000
EVENTS, IMAGES = '/event_camera/events', '/event_camera/image_raw'


@pytest.fixture(scope='module')
def written(tmp_path_factory):
    """Return a file with 20 packets of 10 ms, 4 gray and 4 colour frames; and its events."""
    path = tmp_path_factory.mktemp('aedat') / 'x.aedat4'
    config = dv.io.MonoCameraWriter.Config('camera')
    config.addEventStream((346, 260))
    config.addFrameStream((346, 260))
    config.addTriggerStream()
    writer = dv.io.MonoCameraWriter(str(path), config)
    rng = np.random.default_rng(0)
    rows = []
    for k in range(20):
        store = dv.EventStore()
        for i in range(300):
            row = (int(rng.integers(346)), int(rng.integers(260)), int(rng.integers(2)),
                   START_US + k * 10_000 + i * 33)
            rows.append(row)
            store.push_back(row[3], row[0], row[1], bool(row[2]))
        writer.writeEvents(store)
        if k % 5 == 0:
            picture = np.full((260, 346, 3) if k >= 10 else (260, 346), k, np.uint8)
            if picture.ndim == 3:
                picture[..., 2] = 200   # red, as OpenCV orders colours
            frame = dv.Frame(START_US + k * 10_000, picture)
            writer.writeFrame(frame)
            writer.writeTrigger(dv.Trigger(
                START_US + k * 10_000, dv.TriggerType.EXTERNAL_SIGNAL_RISING_EDGE))
    del writer
    return path, rows


def decode(packets):
    decoder = PacketDecoder('mono', packets[0].width, packets[0].height)
    return Events.concatenate([decoder.decode(p.data, p.time_base) for p in packets])


def tuples(events):
    return list(zip(events.x.tolist(), events.y.tolist(), events.p.tolist(),
                    (events.t // 1000).tolist(), strict=True))


def test_events_come_back_in_packets_that_are_stamped_with_their_last_event(written):
    path, rows = written
    with open_recording(path) as recording:
        assert list(recording.topics) == [EVENTS, IMAGES]
        assert recording.event_topics == [EVENTS]
        packets = list(recording.packets())
        assert recording.message_count == len(packets) + 4
        assert recording.duration_ns == pytest.approx(0.2e9, abs=1e7)
    assert tuples(decode(packets)) == rows
    assert {(p.width, p.height) for p in packets} == {(346, 260)}
    assert [p.seq for p in packets] == list(range(len(packets)))
    for packet in packets:
        t = decode([packet]).t
        assert packet.stamp_ns == t.max()
        assert np.ptp(t) < 5_000_000


def test_frames_come_back_in_their_colours_and_in_order_with_the_events(written):
    path, _ = written
    with open_recording(path) as recording:
        images = list(recording.images(IMAGES))
        times = [m.log_time_ns for m in recording.messages()]
    assert [image.encoding for image in images] == ['mono8', 'mono8', 'rgb8', 'rgb8']
    assert [image.array.shape for image in images] == [(260, 346)] * 2 + [(260, 346, 3)] * 2
    assert [image.array[0, 0].tolist() for image in images] == [0, 5, [200, 10, 10], [200, 15, 15]]
    assert images[1].stamp_ns == (START_US + 50_000) * 1000
    assert times == sorted(times)


def test_a_cut_file_is_read_up_to_the_cut_with_one_warning(written, tmp_path, caplog):
    path, rows = written
    data = path.read_bytes()
    cut = tmp_path / 'cut.aedat4'
    cut.write_bytes(data[:len(data) // 2])
    with open_recording(cut) as recording:
        found = tuples(decode(list(recording.packets())))
    assert 0 < len(found) < len(rows)
    assert found == rows[:len(found)]
    warning, = caplog.messages
    assert warning.startswith(f'recording {cut} is damaged or cut (')


@pytest.mark.parametrize('content', [
    b'', b'#!AER-DAT4.0\r\n', b'#!AER-DAT2.0\r\n' * 100, b'#!AER-DAT4.0\r\n' + bytes(1000)])
def test_files_that_are_damaged_at_the_beginning_are_refused(tmp_path, content):
    path = tmp_path / 'x.aedat4'
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=r'^recording .*x.aedat4 cannot be read: [^\n]+$'):
        open_recording(path)


def test_every_flipped_bit_of_the_header_is_refused_or_harmless(written, tmp_path):
    """What reaches the library must not end the process: its text is text."""
    data = written[0].read_bytes()
    end = 18 + int.from_bytes(data[14:18], 'little')
    path = tmp_path / 'x.aedat4'
    refused = 0
    for place in range(end):
        changed = bytearray(data)
        changed[place] ^= 0x80
        path.write_bytes(changed)
        try:
            with open_recording(path) as recording:
                next(recording.packets())
        except RecordingError as error:
            refused += 'its header is damaged or not of AEDAT 4' in str(error)
    # Not the bytes of the buffer's own bookkeeping, and of its names for things.
    assert refused > 0.8 * end


def test_without_the_library_one_sentence_says_what_to_do(written, monkeypatch):
    monkeypatch.setitem(sys.modules, 'aedat', None)
    with pytest.raises(RecordingError, match=(
            r'^recording .*x.aedat4 needs the package aedat; install it with '
            r'"pip install aedat"$')):
        open_recording(written[0])
