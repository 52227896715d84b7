# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Majority within masks, reliability, refined boundaries."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

from training.errors import RecipeError  # noqa: E402
import training.networks  # noqa: E402, F401
from training.panoramic.boundary import dilated, edges, outlines, refined, soft_edges  # noqa: E402
from training.panoramic.fusion import Fusion, fuse, ratios  # noqa: E402

ALL = np.ones((1, 1, 5), np.bool_)


def saying(labels, classes=4, sure=0.7):
    """Return probabilities whose likeliest classes are these."""
    labels = np.asarray(labels)
    shares = np.full((classes, *labels.shape), (1 - sure) / (classes - 1), np.float32)
    np.put_along_axis(shares, labels[None], np.float32(sure), 0)
    return shares


def test_the_toy_example_of_the_method():
    """Five pixels, one mask, classes 2 2 2 1 3: 60, 20 and 20 per cent."""
    shares = saying([[2, 2, 2, 1, 3]])
    found = ratios(ALL[0], shares.argmax(0).astype(np.uint8), None, 4)
    np.testing.assert_allclose(found, [0, 20, 60, 20])
    strict = fuse(ALL, shares, Fusion(theta=70, least_area=1))
    assert (strict.ensemble == 2).all()
    assert not strict.reliable.any()
    assert (strict.sure == 255).all()
    lenient = fuse(ALL, shares, Fusion(theta=50, least_area=1))
    assert lenient.reliable.all()
    assert (lenient.sure == 2).all()
    assert fuse(ALL, shares, Fusion(theta=60, least_area=1)).reliable.all()   # not below


def test_one_mask_and_no_threshold_make_one_class():
    shares = np.random.default_rng(0).dirichlet(np.ones(5), (6, 9)).transpose(2, 0, 1)
    found = fuse(np.ones((1, 6, 9), np.bool_), shares.astype(np.float32),
                 Fusion(theta=0, least_area=1))
    assert len(np.unique(found.ensemble)) == 1
    assert found.ensemble[0, 0] == np.bincount(shares.argmax(0).ravel()).argmax()


def naive(masks, shares, given):
    """The same, mask by mask and pixel by pixel."""
    labels = shares.argmax(0)
    ensemble, reliable = labels.copy(), np.ones(labels.shape, bool)
    kept = sorted((m for m in masks if m.sum() >= given.least_area), key=lambda m: -m.sum())
    said = []
    for mask in kept:
        votes = dict.fromkeys(range(len(shares)), 0.0)
        for r, c in np.argwhere(mask):
            votes[labels[r, c]] += shares[:, r, c].max() if given.version == 'v2' else 1
        best = max(votes, key=lambda k: (votes[k], -k))
        said.append((mask, best, 100 * votes[best] / sum(votes.values())))

    def level(mask):
        return sum(mask.sum() >= least for least in given.levels)
    for mask, best, share in said:
        if given.version == 'v1':
            least = given.theta
        else:
            least = max(given.floor, np.mean([s for m, _, s in said if level(m) == level(mask)]))
        ensemble[mask], reliable[mask] = best, share >= least - 1e-9
    return ensemble, reliable


@pytest.mark.parametrize('version', ['v1', 'v2'])
def test_fusion_is_what_counting_by_hand_gives(version):
    rng = np.random.default_rng(5)
    given = Fusion(version, theta=55, floor=40, levels=(40, 90), least_area=6)
    for _ in range(5):
        shares = rng.dirichlet(np.full(4, 0.4), (14, 16)).transpose(2, 0, 1).astype(np.float32)
        masks = np.zeros((7, 14, 16), np.bool_)
        for mask in masks:   # boxes of different areas, as painted over each other
            top, left, high, wide = rng.integers([0, 0, 1, 1], [8, 9, 7, 8])
            mask[top:top + high, left:left + wide] = True
        areas = masks.sum((1, 2))
        masks = masks[[int(np.flatnonzero(areas == a)[0]) for a in np.unique(areas)]]
        found = fuse(masks, shares, given)
        ensemble, reliable = naive(masks, shares, given)
        np.testing.assert_array_equal(found.ensemble, ensemble)
        np.testing.assert_array_equal(found.reliable, reliable)
        np.testing.assert_array_equal(found.sure[reliable], ensemble[reliable])
        assert (found.sure[~reliable] == 255).all()


def test_the_smaller_mask_is_seen_and_specks_are_dropped():
    shares = saying(np.repeat([[0], [1]], 3, 0).repeat(8, 1))   # six rows, half and half
    large, small, speck = (np.zeros((6, 8), np.bool_) for _ in range(3))
    large[:], small[4:, :4], speck[0, 0] = True, True, True
    found = fuse(np.stack([speck, small, large]), shares, Fusion(theta=60, least_area=4))
    assert (found.ensemble[:4] == 0).all()   # a draw goes to the lower class
    assert (found.ensemble[4:, :4] == 1).all()
    assert not found.reliable[:4].any()
    assert found.reliable[4:, :4].all()


def test_without_masks_the_assistant_speaks():
    shares = saying([[0, 1, 2, 3]])
    found = fuse(np.zeros((0, 1, 4), np.bool_), shares, Fusion())
    np.testing.assert_array_equal(found.ensemble, [[0, 1, 2, 3]])
    assert found.reliable.all()


def test_levels_must_rise():
    with pytest.raises(RecipeError, match='levels must rise'):
        replace(Fusion(), levels=(100, 10)).check('here')


def test_edges_and_their_neighbourhood():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, (9, 11))
    wanted = np.zeros(labels.shape, bool)
    for r in range(9):
        for c in range(11):
            wanted[r, c] = any(labels[r, c] != labels[i, j]
                               for i, j in ((r, c + 1), (r + 1, c)) if i < 9 and j < 11)
    np.testing.assert_array_equal(edges(labels), wanted)
    grown = np.zeros(labels.shape, bool)
    for r, c in np.argwhere(wanted & (rng.random(labels.shape) < 0.1)):
        grown[max(r - 2, 0):r + 3, max(c - 2, 0):c + 3] = True
    seeds = np.zeros(labels.shape, bool)
    seeds[4, 5] = True
    np.testing.assert_array_equal(
        np.argwhere(dilated(seeds, 2)).min(0), [2, 3])
    assert dilated(seeds, 2).sum() == 25
    assert dilated(seeds, 0).sum() == 1


def test_boundaries_are_kept_where_masks_and_classes_agree():
    """Masks have an edge after columns 3, 9 and 14; classes change at 4, and at 15 in one view."""
    masks = np.stack([np.broadcast_to(np.arange(20) <= k, (4, 20)) for k in (3, 9, 14)])
    first = np.broadcast_to((np.arange(20) > 4).astype(np.uint8), (4, 20))
    second = np.broadcast_to(np.where(np.arange(20) > 15, 2, first[0]).astype(np.uint8), (4, 20))
    assert np.flatnonzero(outlines(masks)[0]).tolist() == [3, 9, 14]
    assert np.flatnonzero(refined(masks, first, second, 1)[0]).tolist() == [3, 14]
    assert np.flatnonzero(refined(masks, first, first, 1)[0]).tolist() == [3]
    assert not refined(masks, first, second, 0).any()
    assert not refined(masks[:0], first, second, 3).any()


def test_soft_edges_are_those_of_sure_predictions_and_go_round():
    labels = np.zeros((8, 12), np.int64)
    labels[:, 6:] = 1
    shares = torch.nn.functional.one_hot(torch.from_numpy(labels), 2).permute(2, 0, 1)[None]
    found = soft_edges(shares.float(), 6.0)[0]
    # columns beside 5|6 and beside the seam 11|0
    assert np.flatnonzero(found[4].numpy() > 0.99).tolist() == [0, 5, 6, 11]
    assert found[:, [2, 8]].abs().max() < 1e-6
    flat = soft_edges(shares.float(), 6.0, wrap=False)[0]
    assert np.flatnonzero(flat[4].numpy() > 0.99).tolist() == [5, 6]
    logits = torch.randn(1, 3, 8, 12, requires_grad=True)
    soft_edges(logits.softmax(1), 6.0).sum().backward()
    assert logits.grad.abs().sum() > 0
    rolled = soft_edges(shares.float().roll(5, -1), 6.0)[0]
    torch.testing.assert_close(rolled, found.roll(5, -1))
