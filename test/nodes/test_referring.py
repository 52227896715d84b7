# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Sentences over real DDS: targets come, change, are lost and go while pictures or events come."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace

from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest
from rcl_interfaces.msg import Log
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_msgs.msg import Header, String
from std_srvs.srv import Trigger

from eventsam_ros.inference.referring import ReferringSegmenter
from eventsam_ros.inference.referring_bundle import load_referring_bundle
from eventsam_ros.nodes import qos, vision
from eventsam_ros.nodes.images import to_array, to_message
from eventsam_ros.nodes.stamps import nanoseconds, stamp
from eventsam_ros.nodes.tasks.following import Following

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
MS = 1_000_000
RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)


class Talk:
    """A node that follows sentences, and someone who speaks to it."""

    def __init__(self, bench):
        self.bench = bench.open()
        self.texts = bench.publisher(String, 'prompt/text', qos.prompt())
        self.told = bench.graph.listen(bench.other, String, 'segment_node/targets')
        self.log = bench.graph.listen(bench.other, Log, '/rosout', 1000)
        bench.graph.wait_for(lambda: bench.other.count_publishers('segment_node/targets'))

    def say(self, text):
        self.texts.publish(String(data=text))

    def targets(self):
        """Return name -> (sentence, id, found) of the newest answer."""
        if not self.told:
            return None
        answer = json.loads(self.told[-1].data)
        return {t['name']: (t['sentence'], t['id'], t['found']) for t in answer['targets']}

    def mask(self):
        return to_array(self.bench.masks[-1])

    def refused(self, text):
        """Wait for a warning that says why."""
        self.bench.graph.wait_for(
            lambda: any(line.level == 30 and text in line.msg for line in self.log))

    def values(self):
        return self.bench.fresh()


class Camera(Talk):
    """Pictures of 64 x 32 pixels: two colours side by side.

    By their stamps they are so far apart that each begins a track anew: the bundle's tracks grow
    for ever, and in the end everything would be found.
    """

    def __init__(self, bench):
        super().__init__(bench)
        self.images = bench.publisher(Image, 'image')
        self.now = time.time_ns()

    def show(self, left=RED, right=GREEN, step_ms=600):
        self.now += step_ms * MS
        picture = np.zeros((32, 64, 3), np.uint8)
        picture[:, :32], picture[:, 32:] = left, right
        self.images.publish(to_message(picture, 'rgb8', Header(
            stamp=stamp(self.now), frame_id='rgb_optical')))

    def until(self, condition, **what):
        return self.bench.show_until(lambda: self.show(**what), condition)


@pytest.fixture
def camera_bench(make_bench, tiny_bundles):
    return lambda **parameters: Camera(make_bench(tiny_bundles('referring'), **parameters))


@pytest.fixture
def talk(camera_bench):
    return camera_bench()


def sides(mask):
    """Return the ids on the left and on the right, away from the border between them."""
    left, right = mask[:, :24], mask[:, 40:]
    assert len(np.unique(left)) == len(np.unique(right)) == 1
    return int(left[0, 0]), int(right[0, 0])


def test_a_sentence_is_followed_and_changes_in_mid_stream(talk):
    talk.until(lambda: talk.bench.masks)
    assert sides(talk.mask()) == (0, 0)   # nobody has said anything
    talk.bench.reports(OK, 'no target: say on prompt/text what to follow')
    talk.say('the red one')
    talk.until(lambda: sides(talk.mask()) == (1, 0))
    message = talk.bench.masks[-1]
    assert (message.encoding, message.header.frame_id) == ('mono16', 'rgb_optical')
    talk.until(lambda: talk.targets() == {'target': ('the red one', 1, True)})
    talk.say('the green one')
    talk.until(lambda: sides(talk.mask()) == (0, 1))
    talk.until(lambda: talk.targets() == {'target': ('the green one', 1, True)})
    answer = json.loads(talk.told[-1].data)
    header = next(m.header for m in talk.bench.masks
                  if m.header.stamp.nanosec == answer['stamp']['nanosec'])
    assert (header.stamp.sec, header.frame_id) == (answer['stamp']['sec'], answer['frame_id'])
    # The logit is (200 - 100) / 50 over the whole mask; the track adds to it.
    assert answer['targets'][0]['score'] >= 1 / (1 + np.exp(-2)) - 0.05


def test_targets_are_added_and_removed_while_it_runs(talk):
    overlays = talk.bench.graph.listen(talk.bench.other, Image, 'segment_node/overlay')
    boxes, labels = [], []
    if vision.INSTALLED:
        boxes = talk.bench.graph.listen(
            talk.bench.other, vision.Detection2DArray, 'segment_node/detections')
        labels = talk.bench.graph.listen(
            talk.bench.other, vision.LabelInfo, 'segment_node/label_info', qos.latched())
    talk.say('fire: red')
    talk.say('tree: green')
    talk.until(lambda: sides(talk.mask()) == (1, 2) and overlays)
    assert to_array(overlays[-1]).shape == (32, 64, 3)
    if vision.INSTALLED:
        def named():
            return [[(d.id, d.results[0].hypothesis.class_id) for d in m.detections]
                    for m in boxes]
        talk.until(lambda: [('1', 'fire'), ('2', 'tree')] in named())
        expected = [(0, 'background'), (1, 'fire'), (2, 'tree'), (65535, 'unlabelled')]
        talk.bench.graph.wait_for(lambda: expected == [
            (c.class_id, c.class_name) for c in labels[-1].class_map])
    talk.say('fire:')
    talk.until(lambda: sides(talk.mask()) == (0, 2))
    talk.say('sky: blue')   # the first id is free again
    talk.until(lambda: talk.targets() == {'tree': ('green', 2, True), 'sky': ('blue', 1, False)})
    talk.say('')
    talk.until(lambda: talk.targets() == {} and sides(talk.mask()) == (0, 0))


def test_lost_and_found_are_told_with_a_score(talk):
    talk.say('box: red')
    talk.until(lambda: talk.targets() == {'box': ('red', 1, True)})
    talk.until(lambda: talk.values()['target.box'].startswith('found, score 0.'))
    talk.until(lambda: talk.targets() == {'box': ('red', 1, False)}, left=GREEN)
    talk.until(lambda: talk.values()['target.box'] == 'lost, score 0.000', left=GREEN)
    talk.until(lambda: talk.bench.level_is(OK, 'segmenting; not found: box'), left=GREEN)
    talk.until(lambda: talk.targets() == {'box': ('red', 1, True)})
    values = talk.values()
    assert (int(values['targets_found']), int(values['targets_lost'])) == (2, 1)


def test_targets_from_the_start_services_and_tracks(camera_bench):
    talk = camera_bench(sentences=['', 'sky: blue', 'a green thing'])
    # A tenth of the track is added to the logit: from -0.16 on, blue comes up in the third frame.
    dim = {'left': (0, 0, 92), 'right': (0, 0, 92), 'step_ms': 50}
    talk.until(talk.targets, **dim)
    assert list(talk.targets()) == ['sky', 'target']
    talk.until(lambda: talk.targets()['sky'][2], **dim)
    assert [json.loads(m.data)['targets'][0]['found'] for m in talk.told[:3]] == [
        False, False, True]

    def lost_again():
        return not all(json.loads(m.data)['targets'][0]['found'] for m in talk.told[before:])
    before = len(talk.told)
    answer = talk.bench.graph.call(talk.bench.other, Trigger, 'segment_node/reset')
    assert answer.message == 'tracks are forgotten, sentences stay'
    talk.until(lost_again, **dim)
    talk.until(lambda: talk.targets()['sky'][2], **dim)
    before = len(talk.told)
    talk.until(lost_again, **{**dim, 'step_ms': 501})   # a gap in time forgets, too
    answer = talk.bench.graph.call(talk.bench.other, Trigger, 'segment_node/clear_prompts')
    assert answer.message == '2 prompts are removed'
    talk.until(lambda: talk.targets() == {})


def test_what_is_older_than_a_restart_is_not_learnt_into_the_new_tracks(tiny_bundles):
    # Only settings are looked at of where it lives, and nothing is warned of here.
    site = SimpleNamespace(settings={'sentences': ['sky: blue']})
    bundle = load_referring_bundle(tiny_bundles('referring'))
    following = Following(ReferringSegmenter(bundle, 'onnxruntime', 1), site)
    dim = np.full((32, 64, 3), (0, 0, 92), np.uint8)

    def found(k, **current):
        return following.segment(dim, None, k * 50 * MS, **current).found[0].found
    assert [found(k) for k in range(4)] == [False, False, True, True]
    following.forget()
    assert found(4, current=False)   # one of before belongs to the tracks of before
    assert [found(k) for k in range(5, 8)] == [False, False, True]


@pytest.mark.parametrize(('text', 'reason'), [
    ('x' * 1000, 'must have at most 500 characters'), ('a\x01b', 'must be readable'),
    ('the left one: red', 'what comes before a colon must be a name'),
    ('box: ???', 'the sentence of box must have a word'),
    ('box:', 'there is no target box to remove; there is fire')])
def test_texts_that_are_none_are_refused_and_the_rest_goes_on(talk, text, reason):
    talk.say('fire: red')
    talk.until(lambda: talk.targets() == {'fire': ('red', 1, True)})
    talk.say(text)
    talk.refused(reason)
    talk.until(lambda: talk.bench.dropped('prompts_refused') == 1)
    assert talk.bench.was(WARN, 'prompts_refused')
    before = len(talk.told)
    talk.until(lambda: len(talk.told) > before)
    assert talk.targets() == {'fire': ('red', 1, True)}


def test_words_that_the_bundle_never_saw_are_told(talk):
    talk.say('the mauve zeppelin')
    talk.until(lambda: talk.targets() is not None and 'target' in talk.targets())
    talk.refused('the bundle has never seen the, mauve, zeppelin, words of the sentence of target')
    # The next sentence is told too, however soon it comes.
    talk.say('other: red balloons')
    talk.until(lambda: 'other' in talk.targets())
    talk.refused('the bundle has never seen balloons, words of the sentence of other')


def test_a_sentence_that_is_none_is_refused_as_a_parameter(make_bench, tiny_bundles):
    bench = make_bench(tiny_bundles('referring'))
    (result,) = bench.node.set_parameters([Parameter('sentences', value=['ok: red', '?!'])])
    assert not result.successful
    assert 'must have a word' in result.reason


@pytest.mark.parametrize(('message', 'text'), [
    (Image(encoding='rgb8'), 'must have pixels'),
    (Image(encoding='nv21', height=4, width=4, step=8), 'image encoding must be one of')])
def test_pictures_that_are_none_are_counted_and_told(talk, message, text):
    talk.say('red')
    talk.bench.show_until(lambda: talk.images.publish(message),
                          lambda: talk.bench.was(ERROR, text))
    talk.bench.graph.wait_for(lambda: talk.bench.dropped('moments_unusable') > 0)
    talk.until(lambda: sides(talk.mask()) == (1, 0))


class Events(Talk):
    """Events of one polarity on a square of a sensor of 96 x 64 pixels, and a camera beside it."""

    def __init__(self, bench, images=False):
        super().__init__(bench)
        bench.graph.wait_for(bench.events.get_subscription_count)
        self.images = bench.publisher(Image, 'image') if images else None
        bench.camera.begin()

    def show(self, size=(64, 96), ahead_ms=0.0, without_picture=False, **where):
        """Show a window and a bit, and the picture of the moment."""
        bench = self.bench
        for _ in range(5):
            bench.events.publish(bench.camera.packet(**where))
            time.sleep(0.002)
        if self.images is None or without_picture:
            return
        picture = np.zeros((*size, 3), np.uint8)
        picture[:, :size[1] // 2, 0] = 200
        at = bench.camera.host_end_ns + round(ahead_ms * MS)
        self.images.publish(to_message(picture, 'rgb8', Header(
            stamp=stamp(at), frame_id='rgb_optical')))

    def until(self, condition, **what):
        return self.bench.show_until(lambda: self.show(**what), condition)


def test_sentences_are_followed_in_events_alone(make_bench, tiny_bundles):
    talk = Events(make_bench(tiny_bundles('referring', 'events')))
    talk.say('red')
    on, off = {'polarities': (1,)}, {'polarities': (0,)}
    talk.until(lambda: talk.targets() == {'target': ('red', 1, True)}, **on)
    talk.until(lambda: talk.mask()[32, 48] == 1, **on)
    message = talk.bench.masks[-1]
    assert (message.encoding, message.height, message.width) == ('mono16', 64, 96)
    assert message.header.frame_id == 'camera_optical_frame'
    assert not talk.mask()[:, :24].any()   # cells of 32 x 32 pixels are averaged
    talk.until(lambda: talk.targets() == {'target': ('red', 1, False)}, **off)
    assert talk.bench.graph.call(
        talk.bench.other, Trigger, 'segment_node/reset').message.startswith('stream and tracks')
    talk.until(lambda: talk.targets() == {'target': ('red', 1, True)}, **on)
    assert talk.bench.other.count_subscribers('image') == 0
    assert talk.bench.dropped('windows_unpaired') == 0


@pytest.mark.parametrize('policy', ['frame', 'period'])
def test_a_window_is_looked_at_with_the_picture_of_its_moment(make_bench, tiny_bundles, policy):
    talk = Events(make_bench(
        tiny_bundles('referring', 'both'), **{'window.policy': policy}), images=True)
    talk.say('red')
    on = {'polarities': (1,)}
    talk.until(lambda: talk.targets() == {'target': ('red', 1, True)}, **on)
    # Red pixels alone are above 0 in the mean of both.
    talk.until(lambda: (talk.mask()[:, :24] == 1).all() and not talk.mask()[:, 72:].any(), **on)
    message = talk.bench.masks[-1]
    assert message.header.frame_id == 'rgb_optical'
    assert nanoseconds(message.header.stamp) <= talk.bench.camera.host_end_ns + MS


def test_a_window_without_a_picture_is_counted_and_told(make_bench, tiny_bundles):
    talk = Events(make_bench(tiny_bundles('referring', 'both')), images=True)
    talk.say('red')
    talk.until(lambda: talk.bench.was(ERROR, 'no image on image shows the last 50 ms'),
               without_picture=True)
    talk.bench.graph.wait_for(lambda: talk.bench.dropped('windows_unpaired') > 0)
    assert not talk.bench.masks
    talk.until(lambda: talk.bench.was(ERROR, 'no image on image shows'), ahead_ms=400)
    talk.until(lambda: talk.bench.was(ERROR, 'registered cameras have the same proportions'),
               size=(64, 64))
    talk.until(lambda: talk.targets() == {'target': ('red', 1, True)}, polarities=(1,))
