# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What is claimed of objects, on stages whose truth is known because they were built so."""

import numpy as np
import pytest

from training.referring.clips.actors import WAYS, Actor, Stage, random_actor
from training.referring.clips.claims import (
    all_of,
    behind_claim,
    extreme_claim,
    motion_claims,
    names_only,
    place_claims,
    return_claim,
    side_claim,
    size_claims,
    start_claims,
)
from training.referring.clips.facts import Facts, measure
from training.referring.clips.filming import ClipSettings, film, stage_scene
from training.referring.clips.grammar import vocabulary
from training.referring.clips.sentences import Speaker

SETTINGS = ClipSettings(96, 72, 6)
NAN = np.nan


def actor(x, y, half=0.09, step=(0.0, 0.0), shape='circle', **more):
    ends = tuple((x + step[0] * k, y + step[1] * k) for k in (-1, 6))
    return Actor('red', shape, half, (-1.0, 6.0), ends, **more)


def facts_of(*cast, seed=0):
    staged = stage_scene(list(cast), SETTINGS, np.random.default_rng(seed))
    ids = np.stack([staged.scene.picture(float(t))[1] for t in SETTINGS.instants])
    return measure(staged, ids, SETTINGS.instants)


def same(found, wanted):
    np.testing.assert_array_equal(found, np.asarray(wanted, float))


@pytest.mark.parametrize('seed', range(3))
def test_ways_are_told_whatever_the_camera_does(seed):
    facts = facts_of(
        actor(0.85, 0.1, step=(-0.07, 0)), actor(0.1, 0.3, step=(0.12, 0)),
        actor(0.5, 0.65, step=(0, -0.04)), actor(0.85, 0.6), seed=seed)
    found = motion_claims(facts)
    for k, way in enumerate(('left', 'right', 'up')):
        same(found[way], [k == 0, k == 1, k == 2, 0] if way != 'up' else [0, 0, 1, 0])
    same(found['down'], [0, 0, 0, 0])
    same(found['still'], [0, 0, 0, 1])
    same(found['moving'], [1, 1, 1, 0])
    same(found['fast'], [NAN, 1, 0, 0])
    same(found['slow'], [0, 0, 1, 0])


def test_turning_and_growing_are_told_and_neither_is_standing_still():
    facts = facts_of(
        actor(0.2, 0.3, shape='star', spin=0.4), actor(0.5, 0.3, growth=np.log(2) / 6),
        actor(0.8, 0.3, growth=-np.log(2) / 6), actor(0.5, 0.6))
    found = motion_claims(facts)
    same(found['spinning'], [1, 0, 0, 0])
    same(found['growing'], [0, 1, 0, 0])
    same(found['shrinking'], [0, 0, 1, 0])
    same(found['still'], [0, 0, 0, 1])


def test_sizes_places_and_starts_are_told_with_a_margin():
    facts = facts_of(
        actor(0.15, 0.15, 0.06), actor(0.85, 0.6, 0.15), actor(0.5, 0.375, 0.1),
        actor(0.3, 0.65, 0.1, step=(0.1, 0)))
    sizes = size_claims(facts)
    same(sizes['small'], [1, 0, 0, 0])
    same(sizes['big'], [0, 1, 0, 0])
    places = place_claims(facts)
    same(places['left'], [1, 0, 0, NAN])
    same(places['right'], [0, 1, 0, NAN])
    same(places['top'], [1, 0, 0, 0])
    same(places['bottom'], [0, 1, 0, 1])
    same(places['middle'], [0, 0, 1, 0])
    starts = start_claims(facts)
    same(starts['left'], [1, 0, NAN, 1])


def test_who_is_furthest_is_clear_only_if_it_stays_so():
    facts = facts_of(actor(0.2, 0.2), actor(0.5, 0.3), actor(0.8, 0.6, step=(-0.13, 0)))
    same(extreme_claim(facts, np.asarray([1.0, 1, 0]), 'left'), [1, 0, 0])
    same(extreme_claim(facts, np.asarray([1.0, 1, 1]), 'bottom'), [0, 0, 1])
    for base in ([1.0, 1, 1], [1, 0, 0], [1, 1, NAN]):
        assert np.isnan(extreme_claim(facts, np.asarray(base, float), 'left')).all()


def test_what_is_beside_another_is_told_from_what_is_over_it():
    facts = facts_of(actor(0.5, 0.4), actor(0.2, 0.42), actor(0.52, 0.12), actor(0.8, 0.38))
    same(side_claim(facts, 0, 'left'), [0, 1, 0, 0])
    same(side_claim(facts, 0, 'right'), [0, 0, 0, 1])
    same(side_claim(facts, 0, 'top'), [0, 0, 1, 0])


def test_what_hides_and_what_leaves_is_told():
    keys = (-1.0, 1.0, 2.0, 3.0, 4.0, 6.0)
    away = Actor('red', 'ring', 0.08, keys, tuple(
        (x, 0.1) for x in (0.85, 0.9, 1.2, 1.2, 0.9, 0.85)))
    facts = facts_of(
        actor(0.5, 0.4, 0.17, shape='square'), actor(0.15, 0.4, 0.07, step=(0.13, 0)), away)
    same(behind_claim(facts, 0), [0, 1, 0])
    same(behind_claim(facts, 1), [0, 0, 0])
    same(return_claim(facts), [0, NAN, 1])
    assert facts.areas[3, 1] == 0
    assert facts.areas[2, 2] == 0


def test_claims_are_joined_as_three_valued_truth():
    same(all_of(np.asarray([1, 1, 1, 0, NAN]), np.asarray([1, 0, NAN, NAN, NAN])),
         [1, 0, NAN, 0, NAN])
    assert names_only(np.asarray([0, 1.0, 0]), 1)
    assert not names_only(np.asarray([0, 1.0, 0]), 0)
    assert not names_only(np.asarray([0, 1.0, NAN]), 1)
    assert not names_only(np.asarray([1, 1.0, 0]), 1)


def test_nothing_is_said_of_what_cannot_be_told_apart():
    rows = np.arange(6)[:, None]
    centres = np.stack([np.full((6, 2), 0.5), np.full((6, 2), 0.4)], -1)
    still = np.zeros((6, 2))
    areas = np.full((6, 2), 0.02)
    facts = Facts(0.75, np.full(2, 0.2), areas, areas, centres, centres, still,
                  still + 1, np.zeros((2, 2)))
    looks = [('red', 'circle'), ('red', 'circle')]
    ends = ('', 'motion', 'place', 'start', 'extreme', 'behind', 'side', 'event')
    assert Speaker(facts, looks, np.random.default_rng(0)).about(0, ends) is None
    apart = centres + np.where(np.arange(2) == 0, 0, 0.02)[None, :, None] * rows[..., None]
    moved = Facts(0.75, facts.sides, areas, areas, apart, apart, still, still + 1, facts.covers)
    speaker = Speaker(moved, looks, np.random.default_rng(0))
    said = speaker.about(0, ('motion',))
    assert said.object_id == 1
    assert 'motion=still' in said.attributes
    known = set(vocabulary())
    assert set(said.text.split()) <= known


@pytest.mark.parametrize('motion', [*WAYS, 'left fast', 'down slow', 'still', 'spin', 'grow'])
def test_a_random_actor_does_what_it_was_asked_for_and_stays_in_the_picture(motion):
    stage = Stage(SETTINGS.frames, 0.75)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        facts = facts_of(random_actor(rng, stage, 'blue', 'star', 'medium', motion))
        way, _, pace = motion.partition(' ')
        names = {'spin': 'spinning', 'grow': 'growing'}
        found = motion_claims(facts)
        assert found[names.get(way, way)][0] == 1
        assert not pace or found[pace][0] == 1
        assert (facts.areas > 0.003).all()


def test_events_stand_where_something_moves_and_frames_have_the_colours():
    staged = stage_scene([actor(0.2, 0.4, 0.12, step=(0.1, 0)), actor(0.8, 0.2, 0.1)], SETTINGS,
                         np.random.default_rng(4))
    frames, pictures = film(staged, SETTINGS, np.random.default_rng(5))
    assert frames.shape == pictures.shape == (6, 72, 96, 3)
    whole = [staged.whole(k, float(SETTINGS.instants[2])) for k in (0, 1)]
    change = np.abs(pictures[2].astype(int) - 128).sum(-1)
    assert change[whole[0]].mean() > 2 * change[whole[1]].mean()
    red = frames[2][whole[1]].mean(0)
    assert red[0] > 1.5 * red[1:].max()


@pytest.mark.parametrize('wrong', [
    {'width': 8}, {'frames': 2}, {'window_ms': 200.0}, {'representation': 'none'}])
def test_settings_outside_their_ranges_are_refused(wrong):
    with pytest.raises(ValueError, match='must be'):
        ClipSettings(**wrong)
