# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What is trained on, what is validated on, and that the test set is neither."""

import numpy as np
import pytest

pytest.importorskip('torch', reason='training needs torch')

from training.data.pairs import Pair, Settings, prepare, write_pairs
from training.distill.recipe import make_recipe
from training.distill.split import sequence_of, split
from training.errors import RecipeError


def chosen(content, **changes):
    return split(make_recipe({**content, **changes}, 'r'))


def test_windows_of_one_scene_are_never_divided(content):
    training, validation = chosen(content)
    assert len(training) + len(validation) == 70
    assert not {n.rsplit('/', 1)[0] for n in training.names} & {
        n.rsplit('/', 1)[0] for n in validation.names}
    assert 0 < len(validation) < 30


def test_the_split_does_not_depend_on_what_else_is_there(content, world):
    _, alone = chosen(content)
    _, more = chosen(content, data=[str(world / 'unlabelled'), str(world / 'pairs')])
    assert set(alone.names) == {n for n in more.names if n.startswith('boxes')}


def test_validation_folders_take_the_place_of_the_share(content, world):
    training, validation = chosen(content, validation=[str(world / 'unlabelled')])
    assert len(training) == 70
    assert len(validation) == 6


def test_a_folder_listed_twice_counts_twice(content, world):
    once, _ = chosen(content)
    twice, _ = chosen(content, data=[str(world / 'pairs')] * 2)
    assert sorted(twice.names) == sorted(2 * once.names)


def test_pairs_are_those_of_the_folder(content):
    training, _ = chosen(content)
    for k in (0, len(training) - 1):
        assert training[k].name == training.names[k]


def test_pictures_whose_level_moves_are_not_augmented(content, tmp_path):
    settings = Settings(64, 64, 'eventsam')
    for name in ('train', 'held'):
        prepare(tmp_path / name, settings, name, {})
        blank = np.zeros((64, 64, 3), np.uint8)
        write_pairs(tmp_path / name, name, [
            Pair(blank, blank, blank[..., 0], (64, 64), f'{name}/0')], settings, 1)
    folders = {'data': [str(tmp_path / 'train')], 'validation': [str(tmp_path / 'held')]}
    with pytest.raises(RecipeError, match=r'train holds pictures as eventsam.* augment must be f'):
        chosen(content, **folders, augment=True)
    training, _ = chosen(content, **folders, augment=False)
    assert len(training) == 1


@pytest.mark.parametrize(('changes', 'message'), [
    ({'test': ['pairs']}, r'boxes/\d+ of the test set would be trained on'),
    ({'test': ['unlabelled'], 'validation': ['unlabelled']}, 'would be validated on'),
    ({'validation': ['pairs']}, 'trained on and validated on'),
    ({'data': ['nothing']}, 'no settings.json'),
    ({'validation_share': 1e-6}, 'there is nothing to validate on'),
    ({'data': ['empty']}, 'there is nothing to train on'),
    ({'data': ['pairs', 'wide']}, 'wide holds pairs of .*128'),
])
def test_what_does_not_go_together_is_one_sentence(content, world, changes, message):
    prepare(world / 'empty', Settings(96, 64), 's', {})
    prepare(world / 'wide', Settings(128, 64), 's', {})
    changes = {k: [str(world / n) for n in v] if isinstance(v, list) else v
               for k, v in changes.items()}
    with pytest.raises(RecipeError, match=message):
        chosen(content, **changes)


def test_sequences_are_what_names_say_before_the_last_part():
    assert sequence_of('scenes-5/0/12/2') == 'scenes-5/0/12'
    assert sequence_of('photo') == 'photo'
