# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pairs of miniature recordings in the layouts of RGBE-SEG, DSEC and MVSEC."""

import cv2
import numpy as np
import pytest
import yaml

from eventsam_ros.errors import DatasetError
from eventsam_ros.events.tensors import robust_image
from eventsam_ros.events.types import Events, Window
from training.__main__ import main
from training.data.pair import UNLABELLED, Settings
from training.data.pairs import PairStore
from training.data.sources.recordings import open_recordings
from training.data.sources.source import SHARD


def all_pairs(source, settings):
    return [p for k in range(source.shards) for p in source.pairs(k, settings)]


def picture_of(columns, chosen, t_ns, start, end, size, sensor, flip=False):
    """Return the picture of the chosen events of columns x, y, p, t; times are given in ns."""
    x, y, p, _ = (np.asarray(c)[chosen] for c in columns)
    t = np.asarray(t_ns)[chosen]
    if flip:
        x, y, p, t = x[::-1], y[::-1], 1 - p[::-1], start + end - t[::-1]
    events = Events(x.astype('u2'), y.astype('u2'), p.astype('u1'), t.astype('i8'))
    return robust_image(Window(events, start, end, *sensor), *size)


def within_a_level(a, b):
    assert np.abs(a.astype(int) - b.astype(int)).max() <= 1


# RGBE-SEG


@pytest.fixture
def rgbe(layouts, tmp_path):
    """Write three frames of two training sequences; return root and events by frame."""
    events = {}
    for k, (sequence, frame) in enumerate((('dog', '0007'), ('dog', '0008'), ('van', '0001'))):
        root = tmp_path / 'Datasets' / 'RGBE-SEG' / 'train' / sequence
        (root / 'event').mkdir(parents=True, exist_ok=True)
        x, y, p, t = events[sequence, frame] = layouts.events(2000, 346, 260, 30_000, k)
        np.savez(root / 'event' / f'{frame}.npz', x=x, y=y, t=t, p=p)
        layouts.picture(root / 'rgb_image' / f'{frame}.jpg', 260, 346, k)
    return tmp_path, events


def test_frames_of_rgbe_seg_go_with_their_event_files(rgbe):
    root, events = rgbe
    source = open_recordings('rgbe-seg', root, 'train')
    pairs = all_pairs(source, Settings(176, 176))
    assert [p.name for p in pairs] == [
        'rgbe-seg-train/dog/0007', 'rgbe-seg-train/dog/0008', 'rgbe-seg-train/van/0001']
    for pair, ((sequence, frame), columns) in zip(pairs, events.items(), strict=True):
        t = columns[3] * 1000
        columns_, rows = pair.content
        assert (columns_, rows) == (176, 132)
        expected = picture_of(columns, slice(None), t, int(t[0]), int(t[-1]) + 1, (176, 132),
                              (346, 260))
        within_a_level(pair.picture[:132], expected)
        path = root / 'Datasets/RGBE-SEG/train' / sequence / 'rgb_image' / f'{frame}.jpg'
        stored = cv2.imread(str(path))[..., ::-1]
        at = stored[130, 173].astype(int)
        assert np.abs(pair.frame[66, 88].astype(int) - at).max() <= 4
        assert (pair.ids == UNLABELLED).all()


def test_frames_without_a_partner_are_left_out(rgbe):
    root, _ = rgbe
    train = root / 'Datasets/RGBE-SEG/train'
    (train / 'dog/rgb_image/0008.jpg').unlink()
    (train / 'van/event/0001.npz').unlink()
    source = open_recordings('rgbe-seg', root / 'Datasets/RGBE-SEG', 'train')
    assert [p.name for p in all_pairs(source, Settings(64, 64))] == ['rgbe-seg-train/dog/0007']
    left_out = [p.sequence.left_out for p in source.parts]
    assert left_out == [{'event files without a picture': 1}]
    (train / 'dog/event/0007.npz').unlink()
    with pytest.raises(DatasetError, match='has no sequence with event'):
        open_recordings('rgbe-seg', root, 'train')


@pytest.mark.parametrize(('options', 'message'), [
    ({'split': 'test'}, 'is missing'), ({'time_unit': 'h'}, 'time unit'),
    ({'backwards': True}, 'leave out backwards'), ({'every': 0}, 'at least 1')])
def test_options_of_rgbe_seg_are_checked(rgbe, options, message):
    with pytest.raises((DatasetError, ValueError), match=message):
        open_recordings('rgbe-seg', rgbe[0], **options)


# MVSEC


@pytest.fixture
def mvsec(layouts, tmp_path):
    """Write a file of 9 frames, 50 ms apart from 100 ms on; return path, columns and pictures."""
    columns = layouts.events(42_000, 346, 260, 700_000, 6)
    path = tmp_path / 'indoor_flying' / 'indoor_flying1_data.hdf5'
    _, pictures = layouts.mvsec_file(path, columns, frames=9)
    return path, columns, pictures


def mvsec_ns(layouts, t_us):
    """Seconds in float64 hold µs since the epoch; the reader rounds them back."""
    return np.rint((layouts.MVSEC_START + t_us / 1e6) * 1e6).astype(np.int64) * 1000


@pytest.mark.parametrize('backwards', [False, True])
def test_events_before_and_after_a_frame_of_mvsec(layouts, mvsec, backwards):
    path, columns, pictures = mvsec
    source = open_recordings('mvsec', path.parent, window_ms=20, backwards=backwards)
    pairs = all_pairs(source, Settings(176, 176))
    pairs = {p.name: p for p in pairs}
    assert len(pairs) == (18 if backwards else 9)
    t = mvsec_ns(layouts, columns[3])
    for k in range(9):
        stamp = int(mvsec_ns(layouts, 1e6 * (0.1 + 0.05 * k)))
        pair = pairs[f'mvsec/indoor_flying1/{k:06d}']
        before = (t >= stamp - 20_000_000) & (t < stamp)
        within_a_level(pair.picture[:132], picture_of(
            columns, before, t, stamp - 20_000_000, stamp, (176, 132), (346, 260)))
        grey = cv2.resize(pictures[k], (176, 132), interpolation=cv2.INTER_AREA)
        within_a_level(pair.frame[:132], np.repeat(grey[..., None], 3, 2))
        if backwards:
            pair = pairs[f'mvsec/indoor_flying1/{k:06d} backwards']
            after = (t >= stamp) & (t < stamp + 20_000_000)
            within_a_level(pair.picture[:132], picture_of(
                columns, after, t, stamp, stamp + 20_000_000, (176, 132), (346, 260), True))
            within_a_level(pair.frame[:132], np.repeat(grey[..., None], 3, 2))


def test_every_so_many_frames_and_none_without_events(layouts, tmp_path):
    # the last event is at 200 ms: frames from 250 ms on have none
    columns = layouts.events(24_000, 346, 260, 200_000, 6)
    layouts.mvsec_file(tmp_path / 'a_data.hdf5', columns, frames=9)
    source = open_recordings('mvsec', tmp_path, every=2, window_ms=20)
    names = [p.name for p in all_pairs(source, Settings(64, 64))]
    assert names == ['mvsec/a/000000', 'mvsec/a/000002']


def test_long_sequences_are_cut_into_shards(layouts, tmp_path):
    layouts.mvsec_file(
        tmp_path / 'a_data.hdf5', layouts.events(50_000, 346, 260, 200_000, 6), frames=130)
    source = open_recordings('mvsec', tmp_path)
    assert [source.size(k) for k in range(source.shards)] == [SHARD, SHARD, 130 - 2 * SHARD]


# DSEC


def far_points(calibration, table, count=14):
    """Return where points 100 km away are: on the frame, and on the distorted event sensor.

    Each is a point in space, in metres in the axes of the raw event camera; the frame camera
    stands beside it, as T_10 says.
    """
    def pixel(name, point):
        fx, fy, cx, cy = calibration['intrinsics'][name]['camera_matrix']
        return np.array([fx * point[0] / point[2] + cx, fy * point[1] / point[2] + cy])
    extrinsics = {k: np.asarray(v) for k, v in calibration['extrinsics'].items()}
    rng = np.random.default_rng(11)
    found = []
    while len(found) < count:
        point = np.array([rng.uniform(-0.5, 0.5), rng.uniform(-0.35, 0.35), 1.0]) * 1e5
        in_frame_camera = extrinsics['T_10'][:3, :3] @ point + extrinsics['T_10'][:3, 3]
        on_frame = pixel('camRect1', extrinsics['R_rect1'] @ in_frame_camera)
        on_events = pixel('camRect0', extrinsics['R_rect0'] @ point)
        # the distorted pixel whose rectified place is nearest
        distance = np.linalg.norm(table - on_events, axis=-1)
        row, column = np.unravel_index(int(distance.argmin()), distance.shape)
        near = any(np.hypot(column - f[1][0], row - f[1][1]) < 40 for f in found)
        inside = 30 < column < 610 and 30 < row < 450 and (on_frame > 40).all()
        if inside and not near and (on_frame < (1400, 1040)).all():
            found.append((on_frame, (int(column), int(row))))
    return found


@pytest.fixture
def dsec(layouts, tmp_path):
    """Write a sequence of one frame that shows far lights, and events of the same lights.

    The matrices that the layout's calibration rounds are made rotations again.
    """
    folder = tmp_path / 'dsec' / 'train' / 'zurich_city_00_b'
    calibration = yaml.safe_load(layouts.CALIBRATION)
    for name in ('R_rect0', 'T_10', 'R_rect1'):
        matrix = np.array(calibration['extrinsics'][name])
        u, _, v = np.linalg.svd(matrix[:3, :3])
        matrix[:3, :3] = u @ v
        calibration['extrinsics'][name] = matrix.tolist()
    table = layouts.rectify_map(folder / 'events/left/rectify_map.h5')
    points = far_points(calibration, table)
    frame = np.zeros((1080, 1440, 3), np.uint8)
    rows = []
    for (u, v), (column, row) in points:
        cv2.circle(frame, (round(u), round(v)), 9, (255, 255, 255), -1, cv2.LINE_AA)
        rows += [(column + dx, row + dy, k % 2, 61_000 + 3000 * k + 37 * (dx + 5))
                 for dx in range(-4, 5) for dy in range(-4, 5) for k in range(12)
                 if dx * dx + dy * dy <= 20]
    rows.sort(key=lambda r: r[3])
    columns = tuple(np.asarray(c) for c in zip(*rows, strict=True))
    layouts.dsec_events(folder / 'events/left/events.h5', columns)
    layouts.png(folder / 'images/left/rectified/000000.png', frame)
    (folder / 'images/timestamps.txt').write_text(f'{layouts.DSEC_OFFSET + 100_000}\n')
    (folder / 'calibration').mkdir()
    (folder / 'calibration/cam_to_cam.yaml').write_text(yaml.safe_dump(calibration))
    return tmp_path / 'dsec', points, columns


def centre(weights, column, row):
    """Return the centre of weight near a pixel."""
    part = weights[row - 12:row + 13, column - 12:column + 13].astype(np.float64)
    assert part.sum() > 0
    y, x = np.mgrid[row - 12:row + 13, column - 12:column + 13]
    return np.array([(part * x).sum(), (part * y).sum()]) / part.sum()


def test_far_lights_are_at_the_same_pixels_of_frame_and_events(dsec):
    root, points, _ = dsec
    source = open_recordings('dsec', root)
    pair, = all_pairs(source, Settings(640, 480))
    assert pair.content == (640, 480)
    for _, (column, row) in points:
        light = centre(pair.frame[..., 0], column, row)
        events = centre((np.abs(pair.picture.astype(int) - 128) > 8).any(2), column, row)
        np.testing.assert_allclose(events, (column, row), atol=0.3)
        # half a pixel for the light, which was drawn at a whole pixel, and for the events'
        np.testing.assert_allclose(light, events, atol=1.0)
    # nothing else is lit
    assert (pair.frame[..., 0] > 127).sum() == pytest.approx(
        len(points) * np.pi * (9 * 569.7 / 1150.9) ** 2, rel=0.25)


def test_rectified_pairs_agree_as_well(dsec, layouts):
    root, points, _ = dsec
    pair, = all_pairs(open_recordings('dsec', root, 'train', view='rectified'),
                      Settings(640, 480))
    table = layouts.rectify_map()
    for _, (column, row) in points:
        x, y = np.rint(table[row, column]).astype(int)
        light = centre(pair.frame[..., 0], x, y)
        events = centre((np.abs(pair.picture.astype(int) - 128) > 8).any(2), x, y)
        np.testing.assert_allclose(light, events, atol=1.0)


def test_the_window_ends_at_the_frame(dsec, layouts):
    root, _, columns = dsec
    pair, = all_pairs(open_recordings('dsec', root, window_ms=25), Settings(640, 480))
    t = (columns[3] + layouts.DSEC_OFFSET) * 1000
    end = (layouts.DSEC_OFFSET + 100_000) * 1000
    chosen = (t >= end - 25_000_000) & (t < end)
    assert 0 < chosen.sum() < len(t)
    within_a_level(pair.picture, picture_of(
        columns, chosen, t, end - 25_000_000, end, (640, 480), (640, 480)))


def test_the_command_writes_recordings(mvsec, tmp_path, capsys):
    path, _, _ = mvsec
    command = ['pairs', str(tmp_path / 'pairs'), '--source', 'mvsec', '--path', str(path),
               '--size', '64x64', '--window-ms', '30', '--every', '3', '--backwards',
               '--jobs', '1']
    assert main(command) == 0
    store = PairStore(tmp_path / 'pairs')
    assert len(store) == 6
    assert not any(store[k].labelled for k in range(6))
    assert main(command) == 0
    assert '0 pairs of mvsec written' in capsys.readouterr().out
    assert main([*command, '--every', '2']) == 1
    assert 'made otherwise' in capsys.readouterr().err
