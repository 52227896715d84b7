# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Recordings with ground truth: windows, topics, folders of masks, and what has no window."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from eventsam_ros.errors import DatasetError, RecordingError
from eventsam_ros.evaluation.datasets.registry import open_dataset
from eventsam_ros.evaluation.messages import PacketRecord
from eventsam_ros.evaluation.recordings import RecordingWriter, open_recording
from eventsam_ros.events import Events, PacketDecoder
from eventsam_ros.events.evt3_encoder import Evt3Encoder
from eventsam_ros.simulation.recording import IMAGE_TOPIC, MASK_TOPIC

HOST = 1_767_225_600_000_000_000
WIDTH, HEIGHT = 64, 48
EVENTS, TRUTH = '/camera/events', '/camera/labels'
DELAY = 2_000_000
"""From the last event of a packet to its stamp."""


class Written:
    """A recording of steady events, one each 10 µs, in packets of 5 ms; sensor time from 1 s."""

    def __init__(self, path, milliseconds, losses=(), truths=(), recorded=None):
        self.sensor = sensor = 1_000_000_000
        t = sensor + np.arange(milliseconds * 100, dtype=np.int64) * 10_000
        k = np.arange(len(t))
        self.events = Events((k % WIDTH).astype('u2'), (k // 7 % HEIGHT).astype('u2'),
                             (k % 2).astype('u1'), t)
        encoder = Evt3Encoder(WIDTH, HEIGHT)
        messages = []
        for seq in range(milliseconds // 5):
            part = self.events[seq * 500:(seq + 1) * 500]
            data = np.frombuffer(encoder.encode(part), np.uint8)
            stamp = self.host(int(part.t[-1])) + DELAY
            if seq not in losses:
                messages.append((stamp, EVENTS, PacketRecord(
                    stamp, 'c', WIDTH, HEIGHT, seq, 0, 'evt3', data)))
        messages += [(stamp if recorded is None else recorded, topic, (stamp, encoding, array))
                     for stamp, topic, encoding, array in truths]
        with RecordingWriter(path) as writer:
            for log_time, topic, content in sorted(messages, key=lambda m: m[0]):
                if isinstance(content, PacketRecord):
                    writer.write_packet(topic, log_time, content)
                else:
                    stamp, encoding, array = content
                    writer.write_image(topic, log_time, stamp, 'c', encoding, array)
        self.path = path

    def host(self, t):
        return HOST + t - self.sensor


def mask(k, dtype=np.uint8):
    return np.full((HEIGHT, WIDTH), k, dtype)


def masks(*milliseconds, topic=TRUTH, encoding='mono8'):
    dtype = np.uint16 if encoding.endswith('16') else np.uint8
    return [(HOST + ms * 1_000_000, topic, encoding, mask(ms % 250, dtype))
            for ms in milliseconds]


def test_windows_end_at_the_ground_truth(tmp_path):
    written = Written(tmp_path / 'bag', 400, truths=masks(100, 150, 230, 300))
    dataset = open_dataset(written.path)
    assert (dataset.format, dataset.kind) == ('recording', 'instances')
    samples = list(dataset.sequences[0].samples())
    assert [s.stamp_ns for s in samples] == [HOST + ms * 1_000_000 for ms in (100, 150, 230, 300)]
    assert [int(s.labels[0, 0]) for s in samples] == [100, 150, 230, 50]
    for sample in samples:
        # A sensor's clock is known up to its least delay, and packets here have just one.
        end = sample.stamp_ns - HOST + written.sensor - DELAY
        assert abs(sample.window.t_end - end) < 20_000
        assert sample.window.t_end - sample.window.t_start == 50_000_000
        t = written.events.t
        inside = (t >= sample.window.t_start) & (t < sample.window.t_end)
        for found, expected in zip(
                (sample.window.events.x, sample.window.events.y, sample.window.events.p,
                 sample.window.events.t),
                (written.events.x, written.events.y, written.events.p, written.events.t),
                strict=True):
            np.testing.assert_array_equal(found, expected[inside])
    assert dataset.left_out == {}


def test_windows_may_reach_back_to_the_ground_truth_before(tmp_path):
    written = Written(tmp_path / 'bag', 400, truths=masks(100, 150, 230))
    samples = list(open_dataset(written.path, window_ms=0).sequences[0].samples())
    assert [a.window.t_end == b.window.t_start
            for a, b in pairwise(samples)] == [True, True]


def test_ground_truth_may_be_recorded_before_the_events(tmp_path):
    """As where masks were written into a bag with their times of recording made up."""
    written = Written(tmp_path / 'bag', 400, truths=masks(100, 150, 230, 300),
                      recorded=HOST + 20_000_000)
    dataset = open_dataset(written.path)
    assert [int(s.labels[0, 0]) for s in dataset.sequences[0].samples()] == [100, 150, 230, 50]
    assert dataset.left_out == {}


def test_ground_truth_that_no_events_reach_is_left_out_and_counted(tmp_path):
    written = Written(tmp_path / 'bag', 200, truths=masks(-500, 100, 150, 900, 950))
    dataset = open_dataset(written.path)
    for _ in range(2):
        assert len(dataset.sequences[0]) == 5
        assert [int(s.labels[0, 0]) for s in dataset.sequences[0].samples()] == [100, 150]
        assert dataset.left_out == {'ground truths that no events reach': 3}


def test_packets_that_were_not_recorded_are_counted(tmp_path):
    written = Written(tmp_path / 'bag', 300, losses=(20, 21, 40), truths=masks(250))
    dataset = open_dataset(written.path)
    (sample,) = dataset.sequences[0].samples()
    assert dataset.left_out == {'packets that were not recorded': 3}
    # Packet 40 is 200 to 205 ms: within the window, so 500 events of 5000 are not there.
    assert len(sample.window.events) == 4500


def test_a_folder_of_masks_is_a_ground_truth(tmp_path):
    written = Written(tmp_path / 'bag', 400)
    folder = tmp_path / 'masks'
    folder.mkdir()
    for ms in (100, 150, 300):
        cv2.imwrite(str(folder / f'{HOST + ms * 1_000_000}.png'), mask(ms % 250))
    dataset = open_dataset(written.path, ground_truth=str(folder))
    assert len(dataset.sequences[0]) == 3
    by_folder = list(dataset.sequences[0].samples())
    other = Written(tmp_path / 'other', 400, truths=masks(100, 150, 300))
    for a, b in zip(by_folder, open_dataset(other.path).sequences[0].samples(), strict=True):
        assert (a.name, a.stamp_ns) == (b.name, b.stamp_ns)
        np.testing.assert_array_equal(a.labels, b.labels)
        assert abs(a.window.t_end - b.window.t_end) < 20_000
    (folder / 'first.png').write_bytes((folder / f'{HOST + 100_000_000}.png').read_bytes())
    with pytest.raises(DatasetError, match=r'first\.png must be named by its time'):
        list(dataset.sequences[0].samples())
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(DatasetError, match='has no ground truth <nanoseconds>'):
        len(open_dataset(written.path, ground_truth=str(folder)).sequences[0])


def test_a_mask_without_any_picture_does_not_wait_for_one(tmp_path):
    pictures = masks(*range(90, 180, 10), topic='/camera/image')
    written = Written(tmp_path / 'bag', 400, truths=[
        *masks(100, 103, 150, 300), *pictures])
    samples = list(open_dataset(written.path).sequences[0].samples())
    assert [s.image is None for s in samples] == [False, False, False, True]
    assert [int(s.image[0, 0, 0]) for s in samples[:3]] == [100, 100, 150]
    samples = list(open_dataset(written.path, image='none').sequences[0].samples())
    assert all(s.image is None for s in samples)


@pytest.mark.parametrize(('encoding', 'array', 'expected'), [
    ('rgb8', [[10, 20, 30]], [10, 20, 30]), ('bgr8', [[10, 20, 30]], [30, 20, 10]),
    ('bgra8', [[10, 20, 30, 99]], [30, 20, 10]), ('rgba8', [[10, 20, 30, 99]], [10, 20, 30]),
    ('mono8', [7], [7, 7, 7]), ('mono16', [0x1234], [0x12, 0x12, 0x12]),
])
def test_pictures_come_red_first(tmp_path, encoding, array, expected):
    values = np.array(array, np.uint16 if encoding == 'mono16' else np.uint8).reshape(-1)
    picture = np.broadcast_to(values, (HEIGHT, WIDTH, len(values)))
    picture = np.ascontiguousarray(picture[..., 0] if len(values) == 1 else picture)
    written = Written(tmp_path / 'bag', 200, truths=[
        (HOST + 100_000_000, '/camera/image', encoding, picture), *masks(100)])
    (sample,) = open_dataset(written.path).sequences[0].samples()
    assert sample.image[3, 3].tolist() == expected
    assert sample.image_to_events


def test_a_picture_of_another_size_is_not_aligned(tmp_path):
    written = Written(tmp_path / 'bag', 200, truths=[
        (HOST + 100_000_000, '/camera/image', 'mono8', np.zeros((9, 9), np.uint8)), *masks(100)])
    (sample,) = open_dataset(written.path).sequences[0].samples()
    assert not sample.image_to_events


def test_classes_may_be_named(tmp_path):
    written = Written(tmp_path / 'bag', 300, truths=masks(1, 100, 250)[1:])
    with pytest.raises(DatasetError, match='hold the value 100'):
        list(open_dataset(written.path, kind='semantic', classes='road, car',
                          ).sequences[0].samples())
    dataset = open_dataset(written.path, kind='semantic', classes=','.join(map(str, range(101))))
    assert dataset.classes.names[100] == '100'
    assert len(set(dataset.classes.colours)) > 90
    assert len(list(dataset.sequences[0].samples())) == 2


def test_simulated_recordings_have_exact_masks(layouts, tmp_path):
    path = layouts.write_recording(tmp_path / 'bag')
    with open_recording(path) as recording:
        truths = {r.stamp_ns: r.array for r in recording.images(MASK_TOPIC)}
        images = {r.stamp_ns: r.array for r in recording.images(IMAGE_TOPIC)}
        packets = list(recording.packets())
    decoder = PacketDecoder('evt3', 96, 64)
    events = Events.concatenate([decoder.decode(p.data, p.time_base) for p in packets])
    dataset = open_dataset(path)
    samples = list(dataset.sequences[0].samples())
    assert len(samples) + dataset.left_out.total() == len(truths) == len(dataset.sequences[0])
    for sample in samples:
        np.testing.assert_array_equal(sample.labels, truths[sample.stamp_ns])
        np.testing.assert_array_equal(sample.image[..., 1], images[sample.stamp_ns])
        inside = (events.t >= sample.window.t_start) & (events.t < sample.window.t_end)
        assert len(sample.window.events) == inside.sum() > 0


def test_a_folder_of_recordings_is_a_dataset(tmp_path):
    for name in ('b', 'a'):
        Written(tmp_path / name, 200, truths=masks(100))
    dataset = open_dataset(tmp_path)
    assert [s.name for s in dataset.sequences] == ['a', 'b']
    alone = open_dataset(next((tmp_path / 'a').glob('*.mcap')))
    assert len(list(alone.sequences[0].samples())) == 1


def _loose(tmp_path, **milliseconds):
    """Write recordings as files of their own in one folder, and return it."""
    folder = tmp_path / 'loose'
    folder.mkdir()
    for name, length in milliseconds.items():
        bag = Written(tmp_path / name, length, truths=masks(100)).path
        next(bag.glob('*.mcap')).rename(folder / f'{name}.mcap')
    return folder


def test_files_beside_each_other_are_recordings_of_their_own(tmp_path):
    dataset = open_dataset(_loose(tmp_path, one=200, other=300))
    assert [s.name for s in dataset.sequences] == ['one', 'other']
    for sequence in dataset.sequences:
        sample, = sequence.samples()
        assert sample.stamp_ns == HOST + 100_000_000
    assert not dataset.left_out


def test_files_that_a_recorder_split_are_one_recording(tmp_path):
    folder = _loose(tmp_path, drive_0=200, drive_1=200)
    assert [s.name for s in open_dataset(folder).sequences] == ['loose']


def test_recordings_of_one_name_are_told_apart(tmp_path):
    """As where a file was converted: results are kept by the names of sequences."""
    written = Written(tmp_path / 'sets' / 'one', 200)
    words = Evt3Encoder(WIDTH, HEIGHT).encode(written.events)
    (tmp_path / 'sets' / 'one.raw').write_bytes(
        f'% evt 3.0\n% geometry {WIDTH}x{HEIGHT}\n% end\n'.encode() + words)
    (tmp_path / 'truth').mkdir()
    cv2.imwrite(str(tmp_path / 'truth' / f'{HOST + 100_000_000}.png'), mask(1))
    dataset = open_dataset(tmp_path / 'sets', ground_truth=str(tmp_path / 'truth'))
    assert [s.name for s in dataset.sequences] == ['one', 'one.raw']


def test_topics_may_be_named(tmp_path):
    written = Written(tmp_path / 'bag', 300, truths=[
        *masks(100, topic='/other'), *masks(200, topic='/semantic'),
        *masks(150, topic='/ground_truth/ids')])
    by_option = {t: [int(s.labels[0, 0]) for s in open_dataset(
        written.path, ground_truth=t, events=EVENTS).sequences[0].samples()]
        for t in ('', '/other', '/semantic')}
    assert by_option == {'': [150], '/other': [100], '/semantic': [200]}
    with pytest.raises(DatasetError, match=r'has no topic /none, only .*/other'):
        open_dataset(written.path, ground_truth='/none')
    with pytest.raises(DatasetError, match='has no topic /none'):
        open_dataset(written.path, image='/none')


def test_recordings_without_ground_truth_are_told(recordings):
    with pytest.raises(DatasetError, match='has no topic of ground truth, only /event_camera/'):
        open_dataset(recordings['test_events_2'])


def test_real_events_take_a_folder_of_masks(recordings, tmp_path):
    """A libcaer_cmp recording of 1 s, with ground truth made up each 100 ms."""
    with open_recording(recordings['test_events_2']) as recording:
        packets = list(recording.packets())
    decoder = PacketDecoder(packets[0].encoding, 346, 260)
    events = Events.concatenate([decoder.decode(p.data, p.time_base) for p in packets])
    stamps = [p.stamp_ns for p in packets]
    times = range(stamps[0] + 200_000_000, stamps[-1] - 100_000_000, 100_000_000)
    for k, t in enumerate(times):
        cv2.imwrite(str(tmp_path / f'{t}.png'), np.full((260, 346), k, np.uint8))
    dataset = open_dataset(recordings['test_events_2'], ground_truth=str(tmp_path))
    samples = list(dataset.sequences[0].samples())
    assert [int(s.labels[0, 0]) for s in samples] == list(range(len(times)))
    for sample in samples:
        # The stamps of this driver are 11 to 13 ms after the first event of a packet of 10 ms.
        assert 0 <= sample.stamp_ns - sample.window.t_end < 5_000_000
        inside = (events.t >= sample.window.t_start) & (events.t < sample.window.t_end)
        assert len(sample.window.events) == inside.sum() > 1000


@pytest.mark.parametrize(('truth', 'message'), [
    ((TRUTH, 'mono8', np.zeros((9, 9), np.uint8)), 'must have the 64 x 48 pixels of the events'),
    ((TRUTH, 'rgb8', np.zeros((HEIGHT, WIDTH, 3), np.uint8)), 'mono8 or mono16, but is rgb8'),
    ((TRUTH, '16SC1', np.full((HEIGHT, WIDTH), -1, np.int16)), 'mono8 or mono16, but is 16SC1'),
    ((TRUTH, '32FC1', np.zeros((HEIGHT, WIDTH), np.float32)), 'mono8 or mono16, but is 32FC1'),
])
def test_ground_truth_that_is_none_is_told(tmp_path, truth, message):
    written = Written(tmp_path / 'bag', 200, truths=[(HOST + 100_000_000, *truth)])
    with pytest.raises(DatasetError, match=message):
        list(open_dataset(written.path).sequences[0].samples())


def test_a_recording_that_is_cut_off_is_told(tmp_path):
    written = Written(tmp_path / 'bag', 200, truths=masks(100))
    file = next(written.path.glob('*.mcap'))
    file.write_bytes(file.read_bytes()[:2000])
    with pytest.raises((DatasetError, RecordingError), match=str(written.path)):
        list(open_dataset(written.path).sequences[0].samples())


def test_memory_holds_no_more_than_what_is_at_hand(tmp_path):
    """All but the last few events are let go: a generator's peak is far below the recording."""
    import tracemalloc

    written = Written(tmp_path / 'bag', 6000, truths=masks(*range(100, 5900, 50)))
    sequence = open_dataset(written.path).sequences[0]
    total = len(written.events) * 13
    del written
    tracemalloc.start()
    count = sum(1 for _ in sequence.samples())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 116
    assert peak < 0.7 * total
