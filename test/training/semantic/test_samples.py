# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Samples of every kind: where they come from, that they repeat, and what pairs they make."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

from eventsam_ros.events.tensors import window_image  # noqa: E402
from eventsam_ros.events.types import Events, Window  # noqa: E402
from training.data.pairs import Settings  # noqa: E402
from training.errors import RecipeError  # noqa: E402
from training.semantic.classes import TABLES  # noqa: E402
from training.semantic.pairs import check_sets, open_set, semantic_pair, write_sets  # noqa: E402
from training.semantic.recipe import make_recipe  # noqa: E402
from training.semantic.samples.opening import open_samples  # noqa: E402
from training.semantic.samples.pictures import driven_camera  # noqa: E402
from training.semantic.samples.sample import EventSample, joined, packets_of  # noqa: E402
from training.semantic.samples.streets import _path  # noqa: E402
from training.semantic.sets import DriveRange, MotionRange, SensorRange, SetChoice  # noqa: E402

SENSOR = SensorRange(64, 48)


def window_at(times, width=64, height=48):
    count = len(times)
    return Window(
        Events(np.arange(count).astype(np.uint16) % width, np.zeros(count, np.uint16),
               np.ones(count, np.uint8), np.asarray(times, np.int64)), 0, 90, width, height)


def test_a_window_is_cut_by_time_or_by_count_and_joined_again():
    window = window_at([1, 2, 3, 29, 30, 59, 60, 61, 89])
    by_time = packets_of(window, 3, by_events=False)
    assert [p.events.t.tolist() for p in by_time] == [[1, 2, 3, 29], [30, 59], [60, 61, 89]]
    assert [(p.t_start, p.t_end) for p in by_time] == [(0, 30), (30, 60), (60, 90)]
    by_count = packets_of(window, 3, by_events=True)
    assert [p.events.t.tolist() for p in by_count] == [[1, 2, 3], [29, 30, 59], [60, 61, 89]]
    for packets in (by_time, by_count):
        whole = joined(packets)
        np.testing.assert_array_equal(whole.events.t, window.events.t)
        assert (whole.t_start, whole.t_end) == (0, 90)


def test_scenes_repeat_and_show_their_classes(content):
    choice = make_recipe(content, 'r').source
    samples = open_samples(choice, 3, 'shapes')
    one, again = (next(samples.take(4, 5)) for _ in range(2))
    np.testing.assert_array_equal(one.labels, again.labels)
    np.testing.assert_array_equal(one.packets[1].events.t, again.packets[1].events.t)
    classes = {int(v) for s in samples.take(0, 10) for v in np.unique(s.labels)}
    assert classes <= set(range(5))
    assert {0, 1, 2, 3, 4} <= classes
    for packet in one.packets:
        assert packet.t_end - packet.t_start == pytest.approx(25e6, abs=2)
        if len(packet.events):
            assert packet.t_start <= packet.events.t.min()
            assert packet.events.t.max() < packet.t_end + 1
    assert sum(len(p.events) for p in one.packets) > 100


def street_choice(**drive):
    quiet = SensorRange(64, 48, noise_hz=(0, 0), hot_pixels=(0, 0))
    return SetChoice('streets', views=3, seed=5, sensor=quiet, drive=DriveRange(**drive))


def test_streets_repeat_and_pass_by_a_camera_that_drives():
    samples = open_samples(street_choice(speed=(8, 8)), 3, 'ddd17_6')
    one, again = (next(samples.take(1, 2)) for _ in range(2))
    np.testing.assert_array_equal(one.labels, again.labels)
    np.testing.assert_array_equal(one.packets[2].events.t, again.packets[2].events.t)
    names = [TABLES['ddd17_6'].names[k] for k in range(6)]
    for sample in samples.take(0, 3):
        assert names[int(np.bincount(sample.labels[-4:].ravel()).argmax())] == 'flat'
        assert 'background' in {names[int(k)] for k in np.unique(sample.labels[:24])}
        assert sum(len(p.events) for p in sample.packets) > 200
        # what a camera sees is not far from what it was set to
        assert 60 < np.mean(sample.frame) < 190


def test_a_camera_that_stands_sees_nothing_pass_and_one_that_turns_all_of_it():
    still = next(open_samples(street_choice(speed=(0, 0), turn=(0, 0)), 3, 'dsec_11').take(0, 1))
    assert sum(len(p.events) for p in still.packets) == 0
    turning = open_samples(street_choice(speed=(0, 0), turn=(40, 40)), 3, 'dsec_11')
    sample, course = turning.look(0)
    # 3 degrees of 50 to 66 are 3 to 4 of 64 columns, to either side
    first, last = (np.asarray(course.greys[k], np.float32)[8:-8, 8:-8] for k in (0, 2))
    errors = {k: np.abs(np.roll(first, k, 1)[:, 6:-6] - last[:, 6:-6]).mean()
              for k in range(-5, 6)}
    best = min(errors, key=errors.get)
    assert abs(best) in (2, 3)   # two packets of three
    assert sum(len(p.events) for p in sample.packets) > 200


def test_the_way_through_a_street_is_not_longer_than_its_room():
    with pytest.raises(RecipeError, match=r'leads 3\.0 m through a street in 3 packets'):
        open_samples(street_choice(speed=(0, 40)), 3, 'ddd17_6')


def test_pictures_are_taken_where_the_ground_has_moved_by_a_pixel():
    """A point on the ground at the lower edge, 3.25 m ahead of a camera that drives 10 cm."""
    moved = 100 * 1.3 / (3.25 - 0.1) - 40
    assert _path(0.1, 0.0, 100.0, 1.3, 80) == pytest.approx(moved, rel=0.05)
    assert _path(0.0, -0.02, 100.0, 1.3, 80) == pytest.approx(2.0)


@pytest.fixture(scope='module')
def drives(tmp_path_factory):
    """CamVid's layout: two drives of four pictures, left half class 3 (road), right half 0."""
    root = tmp_path_factory.mktemp('camvid')
    for name in ('frames', 'labels'):
        (root / 'train' / name).mkdir(parents=True)
    rng = np.random.default_rng(0)
    for drive in ('A', 'B'):
        for k in range(4):
            frame = cv2.resize(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8), (160, 120))
            labels = np.zeros((120, 160), np.uint8)
            labels[:, :80] = 3
            labels[:8] = 11
            cv2.imwrite(str(root / 'train' / 'frames' / f'{drive}_{k}.png'), frame)
            cv2.imwrite(str(root / 'train' / 'labels' / f'{drive}_{k}.png'), labels)
    return root


def choice_of(root, **more):
    return SetChoice('camvid', root, sensor=SENSOR, **more)


def test_pictures_are_chosen_by_name_and_by_part_of_each_drive(drives):
    def names(**more):
        found = open_samples(choice_of(drives, **more), 2, 'ddd17_6')
        return [entry.name.rpartition('/')[2] for entry in found.entries]
    assert names(part=(0.0, 0.5)) == ['A_0', 'A_1', 'B_0', 'B_1']
    assert names(part=(0.5, 1.0), names=('B',)) == ['B_2', 'B_3']
    assert names(every=3) == ['A_0', 'A_3', 'B_0', 'B_3']
    with pytest.raises(RecipeError, match='no picture'):
        names(names=('C',))


def test_labels_move_with_the_picture(drives):
    """A still camera that sees the middle: half is flat, half is background, void is void."""
    still = MotionRange(pan=(0, 0), zoom=(0, 0), roll=(0, 0), crop=(1, 1), aside=0.0)
    samples = open_samples(choice_of(drives, motion=still, views=4), 2, 'ddd17_6')
    assert len(samples) == 32
    sides = set()
    for sample in samples.take(0, 32):
        assert (sample.labels[:2] == 255).all()
        left, right = np.unique(sample.labels[8:, :28]), np.unique(sample.labels[8:, 36:])
        assert {*left.tolist(), *right.tolist()} == {0, 1}
        sides.add((int(left[0]), int(right[0])))
    assert sides == {(0, 1), (1, 0)}   # half of the views are mirrored


def test_a_camera_that_drives_ahead_sees_less_and_less_and_never_beyond_the_picture():
    rng = np.random.default_rng(0)
    motion = MotionRange(pan=(0, 0), zoom=(0.05, 0.05), roll=(0, 0), crop=(1, 1), aside=0.0)
    camera = driven_camera(rng, (64, 48), (160, 120), motion, 4.0)
    first, last = camera.corners_at(0.0), camera.corners_at(1.0)
    wide, narrow = (np.linalg.norm(c[1] - c[0]) for c in (first, last))
    assert wide / narrow == pytest.approx(np.exp(0.05 * 4), rel=1e-6)
    assert first.min() >= -1e-6
    assert first[:, 0].max() <= 160 + 1e-6


def test_a_pair_is_what_inference_makes_of_the_window(content):
    sample = next(open_samples(make_recipe(content, 'r').source, 3, 'shapes').take(0, 1))
    settings = Settings(96, 48)
    pair = semantic_pair(sample, settings, 2, None)
    expected = window_image(joined(sample.packets[-2:]), 'robust', 64, 48)
    np.testing.assert_array_equal(pair.picture[:, :64], expected)
    assert (pair.picture[:, 64:] == 128).all()
    np.testing.assert_array_equal(pair.ids[:, :64], sample.labels)
    assert (pair.ids[:, 64:] == 255).all()
    assert pair.content == (64, 48)
    unknown = semantic_pair(replace(sample, labels=None), settings, 2, None)
    assert (unknown.ids == 255).all()
    with pytest.raises(Exception, match='neither events nor an event picture'):
        semantic_pair(EventSample('none', ()), settings, 2, None)


def test_a_folder_of_other_tools_is_read(tmp_path):
    rng = np.random.default_rng(1)
    for kind in ('images', 'labels', 'events', 'event_images'):
        (tmp_path / kind).mkdir()
    np.savez(tmp_path / 'events' / 'a.npz', x=[1, 2, 3], y=[4, 5, 6], t=[10, 20, 30], p=[1, 0, 1])
    grey = rng.integers(0, 256, (48, 64), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / 'images' / 'a.png'), grey)
    cv2.imwrite(str(tmp_path / 'labels' / 'a.png'), np.full((48, 64), 2, np.uint8))
    drawn = rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / 'event_images' / 'b.png'), drawn[..., ::-1])
    samples = open_samples(SetChoice('folder', tmp_path, sensor=SENSOR), 2, 'ddd17_6')
    first, second = samples.take(0, 2)
    assert [p.events.t.tolist() for p in first.packets] == [[10_000], [20_000, 30_000]]
    assert (first.labels == 2).all()
    np.testing.assert_array_equal(first.frame[..., 0], grey)
    assert second.packets == ()
    pair = semantic_pair(second, Settings(64, 48), 1, None)
    np.testing.assert_array_equal(pair.picture, drawn)
    (tmp_path / 'empty').mkdir()
    with pytest.raises(RecipeError, match='neither events'):
        open_samples(SetChoice('folder', tmp_path / 'empty', sensor=SENSOR), 2, 'ddd17_6')


def test_ddd17_is_read_with_a_history_and_its_own_classes(layouts, tmp_path):
    layouts.write_ddd17(tmp_path)
    choice = SetChoice('dataset', tmp_path, split='', packet_ms=12.5)
    samples = open_samples(choice, 4, 'ddd17_6')
    sample = next(samples.take(0, 1))
    assert len(sample.packets) == 4
    assert sample.packets[-1].t_end - sample.packets[0].t_start == 50_000_000
    assert sample.labels.shape == (sample.packets[0].height, sample.packets[0].width)
    assert sum(1 for _ in samples.take(0, len(samples))) == len(samples)
    with pytest.raises(RecipeError, match='the recipe wants dsec_11'):
        open_samples(choice, 4, 'dsec_11')


def test_dsec_is_read_by_counts_of_events(layouts, tmp_path):
    layouts.write_dsec_semantic(tmp_path)
    choice = SetChoice(
        'dataset', tmp_path, split='train', packet_events=50, format='dsec-semantic')
    samples = open_samples(choice, 4, 'dsec_11')
    sample = next(samples.take(0, 1))
    # rectified, a few events lie outside; the rest is shared out evenly
    counts = [len(p.events) for p in sample.packets]
    assert max(counts) - min(counts) <= 1
    assert 150 < sum(counts) <= 200
    assert sample.labels.shape == (sample.packets[0].height, sample.packets[0].width)
    last = [p.t_end for p in sample.packets]
    assert last == sorted(last)


def test_sets_are_written_once_and_what_is_judged_on_is_never_learnt_from(
        content, drives, tmp_path):
    recipe = make_recipe(content, 'r')
    write_sets(recipe, tmp_path)
    assert [len(open_set(tmp_path, name)) for name in ('source', 'target', 'test')] == [10, 6, 4]
    pair = open_set(tmp_path, 'target')[0]
    assert (pair.frame[..., 0] == pair.frame[..., 1]).all()   # reconstructed
    files = sorted(tmp_path.rglob('*.npy'))
    times = [f.stat().st_mtime_ns for f in files]
    write_sets(recipe, tmp_path)
    assert [f.stat().st_mtime_ns for f in files] == times
    with pytest.raises(RecipeError, match='made otherwise'):
        write_sets(make_recipe(content, 'r', ['test.seed=9']), tmp_path)
    pictures = {'kind': 'camvid', 'path': str(drives), 'sensor': content['source']['sensor']}
    mixed = {**content, 'classes': 'ddd17_6', 'source': pictures, 'target': pictures,
             'test': {**pictures, 'seed': 5}}
    with pytest.raises(RecipeError, match='A_0 is in test and in source'):
        write_sets(make_recipe(mixed, 'r'), tmp_path / 'mixed')
    with pytest.raises(RecipeError, match='run `python -m training cmess data'):
        check_sets(tmp_path / 'nowhere')
