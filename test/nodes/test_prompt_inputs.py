# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Prompts over DDS: answered until removed, following their objects, refused with a reason."""

from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PointStamped
import numpy as np
import pytest
from rcl_interfaces.msg import Log
from std_msgs.msg import Header, UInt16
from std_srvs.srv import Trigger

from eventsam_ros.nodes import vision
from eventsam_ros.nodes.images import to_array
from eventsam_ros.nodes.prompts import CLICKS_FROM, MOST

FRAME = 'camera_optical_frame'


class Pointer:
    """Someone who points at things."""

    def __init__(self, bench):
        self.bench = bench
        make = bench.other.create_publisher
        self.points = make(PointStamped, 'prompt/point', 10)
        self.removals = make(UInt16, 'prompt/remove', 10)
        wanted = [self.points, self.removals]
        if vision.INSTALLED:
            self.boxes = make(vision.Detection2DArray, 'prompt/boxes', 10)
            wanted.append(self.boxes)
        self.log = bench.graph.listen(bench.other, Log, '/rosout', 1000)
        bench.graph.wait_for(lambda: all(p.get_subscription_count() for p in wanted))

    def click(self, x, y, z=0.0, frame=FRAME):
        message = PointStamped(header=Header(frame_id=frame))
        message.point.x, message.point.y, message.point.z = float(x), float(y), float(z)
        self.points.publish(message)

    def box(self, *sides, id_='', frame=FRAME):
        x0, y0, x1, y1 = sides
        detection = vision.Detection2D(id=id_)
        detection.bbox.center.position.x = (x0 + x1) / 2
        detection.bbox.center.position.y = (y0 + y1) / 2
        detection.bbox.size_x, detection.bbox.size_y = float(x1 - x0), float(y1 - y0)
        self.boxes.publish(vision.Detection2DArray(
            header=Header(frame_id=frame), detections=[detection]))

    def refused(self, text):
        """Wait for a warning and for the counter."""
        self.bench.graph.wait_for(lambda: any(
            line.level == 30 and text in line.msg for line in self.log))
        self.bench.graph.wait_for(lambda: int(self.bench.fresh()['dropped.prompts_refused']) > 0)
        assert any(m.status[0].level == DiagnosticStatus.WARN
                   and 'prompts_refused' in m.status[0].message for m in self.bench.diagnostics)


@pytest.fixture
def pointer(bench):
    return Pointer(bench)


def ids(bench):
    return set(np.unique(to_array(bench.masks[-1])).tolist()) - {0} if bench.masks else set()


def at(bench, x, y):
    return int(to_array(bench.masks[-1])[y, x]) if bench.masks else 0


def test_a_click_is_answered_until_it_is_removed(pointer):
    bench = pointer.bench
    pointer.click(70, 40)
    bench.play_until(lambda: ids(bench) == {CLICKS_FROM})
    assert at(bench, 70, 40) == CLICKS_FROM
    pointer.click(30, 20, frame='')
    bench.play_until(lambda: ids(bench) == {CLICKS_FROM, CLICKS_FROM + 1})
    assert bench.graph.wait_for(lambda: bench.fresh()['prompts'] == '2')
    pointer.removals.publish(UInt16(data=CLICKS_FROM))
    bench.play_until(lambda: ids(bench) == {CLICKS_FROM + 1})
    cleared = bench.graph.call(bench.other, Trigger, 'segment_node/clear_prompts')
    assert cleared.message == '1 prompts are removed'
    bench.play_until(lambda: ids(bench) and max(ids(bench)) < CLICKS_FROM)  # automatic again


def test_a_prompt_holds_as_long_as_it_is_told_to(pointer):
    bench = pointer.bench
    assert bench.set('prompts.hold_s', 0.5).successful
    pointer.click(70, 40)
    bench.play_until(lambda: ids(bench) == {CLICKS_FROM})
    bench.play_until(lambda: ids(bench) and max(ids(bench)) < CLICKS_FROM)


@pytest.mark.skipif(not vision.INSTALLED, reason='vision_msgs is not installed')
def test_boxes_are_replaced_by_boxes_and_removed_by_none(pointer):
    bench = pointer.bench
    pointer.box(40, 20, 64, 44, id_='42')
    bench.play_until(lambda: ids(bench) == {42})
    pointer.box(10, 10, 30, 30)
    bench.play_until(lambda: ids(bench) == {1} and at(bench, 20, 20) == 1)
    pointer.boxes.publish(vision.Detection2DArray())
    bench.graph.wait_for(lambda: len(bench.node._work.board) == 0)


def test_a_prompt_follows_its_object_and_returns_with_the_recording(pointer):
    bench = pointer.bench
    # The tiny bundle draws a disc around a click, cut off at the picture's side: its inmost
    # point lies further inside, so that each answer moves the click.
    pointer.click(3, 32)
    bench.play_until(lambda: at(bench, 3, 32) == CLICKS_FROM)
    bench.play_until(lambda: at(bench, 30, 32) == CLICKS_FROM)
    bench.camera.begin()
    bench.play_until(lambda: at(bench, 3, 32) == CLICKS_FROM)
    assert bench.set('prompts.follow', False).successful
    bench.play_until(lambda: at(bench, 3, 32) == CLICKS_FROM and not at(bench, 30, 32))


def test_reset_forgets_prompts_too(pointer):
    bench = pointer.bench
    pointer.click(70, 40)
    bench.play_until(lambda: ids(bench) == {CLICKS_FROM})
    assert bench.graph.call(bench.other, Trigger, 'segment_node/reset').success
    bench.play_until(lambda: ids(bench) and max(ids(bench)) < CLICKS_FROM)


@pytest.mark.parametrize(('send', 'text'), [
    (lambda p: p.click(70, 40, frame='map'),
     f"in frame 'map' cannot be used for events in frame '{FRAME}'"),
    (lambda p: p.click(500, 40), 'must lie inside the picture of 96x64 pixels'),
    (lambda p: p.click(70, 40, z=-1), 'there is no clicked object yet'),
    (lambda p: p.removals.publish(UInt16(data=7)), 'there is no prompted object 7 to remove'),
    (lambda p: p.box(200, 200, 220, 220), 'must overlap the picture of 96x64 pixels'),
    (lambda p: p.box(10, 10, 30, 30, id_='70000'), 'must be between 1 and 65534'),
    (lambda p: p.box(10, 10, 30, 30, frame='map'), "in frame 'map' cannot be used"),
])
def test_what_does_not_fit_is_refused_and_masks_go_on(pointer, send, text):
    bench = pointer.bench
    if 'box' in send.__code__.co_names and not vision.INSTALLED:
        pytest.skip('vision_msgs is not installed')
    bench.goes_on()
    send(pointer)
    pointer.refused(text)
    bench.goes_on()
    assert max(ids(bench), default=0) < CLICKS_FROM
    assert bench.values()['prompts'] == '0'


def test_there_are_no_more_objects_than_can_be_answered(pointer):
    def click():
        for _ in range(5):   # no more than wait in the queue of the topic
            pointer.click(48, 32)
        pointer.bench.play(1)
    pointer.bench.show_until(click, lambda: pointer.bench.values().get('prompts') == str(MOST))
    pointer.bench.show_until(click, lambda: pointer.bench.dropped('prompts_refused') > 0)
    pointer.refused(f'there can be {MOST} prompted objects')
    assert pointer.bench.fresh()['prompts'] == str(MOST)
    pointer.bench.graph.call(pointer.bench.other, Trigger, 'segment_node/clear_prompts')


def test_a_prompt_before_the_first_packet_is_judged_by_the_first_window(pointer):
    bench = pointer.bench
    pointer.click(500, 40)
    pointer.click(70, 40)
    bench.graph.wait_for(lambda: len(bench.node._work.board) == 2)
    bench.play_until(lambda: ids(bench) == {CLICKS_FROM + 1})
    pointer.refused('must lie inside the picture of 96x64 pixels')
