# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Targets followed by a bundle that can be worked out by hand: masks, tracks, resets, names."""

from __future__ import annotations

from miniature import referring as layout
import numpy as np
import pytest

from eventsam_ros.__main__ import main
from eventsam_ros.errors import BundleError
from eventsam_ros.events.types import Events, Window
from eventsam_ros.inference.opening import load_any
from eventsam_ros.inference.referring import ReferringSegmenter, mask_score, network_inputs
from eventsam_ros.inference.referring_bundle import MOST_TARGETS, load_referring_bundle
from eventsam_ros.inference.words import WordList

WORDS = WordList(('red', 'green', 'blue'), layout.LENGTH)
MS = 1_000_000


@pytest.fixture(scope='module')
def bundles(tmp_path_factory):
    """Return a function that gives the folder of a bundle; each is written once."""
    root = tmp_path_factory.mktemp('referring')

    def write(modalities='images', track=True):
        folder = root / f'{modalities}_{track}'
        if not folder.exists():
            layout.write(folder, WORDS, modalities, track)
        return folder
    return write


@pytest.fixture
def segmenter(bundles):
    found = ReferringSegmenter(load_referring_bundle(bundles()), 'onnxruntime', 1)
    yield found
    found.close()


def picture(width=128, height=64):
    """Left half red (2 after normalisation), right half green; all else is -2."""
    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[:, :width // 2, 0] = 200
    rgb[:, width // 2:, 1] = 200
    return rgb


def window(x0=0, x1=32, count=4000, width=64, height=32):
    rng = np.random.default_rng(0)
    events = Events(
        rng.integers(x0, x1, count).astype(np.uint16),
        rng.integers(0, height, count).astype(np.uint16), np.ones(count, np.uint8),
        np.sort(rng.integers(0, 50 * MS, count)).astype(np.int64))
    return Window(events, 0, 50 * MS, width, height)


def test_each_sentence_finds_what_it_names(segmenter):
    segmenter.add('one', 'a red  box')
    segmenter.add('two', 'Green!')
    assert dict(segmenter.targets) == {'one': 'a red box', 'two': 'Green!'}
    one, two = segmenter.segment(picture(), None, 0)
    assert (one.name, one.sentence, one.id, one.found) == ('one', 'a red box', 1, True)
    assert (two.name, two.id, two.found) == ('two', 2, True)
    assert one.mask.shape == (64, 128)
    assert one.mask.dtype == np.bool_
    assert one.mask[:, :56].all()
    assert not one.mask[:, 72:].any()
    assert two.mask[:, 72:].all()
    assert not two.mask[:, :56].any()
    # logit 2 inside, between -2 and 2 at the border of the halves
    assert 0.8 < one.score <= 1 / (1 + np.exp(-2)) + 1e-6
    assert set(segmenter.timings) == {'text', 'tensor', 'encode', 'decode', 'post'}
    assert segmenter.timings['text'] > 0


def test_what_is_not_there_is_not_found(segmenter):
    segmenter.add('target', 'blue')
    found, = segmenter.segment(picture(), None, 0)
    assert not found.found
    assert found.score == 0
    assert not found.mask.any()
    assert segmenter.segment(picture(), None, 1)[0].id == 1


def track_of(segmenter, name):
    """Return the track token that the next frame is told, as counted by the bundle."""
    target = next(t for t in segmenter._targets.all if t.name == name)
    return None if target.track is None else float(target.track[0])


def test_tracks_are_kept_apart_and_reset(segmenter):
    segmenter.add('one', 'red')
    segmenter.segment(picture(), None, 0)
    segmenter.segment(picture(), None, 100 * MS)
    segmenter.add('two', 'green')
    segmenter.segment(picture(), None, 200 * MS)
    assert (track_of(segmenter, 'one'), track_of(segmenter, 'two')) == (3, 1)
    segmenter.add('one', ' red ')          # the same sentence changes nothing
    assert track_of(segmenter, 'one') == 3
    segmenter.add('one', 'blue')           # a new one keeps the id and begins anew
    assert track_of(segmenter, 'one') is None
    assert track_of(segmenter, 'two') == 1
    assert [f.id for f in segmenter.segment(picture(), None, 300 * MS)] == [1, 2]
    segmenter.reset('two')
    assert (track_of(segmenter, 'one'), track_of(segmenter, 'two')) == (1, None)
    segmenter.reset()
    assert track_of(segmenter, 'one') is None
    assert len(segmenter.targets) == 2
    with pytest.raises(ValueError, match='there is no target three'):
        segmenter.reset('three')


@pytest.mark.parametrize(('stamps', 'tracks', 'resets'), [
    ((0, 500), 2, 0), ((0, 501), 1, 1), ((1000, 999), 1, 1), ((7, 7), 2, 0)])
def test_a_gap_or_time_going_back_forgets_all_tracks(segmenter, stamps, tracks, resets):
    segmenter.add('one', 'red')
    for stamp in stamps:
        segmenter.segment(picture(), None, stamp * MS)
    assert track_of(segmenter, 'one') == tracks
    assert segmenter.resets == resets


def test_the_track_is_part_of_the_answer(segmenter):
    # a tenth of the count is added to the logit: from -0.2 on, blue comes up in the third frame
    rgb = np.full((32, 64, 3), 100 - 8, np.uint8)    # (92 - 100) / 50 = -0.16
    segmenter.add('one', 'blue')
    found = [segmenter.segment(rgb, None, k * 100 * MS)[0].found for k in range(4)]
    assert found == [False, False, True, True]


def test_ids_of_removed_targets_are_free_again(segmenter):
    for name in ('a', 'b', 'c'):
        segmenter.add(name, 'red')
    assert segmenter.remove('a')
    assert not segmenter.remove('a')
    segmenter.add('d', 'green')
    assert {f.name: f.id for f in segmenter.segment(picture(), None, 0)} == {
        'b': 2, 'c': 3, 'd': 1}
    assert segmenter.clear() == 3
    assert segmenter.segment(picture(), None, 1) == ()


def test_more_targets_than_one_call_takes(segmenter):
    names = [f't{k}' for k in range(MOST_TARGETS + 3)]
    for k, name in enumerate(names):
        segmenter.add(name, layout.COLOURS[k % 3])
    found = segmenter.segment(picture(), None, 0)
    assert [f.name for f in found] == names
    assert [f.found for f in found] == [k % 3 != 2 for k in range(len(names))]
    assert all(track_of(segmenter, name) == 1 for name in names)


def test_sentences_are_encoded_once(segmenter, monkeypatch):
    calls = []
    run = segmenter._text.run

    def counted(inputs):
        calls.append(inputs['ids'])
        return run(inputs)
    monkeypatch.setattr(segmenter._text, 'run', counted)
    segmenter.add('one', 'red')
    segmenter.add('two', 'red')
    for k in range(3):
        segmenter.segment(picture(), None, k)
    assert len(calls) == 1
    segmenter.clear()
    segmenter.add('one', 'red')
    assert len(calls) == 2


@pytest.mark.parametrize(('name', 'sentence', 'message'), [
    ('', 'red', 'a target needs a name'), ('box', '  ', "box must have .* one word, but is ''"),
    ('box', '?!', 'must have at least one word')])
def test_what_names_nothing_is_told(segmenter, name, sentence, message):
    with pytest.raises(ValueError, match=message):
        segmenter.add(name, sentence)
    assert not segmenter.targets


def test_unknown_words_can_be_asked_for(segmenter):
    assert segmenter.unknown_words('a red box') == ('a', 'box')


def test_what_the_bundle_looks_at_must_be_there(bundles, segmenter):
    segmenter.add('one', 'red')
    with pytest.raises(ValueError, match='looks at images, but the colour picture is missing'):
        segmenter.segment(None, window(), 0)
    with pytest.raises(ValueError, match=r'\[height, width, 3\] of uint8, but got \[64, 128\]'):
        segmenter.segment(picture()[..., 0], None, 0)
    both = ReferringSegmenter(load_referring_bundle(bundles('both')), 'onnxruntime', 1)
    both.add('one', 'red')
    with pytest.raises(ValueError, match='looks at both, but the window of events is missing'):
        both.segment(picture(), None, 0)
    with pytest.raises(ValueError, match='picture is 64x64 and the event sensor 64x32'):
        both.segment(picture(64, 64), window(), 0)
    found, = both.segment(picture(), window(), 0)
    assert found.mask.shape == (64, 128)
    both.close()


def test_inputs_are_the_formula(bundles):
    m = load_referring_bundle(bundles()).manifest
    rgb = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    inputs, box = network_inputs(m, rgb, None)
    assert box.content == (32, 32)
    wanted = (rgb.astype(np.float64) - 100) / 50
    np.testing.assert_allclose(
        inputs['image'][0, :, :, :32], wanted.transpose(2, 0, 1), atol=1e-6)
    assert not inputs['image'][..., 32:].any()


def test_of_events_alone_an_empty_window_says_nothing(bundles):
    segmenter = ReferringSegmenter(load_referring_bundle(bundles('events')), 'onnxruntime', 1)
    segmenter.add('one', 'red')
    segmenter.segment(None, window(), 0)
    before = track_of(segmenter, 'one')
    nothing, = segmenter.segment(None, window(count=0), 50 * MS)
    assert not nothing.found
    assert nothing.mask.shape == (32, 64)
    assert track_of(segmenter, 'one') == before == 1
    segmenter.close()


def test_a_bundle_without_tracks_answers_each_frame_alone(bundles):
    segmenter = ReferringSegmenter(load_referring_bundle(bundles(track=False)), 'onnxruntime', 1)
    segmenter.add('one', 'red')
    one, = segmenter.segment(picture(), None, 0)
    two, = segmenter.segment(picture(), None, MS)
    np.testing.assert_array_equal(one.mask, two.mask)
    assert track_of(segmenter, 'one') is None
    segmenter.close()


def test_warming_up_changes_nothing(segmenter):
    segmenter.add('one', 'red')
    segmenter.segment(picture(), None, 0)
    segmenter.warm_up()
    assert dict(segmenter.targets) == {'one': 'red'}
    assert track_of(segmenter, 'one') == 1


def test_scores_of_masks_are_mean_probabilities():
    logits = np.asarray([[-3, 1, 2], [-1, 0, 500]], np.float32)
    wanted = np.mean([1 / (1 + np.exp(-np.float64(v))) for v in (1, 2, 500)])
    assert mask_score(logits) == pytest.approx(wanted)
    assert mask_score(np.full((2, 2), -1, np.float32)) == 0


@pytest.mark.parametrize(('threshold', 'wanted'), [(-3.0, 0.5), (1.0, 1 / (1 + np.exp(-2)))])
def test_where_a_pixel_is_mask_does_not_change_its_probability(tmp_path, threshold, wanted):
    folder = layout.write(tmp_path / 'bent', WORDS, edit=lambda m: m['answer'].update(
        mask_threshold=threshold, threshold=0.0))
    segmenter = ReferringSegmenter(load_referring_bundle(folder), 'onnxruntime', 1)
    segmenter.add('one', 'red')
    one, = segmenter.segment(picture(), None, 0)
    # one half has logit 2, the other -2; with -3 all is mask, with 1 about the one half
    assert one.mask.mean() == pytest.approx(1.0 if threshold < 0 else 0.5, abs=0.1)
    assert one.score == pytest.approx(wanted, abs=0.02)
    segmenter.close()


def test_the_score_of_the_head_is_another(tmp_path):
    folder = layout.write(tmp_path / 'head', WORDS,
                          edit=lambda m: m['answer'].update(score='head', threshold=0.85))
    segmenter = ReferringSegmenter(load_referring_bundle(folder), 'onnxruntime', 1)
    segmenter.add('one', 'red')
    first, = segmenter.segment(picture(), None, 0)
    assert first.score == pytest.approx(0.8)
    assert not first.found
    assert not first.mask.any()
    second, = segmenter.segment(picture(), None, MS)
    assert second.score == pytest.approx(0.9)
    assert second.found
    segmenter.close()


@pytest.mark.parametrize(('edit', 'message'), [
    (lambda m: m.update(modalities='sound'), 'modalities must be one of images, events, both'),
    (lambda m: m['input'].update(width=40), r'input\.width must be a multiple of 16'),
    (lambda m: m['input'].pop('image'), r'input\.image is missing'),
    (lambda m: m['answer'].update(threshold=2), r'answer\.threshold must be 0 to 1'),
    (lambda m: m['answer'].update(mask_threshold='low'), 'mask_threshold must be a number'),
    (lambda m: m['answer'].update(gap_s=0), r'answer\.gap_s must be a number above 0'),
    (lambda m: m['embedding'].update(detail=-1), r'embedding\.detail must be a whole number'),
    (lambda m: m['files'].pop('words'), r'files\.words is missing'),
    (lambda m: m.update(task='events'), 'one of referring is needed')])
def test_a_manifest_that_does_not_fit_is_told(tmp_path, edit, message):
    folder = layout.write(tmp_path / 'bad', WORDS, edit=edit)
    with pytest.raises(BundleError, match=message):
        load_referring_bundle(folder)


def test_graphs_that_do_not_fit_are_told(tmp_path):
    folder = layout.write(tmp_path / 'bad', WORDS,
                          edit=lambda m: m['embedding'].update(hierarchy=True))
    with pytest.raises(BundleError, match=r'outputs of .*encoder\.onnx must be .*hierarchy'):
        ReferringSegmenter(load_referring_bundle(folder), 'onnxruntime', 1)


def test_any_bundle_is_opened_by_its_task(bundles):
    assert load_any(bundles()).manifest.modalities == 'images'


def test_the_command_verifies_words_and_graphs(bundles, tmp_path, capsys):
    assert main(['bundle', 'verify', str(bundles())]) == 0
    assert 'is whole' in capsys.readouterr().out
    folder = layout.write(tmp_path / 'bad', WORDS,
                          edit=lambda m: m['text'].update(words=9))
    assert main(['bundle', 'verify', str(folder)]) == 1
    assert 'gives 6 tokens a sentence where the manifest says 9' in capsys.readouterr().err
