# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What networks are shown: panoramas turned with all that is told of them, windows in pairs."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

from training.errors import RecipeError  # noqa: E402
import training.networks  # noqa: E402, F401
from training.panoramic.batches import PanoramaMaker, SourceMaker, WindowMaker  # noqa: E402
from training.panoramic.fusion import Fused, Fusion  # noqa: E402
from training.panoramic.masks import Masks, open_masks  # noqa: E402
from training.panoramic.pictures import Panoramas, SourcePictures  # noqa: E402
from training.panoramic.predict import windows_of  # noqa: E402
from training.panoramic.recipe import make_recipe  # noqa: E402
from training.panoramic.stages import panoramas_of  # noqa: E402
from training.panoramic.stitching import counted  # noqa: E402
from training.panoramic.targets import Targets, Telling, overlap_masks, settled  # noqa: E402
from training.panoramic.windows import Family, cut, lay_out  # noqa: E402

PLUS = [{'width': 32, 'step_x': 16}, {'width': 48, 'step_x': 32}]


@pytest.fixture(scope='module')
def plain(content):
    """The recipe without what changes the light of pictures."""
    changed = deepcopy(content)
    changed['student']['plan'] = {**changed['student']['plan'], 'augment': False, 'batch': 3}
    changed['assistant']['adapt'] = {**changed['assistant']['adapt'], 'augment': False}
    return changed


def colours_as_classes(picture):
    """Return probabilities that only the colour of a pixel decides, float32 [19, h, w]."""
    shares = np.zeros((19, *picture.shape[:2]), np.float32)
    for k in range(19):
        shares[k] = 1 + (picture[..., 0].astype(int) // 14 == k)
    return shares / shares.sum(0)


def told(recipe, folder):
    """Return the targets of a recipe's panoramas, as colours tell, and their windows."""
    windows, panoramas = windows_of(recipe), panoramas_of(recipe)
    source, targets = open_masks(recipe.masks), Targets(folder, windows)
    how = Telling(recipe.fusion, recipe.masks, recipe.radius, recipe.taper)
    views = [*windows.views, *(o.view for o in windows.overlaps)]
    for k in range(len(panoramas)):
        parts = [colours_as_classes(cut(panoramas[k].picture, v)) for v in windows.views]
        masks = [source.masks(panoramas[k], v) for v in views]
        targets._write(panoramas.names[k], targets.tell(parts, masks, how))
    return panoramas, targets


def test_the_panorama_turns_with_what_is_told_of_it(plain, tmp_path):
    recipe = make_recipe(plain, 'mini')
    panoramas, targets = told(recipe, tmp_path)
    maker = PanoramaMaker(panoramas, targets, recipe, 19, range(3))
    batch = maker.make(5)
    assert batch.pictures.shape == (3, 3, 32, 64 + 16)
    turns = set()
    for k in range(3):
        inner = batch.pictures[k, :, :, 8:-8]
        torch.testing.assert_close(batch.pictures[k, :, :, :8], inner[..., -8:])
        torch.testing.assert_close(batch.pictures[k, :, :, -8:], inner[..., :8])
        levels = inner.numpy().transpose(1, 2, 0) * recipe.std + recipe.mean
        picture = np.rint(levels).astype(np.uint8)
        # the colour of each pixel still says the class that is told
        np.testing.assert_array_equal(
            batch.stitched[k].argmax(0).numpy(), colours_as_classes(picture).argmax(0))
        index = next(n for n in range(4) for s in range(64) if np.array_equal(
            np.roll(panoramas[n].picture, s, 1), picture))
        turn = next(s for s in range(64) if np.array_equal(
            np.roll(panoramas[index].picture, s, 1), picture))
        turns.add(turn)
        of = targets.read(panoramas.names[index])
        for found, wanted in ((batch.ensemble, counted(of.ensemble, targets.windows, 19)),
                              (batch.sure, counted(of.sure, targets.windows, 19)),
                              (batch.hits, of.hits), (batch.seen, of.seen)):
            np.testing.assert_array_equal(found[k].numpy(), np.roll(wanted, turn, -1))
    assert len(turns) > 1
    again = PanoramaMaker(panoramas, targets, recipe, 19, range(3)).make(5)
    assert torch.equal(again.pictures, batch.pictures)
    soft = replace(recipe, student=replace(recipe.student, losses=replace(
        recipe.student.losses, soft=True)))
    shares = PanoramaMaker(panoramas, targets, soft, 19, range(3)).make(5).stitched
    torch.testing.assert_close(shares.sum(1), torch.ones(3, 32, 64), atol=0.05, rtol=0)
    assert torch.equal(shares.argmax(1), batch.stitched.argmax(1))


@pytest.mark.parametrize('windows', [PLUS[:1], PLUS])
def test_pairs_of_windows_share_what_they_say_they_share(plain, tmp_path, windows):
    recipe = make_recipe({**plain, 'windows': windows}, 'mini')
    panoramas, targets = told(recipe, tmp_path)
    maker = WindowMaker(panoramas, targets, recipe, range(2))
    for step in range(3):
        batch = maker.make(step)
        for k, (one, other) in enumerate(batch.common):
            torch.testing.assert_close(
                batch.first[k][:, one[0], one[1]], batch.second[k][:, other[0], other[1]])
        for images, ensemble, sure in zip(
                (batch.first, batch.second), batch.ensemble, batch.sure, strict=True):
            assert images.shape[-2:] == ensemble.shape[-2:] == sure.shape[-2:]
            assert ((sure == ensemble) | (sure == 255)).all()


def test_pinhole_pictures_keep_their_classes(content):
    recipe = make_recipe(content, 'mini')
    pictures = SourcePictures(recipe.data.source, recipe.classes)
    batch = SourceMaker(pictures, range(4), recipe, recipe.student.source, range(2)).make(1)
    assert batch.pictures.shape == (2, 3, 32, 48)
    assert set(batch.labels.unique().tolist()) <= {0, 2, 10, 13}


def test_masks_that_a_window_cuts_may_be_left_out_or_outvoted():
    windows = lay_out((Family(32, 0, 16),), 64, 32)
    parts = [Fused(np.full((32, 32), k % 2, np.uint8), np.ones((32, 32), np.bool_))
             for k in range(len(windows.views))]
    parts[2] = Fused(parts[1].ensemble, np.zeros((32, 32), np.bool_))
    keep, _ = settled(parts, windows, Fusion(edges='keep'), 2)
    assert all((e == p.ensemble).all() for e, p in zip(keep, parts, strict=True))
    ensemble, sure = settled(parts, windows, Fusion(edges='core', margin=5), 2)
    assert (ensemble[0][:, 5:-5] == 0).all()   # full rows: only the sides are cut
    assert (ensemble[0][:, :5] == 255).all()
    assert (ensemble[0][:, -5:] == 255).all()
    assert (sure[2] == 255).all()
    straight = lay_out((Family(32, 0, 16),), 64, 32, wrap=False)
    ensemble, _ = settled(parts[:3], straight, Fusion(edges='core', margin=5), 2)
    assert (ensemble[0][:, :-5] == 0).all()   # its left edge is the panorama's
    assert (ensemble[2][:, 5:] == 1).all()
    ensemble, sure = settled(parts, windows, Fusion(edges='vote'), 2)
    for maps in (ensemble, sure):
        for one, other, view in windows.overlaps:
            (rows, columns), (r, c) = (view.within(windows.views[k], 64) for k in (one, other))
            np.testing.assert_array_equal(maps[one][rows, columns], maps[other][r, c])


def test_edges_of_an_overlap_come_from_its_windows_or_from_itself(content, tmp_path):
    recipe = make_recipe(content, 'mini')
    windows, panoramas = windows_of(recipe), panoramas_of(recipe)
    source, overlap = open_masks(recipe.masks), windows.overlaps[-1]
    masks = [source.masks(panoramas[0], v) for v in windows.views]
    both = overlap_masks(masks, windows, overlap)
    alone = source.masks(panoramas[0], overlap.view)
    assert both.shape[1:] == alone.shape[1:] == overlap.view[2:]
    assert (both.any(0) == alone.any(0)).all()
    hits = []
    for boundary in ('windows', 'overlap'):
        changed = replace(recipe, masks=Masks('folder', recipe.masks.path, boundary=boundary))
        _, targets = told(changed, tmp_path / boundary)
        hits.append(targets.read('cs/0').hits)
    # id pictures have the same edges wherever they are cut
    np.testing.assert_array_equal(*hits)
    with pytest.raises(RecipeError, match='cannot be read'):
        targets.read('cs/77')


def test_small_panoramas_are_brought_to_size(content):
    recipe = make_recipe(content, 'mini')
    assert Panoramas(recipe.data.panoramas, (32, 16))[0].picture.shape == (16, 32, 3)
