# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Panoramas over real DDS: as they come, and made of the pictures of several cameras."""

from __future__ import annotations

import array
from dataclasses import replace
from pathlib import Path
import re
import time

import cv2
from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header
from std_srvs.srv import Trigger
import yaml

from eventsam_ros.inference.stitching_rig import read_rig
from eventsam_ros.nodes.images import to_array, to_message
from eventsam_ros.nodes.stamps import nanoseconds, stamp
from eventsam_ros.nodes.tasks.rig import camera_topic

FAILURE = TransitionCallbackReturn.FAILURE
OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
WIDTH, HEIGHT = 64, 32
FACE = 48
"""Rows and columns of a camera's picture."""


def panorama(width=WIDTH, height=HEIGHT):
    """Left half red, right half blue; rgb."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, :width // 2, 0] = 200
    picture[:, width // 2:, 2] = 200
    return picture


def send(publisher, picture, now, frame='roof', encoding='rgb8'):
    publisher.publish(to_message(picture, encoding, Header(stamp=stamp(now), frame_id=frame)))


@pytest.fixture
def bench(make_bench, tiny_bundles):
    return make_bench(tiny_bundles('panoramic'), lazy=False).open()


def test_the_newest_panorama_is_segmented_under_its_own_stamp_and_frame(bench):
    images = bench.publisher(Image, 'image')
    sent = set()

    def show():
        sent.add(time.time_ns())
        send(images, panorama(128, 64), max(sent))
    overlays = bench.graph.listen(bench.other, Image, 'segment_node/overlay')
    bench.show_until(show, lambda: len(bench.masks) >= 3 and overlays)
    mask = to_array(bench.masks[-1])
    assert bench.masks[-1].encoding == 'mono8'
    assert bench.masks[-1].header.frame_id == 'roof'
    assert {nanoseconds(m.header.stamp) for m in bench.masks} <= sent
    # Cells of 8 columns are averaged with their neighbours, those behind the edges among them.
    assert (mask[:, 8:56] == 1).all()
    assert (mask[:, 72:120] == 2).all()
    assert to_array(overlays[-1]).shape == (64, 128, 3)
    bench.reports(OK, 'segmenting')
    work = bench.node._work
    counters = work.pipeline.counters
    assert counters['moments'] - counters['masks_published'] - sum(
        counters[k] for k in work.DROPS if k.startswith('moments_')) in (0, 1, 2)


def test_panoramas_come_compressed_too(make_bench, tiny_bundles):
    bench = make_bench(tiny_bundles('panoramic'), image_transport='compressed').open()
    images = bench.publisher(CompressedImage, 'image/compressed')
    data = array.array('B', cv2.imencode('.png', panorama()[..., ::-1])[1].tobytes())
    bench.show_until(
        lambda: images.publish(CompressedImage(
            header=Header(stamp=stamp(time.time_ns())), format='png', data=data)),
        lambda: bench.masks)
    assert (to_array(bench.masks[-1])[:, 4:28] == 1).all()
    before = len(bench.masks)
    bench.show_until(
        lambda: images.publish(CompressedImage(format='png', data=data[:50])),
        lambda: bench.was(ERROR, 'cannot be read'))
    assert len(bench.masks) == before


@pytest.mark.parametrize(('message', 'text'), [
    (Image(), 'image encoding must be one of'),
    (Image(encoding='rgb8'), 'must have pixels'),
    (Image(encoding='nv21', height=4, width=4, step=8), 'image encoding must be one of'),
    (Image(encoding='rgb8', height=400, width=400, step=1200), 'needs rows of'),
])
def test_what_is_no_picture_is_counted_and_told(bench, message, text):
    images = bench.publisher(Image, 'image')
    bench.show_until(lambda: images.publish(message), lambda: bench.was(ERROR, text))
    bench.graph.wait_for(lambda: bench.dropped('moments_unusable') > 0)
    for size in ((3, 1), (1, 1), (33, 65), (32, 64)):   # odd ones are segmented
        before = len(bench.masks)
        bench.show_until(lambda s=size: send(images, panorama(s[1], s[0]), time.time_ns()),
                         lambda b=before: len(bench.masks) > b)
    assert bench.dropped('moments_failed') == 0


def test_silence_and_resets_are_told(make_bench, tiny_bundles):
    bench = make_bench(tiny_bundles('panoramic'), **{'diagnostics.stale_s': 0.3}).open()
    bench.reports(WARN, 'no picture has arrived yet')
    images = bench.publisher(Image, 'image')
    bench.show_until(lambda: send(images, panorama(), time.time_ns()), lambda: bench.masks)
    bench.reports(DiagnosticStatus.STALE, 'no picture for')
    answer = bench.graph.call(bench.other, Trigger, 'segment_node/reset')
    assert answer.success
    assert answer.message == 'there is nothing to forget'


# A camera of 90 degrees looks to each side; x is ahead, y left, z up.
SIDES = {
    'front': [0, 0, 1, -1, 0, 0, 0, -1, 0], 'left': [1, 0, 0, 0, 0, 1, 0, -1, 0],
    'rear': [0, 0, -1, 1, 0, 0, 0, -1, 0], 'right': [-1, 0, 0, 0, 0, -1, 0, -1, 0]}
COLOURS = {'front': (200, 0, 0), 'left': (0, 0, 200), 'rear': (200, 0, 0), 'right': (0, 0, 200)}


def write_rig(path, **changes):
    half = FACE / 2
    path.write_text(yaml.safe_dump({
        'width': WIDTH, 'height': HEIGHT, 'feather': 0.05, 'cameras': [{
            'name': name, 'topic': f'cameras/{name}', 'width': FACE, 'height': FACE,
            'distortion_model': 'plumb_bob', 'd': [],
            'k': [half, 0.0, half - 0.5, 0.0, half, half - 0.5, 0.0, 0.0, 1.0],
            'rotation': [float(v) for v in turn]} for name, turn in SIDES.items()], **changes}))
    return str(path)


class Rig:
    """A node with four cameras around it."""

    def __init__(self, bench):
        self.bench = bench
        self.cameras = {name: bench.publisher(Image, f'cameras/{name}') for name in SIDES}

    def show(self, without=(), sizes=None, skew_ms=0.0):
        now = time.time_ns()
        for k, (name, publisher) in enumerate(self.cameras.items()):
            if name not in without:
                size = (sizes or {}).get(name, (FACE, FACE))
                send(publisher, np.full((*size, 3), COLOURS[name], np.uint8),
                     now + round(k * skew_ms * 1e6), f'{name}_optical')

    def masks_until(self, condition, **how):
        return self.bench.show_until(
            lambda: self.show(**how), lambda: self.bench.masks and condition(
                to_array(self.bench.masks[-1])))


@pytest.fixture
def rig(make_bench, tiny_bundles, tmp_path):
    return Rig(make_bench(
        tiny_bundles('panoramic'), lazy=False, rig=write_rig(tmp_path / 'rig.yaml'),
        rig_frame_id='roof', **{'pairing.silence_ms': 400.0}).open())


def columns(side):
    """Return the columns around the middle of what a camera sees; ahead is the middle."""
    middle = {'front': 32, 'left': 16, 'right': 48, 'rear': 0}[side]
    return [(middle + k) % WIDTH for k in range(-3, 3)]


def test_four_cameras_make_one_panorama(rig):
    rig.masks_until(lambda mask: set(np.unique(mask)) >= {1, 2}, skew_ms=2)
    mask = to_array(rig.bench.masks[-1])
    for side, value in (('front', 1), ('left', 2), ('right', 2), ('rear', 1)):
        assert (mask[12:20, columns(side)] == value).all(), side
    assert (mask[0] == 255).all()   # nobody looks up
    assert rig.bench.masks[-1].header.frame_id == 'roof'
    rig.bench.show_until(rig.show, lambda: rig.bench.level_is(OK, 'segmenting'))
    assert int(rig.bench.values()['whole']) > 0


def test_a_dead_camera_leaves_its_part_unlabelled_and_is_named(rig):
    rig.masks_until(lambda mask: (mask[12:20, columns('left')] == 2).all())
    rig.masks_until(lambda mask: (mask[14:18, columns('left')] == 255).all(), without=('left',))
    mask = to_array(rig.bench.masks[-1])
    assert (mask[12:20, columns('front')] == 1).all()
    rig.bench.show_until(lambda: rig.show(without=('left',)),
                         lambda: rig.bench.was(WARN, 'no picture of left in '))
    assert int(rig.bench.values()['missing.left']) > 0
    rig.masks_until(lambda mask: (mask[12:20, columns('left')] == 2).all())   # it comes back
    rig.bench.show_until(rig.show, lambda: rig.bench.level_is(OK, 'segmenting'))


def test_a_camera_that_dies_ahead_of_the_others_does_not_silence_them(rig):
    rig.masks_until(lambda mask: set(np.unique(mask)) >= {1, 2})
    before = rig.bench.fresh()
    rig.bench.show_until(
        lambda: send(rig.cameras['left'], np.zeros((FACE, FACE, 3), np.uint8),
                     time.time_ns() + 86_400 * 10**9),
        lambda: rig.bench.count('missing.front') > int(before['missing.front']))
    seen = len(rig.bench.masks)
    rig.bench.show_until(lambda: rig.show(without=('left',)),
                         lambda: len(rig.bench.masks) > seen + 5)
    assert rig.bench.fresh()['restarted'] != '0'


def test_pictures_whose_stamps_stand_still_are_a_warning(rig):
    rig.masks_until(lambda mask: set(np.unique(mask)) >= {1, 2})
    rig.bench.show_until(
        lambda: [send(each, np.zeros((FACE, FACE, 3), np.uint8), 0)
                 for each in rig.cameras.values()],
        lambda: rig.bench.was(WARN, 'stamps are not later than those before'))
    rig.masks_until(lambda mask: (mask[12:20, columns('left')] == 2).all())


def test_pictures_of_another_size_are_left_out_by_name(rig):
    odd = {'rear': (FACE, FACE + 1)}
    rig.masks_until(lambda mask: (mask[14:18, columns('rear')] == 255).all(), sizes=odd)
    assert (to_array(rig.bench.masks[-1])[12:20, columns('front')] == 1).all()
    rig.bench.show_until(lambda: rig.show(sizes=odd),
                         lambda: rig.bench.dropped('images_unreadable') > 0)
    everywhere = dict.fromkeys(SIDES, (7, 5))
    rig.bench.show_until(lambda: rig.show(sizes=everywhere), lambda: rig.bench.was(
        ERROR, 'must have 48x48 pixels as the rig says, but has 5x7'))
    rig.masks_until(lambda mask: (mask[12:20, columns('rear')] == 1).all())


def test_one_fisheye_makes_the_half_that_it_sees(make_bench, tiny_bundles, tmp_path):
    focal = FACE / np.pi   # 90 degrees from its axis at the picture's sides
    middle = FACE / 2 - 0.5
    path = write_rig(tmp_path / 'rig.yaml', cameras=[{
        'name': 'fisheye', 'width': FACE, 'height': FACE, 'distortion_model': 'equidistant',
        'd': [], 'k': [focal, 0.0, middle, 0.0, focal, middle, 0.0, 0.0, 1.0], 'reach': 90.0,
        'rotation': [float(v) for v in SIDES['front']]}])
    bench = make_bench(tiny_bundles('panoramic'), rig=path).open()
    images = bench.publisher(Image, 'image')
    red = np.full((FACE, FACE, 3), COLOURS['front'], np.uint8)
    bench.show_until(lambda: send(images, red, time.time_ns()), lambda: bench.masks)
    mask = to_array(bench.masks[-1])
    assert (mask[12:20, 20:44] == 1).all()   # ahead is the middle column
    assert (mask[:, :14] == 255).all()
    assert (mask[:, 50:] == 255).all()
    assert bench.masks[-1].header.frame_id == 'base_link'


def test_the_rig_of_the_documentation_can_be_read(tmp_path):
    text = (Path(__file__).parents[2] / 'docs' / 'interface.md').read_text('utf-8')
    (sample,) = re.findall(r'```yaml\n(width: .*?)```', text, re.DOTALL)
    (tmp_path / 'rig.yaml').write_text(sample)
    rig = read_rig(tmp_path / 'rig.yaml')
    (camera,) = rig.cameras
    ahead, _ = camera.project(np.asarray([1.0, 0.0, 0.0]))   # x of the vehicle
    np.testing.assert_allclose(ahead, (639.5, 399.5), atol=1e-6)
    left, _ = camera.project(np.asarray([1.0, 0.1, 0.0]) / np.hypot(1, 0.1))
    assert left[0] < 639.5
    assert camera_topic(rig, camera).name == 'front/image_raw'
    unnamed = replace(camera, topic='')
    assert camera_topic(replace(rig, cameras=(unnamed,)), unnamed).name == 'image'
    two = replace(rig, cameras=(unnamed, replace(unnamed, name='rear')))
    assert [camera_topic(two, each).name for each in two.cameras] == ['front/image', 'rear/image']


@pytest.mark.parametrize(('content', 'text'), [
    (None, 'cannot be read'), ('width: [', 'is not valid YAML'), ('width: 64', 'height'),
    ('{width: 64, height: 32, feather: 0.1, cameras: []}', 'cameras must be a list')])
def test_a_rig_that_cannot_be_read_fails_configure_with_a_sentence(
        make_bench, tiny_bundles, tmp_path, content, text):
    path = tmp_path / 'rig.yaml'
    if content is not None:
        path.write_text(content)
    bench = make_bench(tiny_bundles('panoramic'), rig=str(path))
    assert bench.node.trigger_configure() == FAILURE
    bench.reports(ERROR, 'cannot configure: ')
    assert text in bench.diagnostics[-1].status[0].message
