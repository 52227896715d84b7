# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The losses of a recipe: formulas, what learns and what does not, and shares of processes."""

import numpy as np
import pytest

pytest.importorskip('torch', reason='training needs torch')
import torch

from eventsam_ros.inference.priors import box_logits
from training.distill.batches import BatchMaker
from training.distill.cache import TeacherCache, patch_tokens
from training.distill.objective import COUNTS, Objective, ask, mask_distance
from training.distill.questions import (
    OWN,
    SAM,
    box_priors,
    boxes_around,
    clicks,
    style_of,
    with_boxes,
)
from training.distill.recipe import make_recipe
from training.distill.split import split
from training.distill.students import build_networks
from training.networks.sam_vit import SPECS

LOW = (16, 24)


def test_masks_are_compared_as_the_formula_says():
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(0, 2, (2, 3, 4, 8, 10))
    inside = (rng.random((3, 1, 8, 10)) > 0.3).astype(np.float64)
    inside[2] = 0
    found = mask_distance(*(torch.from_numpy(a).float() for a in (ours, theirs, inside)))
    for n in range(3):
        for k in range(4):
            p, q = (1 / (1 + np.exp(-a[n, k])) for a in (ours, theirs))
            on = inside[n, 0]
            cross = -(q * np.log(p) + (1 - q) * np.log(1 - p)) * on
            wanted = 5 * cross.sum() / max(on.sum(), 1)
            wanted += 1 - (2 * (p * q * on).sum() + 1) / (
                (p * p * on).sum() + (q * q * on).sum() + 1)
            assert float(found[n, k]) == pytest.approx(wanted, rel=1e-5, abs=1e-6)


def test_masks_equal_to_the_teachers_leave_nothing_to_learn():
    theirs = torch.randn(2, 4, 8, 8)
    ours = theirs.clone().requires_grad_(True)
    mask_distance(ours, theirs, torch.ones(2, 1, 8, 8)).sum().backward()
    assert ours.grad.abs().max() < 1e-6


def test_boxes_around_masks_equal_a_naive_search():
    rng = np.random.default_rng(0)
    masks = rng.random((20, 12, 15)) > 0.97
    masks[0] = False
    boxes, there = boxes_around(torch.from_numpy(masks))
    for mask, box, some in zip(masks, boxes.tolist(), there.tolist(), strict=True):
        places = np.argwhere(mask)
        assert some == bool(len(places))
        if some:
            (y0, x0), (y1, x1) = places.min(0), places.max(0)
            assert box == [4 * x0, 4 * y0, 4 * (x1 + 1), 4 * (y1 + 1)]


def test_priors_of_boxes_are_those_of_inference():
    boxes = torch.tensor([[8, 4, 60, 44], [0, 0, 96, 64], [10, 10, 11, 12]]).float()
    found = box_priors(boxes, LOW)
    for box, prior in zip(boxes.tolist(), found, strict=True):
        np.testing.assert_allclose(
            prior[0], box_logits(tuple(box), LOW[1], LOW[0], 4), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('style', [OWN, SAM])
def test_only_the_chosen_prompts_become_boxes(style):
    points = torch.tensor([[3.0, 4.0], [30.0, 20.0]])
    boxes = torch.tensor([[0.0, 0.0, 8.0, 8.0], [20.0, 12.0, 40.0, 28.0]])
    asked = with_boxes(clicks(points, style, LOW), boxes, torch.tensor([False, True]), style)
    assert asked.coords[0, 0].tolist() == [3.0, 4.0]
    assert asked.labels[0].tolist() == [1.0] + [-1.0] * (style.slots - 1)
    assert asked.coords[1, :2].tolist() == [[20.0, 12.0], [40.0, 28.0]]
    assert asked.labels[1].tolist() == [2.0, 3.0] + [-1.0] * (style.slots - 2)
    if style.box_prior:
        assert asked.has_mask.tolist() == [0.0, 1.0]
    else:
        assert not asked.has_mask.any()


def test_official_sizes_are_asked_as_sam_is():
    assert style_of(SPECS['vit_b']) == SAM
    assert style_of(SPECS['compact']) == OWN


@pytest.fixture(scope='module')
def built(world, cache_folder, make_teacher):
    """A function from changes of the recipe to objective, batch and teacher."""
    def build(loss, **changes):
        recipe = make_recipe({
            'name': 'mini', 'teacher': 't', 'data': [str(world / 'pairs')], 'batch': 4,
            'validation_share': 0.2, 'prompts': 3, 'student': {'kind': 'paper'}, 'loss': loss,
            **changes}, 'r')
        teacher = make_teacher()
        pairs, _ = split(recipe)
        cache = TeacherCache(cache_folder, teacher, taps=True)
        cache.fill(pairs.stores, 1)
        torch.manual_seed(0)
        networks = build_networks(recipe, teacher)
        objective = Objective(recipe, networks, teacher.decoder, OWN)
        makers = [BatchMaker(recipe, pairs, cache, *share) for share in ((0, 1), (0, 2), (1, 2))]
        # a step at which the halves differ in content, so that plain means would not do
        step = next(k for k in range(20) if len({int(m.make(k).valid.sum())
                                                 for m in makers[1:]}) == 2)
        return objective, [m.make(step) for m in makers], teacher
    return build


def counted(batches):
    """Return the mean over processes of what losses are averaged over."""
    found = {}
    for name in COUNTS:
        values = [getattr(b, name) for b in batches]
        found[name] = torch.tensor(
            [0.0 if v is None else float(v.sum()) for v in values]).mean()
    return found


EVERYTHING = {'tokens': 1, 'weighting': 'product', 'embedding': 0.5, 'prompts': 1, 'masks': 1}


@pytest.mark.parametrize('loss', [EVERYTHING, {'tokens': 0, 'masks': 1}, {'tokens': 1}])
def test_the_mean_of_two_processes_is_the_whole(built, loss):
    objective, (whole, *halves), _ = built(loss)
    total, _ = objective(whole, counted([whole]))
    total.backward()
    wanted = {n: p.grad.clone() for n, p in objective.named_parameters() if p.grad is not None}
    objective.zero_grad()
    losses = [objective(half, counted(halves))[0] for half in halves]
    (sum(losses) / 2).backward()
    assert float(sum(losses).detach() / 2) == pytest.approx(float(total.detach()), rel=1e-5)
    for name, parameter in objective.named_parameters():
        if parameter.grad is not None:
            torch.testing.assert_close(parameter.grad, wanted[name], rtol=1e-3, atol=1e-5)


def test_only_what_the_recipe_says_learns(built):
    for decoder, learns in (('frozen', False), ('tuned', True), ('new', True)):
        objective, (batch, *_), teacher = built(
            EVERYTHING, student={'kind': 'paper', 'decoder': decoder})
        total, _ = objective(batch, counted([batch]))
        total.backward()
        trained = [p.grad is not None for p in objective.networks.decoder.parameters()]
        assert any(trained) == learns
        blocks = objective.networks.student.image_encoder.blocks
        assert all(p.grad is not None for p in blocks[0].mlp.parameters())
        assert all(p.grad is None for p in blocks[0].attn.parameters())
        assert all(p.grad is None for p in teacher.network.parameters())
        assert all(p.grad is None for p in teacher.decoder.parameters())
        same = torch.equal(
            objective.networks.decoder.mask_decoder.iou_token.weight,
            teacher.decoder.mask_decoder.iou_token.weight)
        assert same == (decoder != 'new')


def test_mixed_tokens_are_the_teachers_and_teach_nothing(built):
    objective, (batch, *_), teacher = built({'tokens': 1, 'embedding': 1, 'mixing': 1.0})
    patches = patch_tokens(teacher, batch.frames, batch.contents)
    batch.mixed = torch.ones_like(batch.mixed)
    total, parts = objective(batch, counted([batch]), patches)
    total.backward()
    # with every token the teacher's, a fresh copy of the teacher says what the teacher says
    assert float(parts['tap_4']) < 0.003
    assert float(parts['embedding']) < 0.003
    assert not objective.networks.student.image_encoder.patch_embed.proj.weight.grad.any()
    batch.mixed = torch.zeros_like(batch.mixed)
    _, plain = objective(batch, counted([batch]), patches)
    assert float(plain['tap_4']) > 0.05


def test_prompts_of_several_pictures_equal_those_of_each_alone(make_teacher):
    decoder = make_teacher().decoder
    embedding = torch.randn(2, 256, 4, 6)
    points = torch.rand(6, 2) * 60
    together = ask(decoder, embedding, clicks(points, OWN, LOW))
    for k in range(2):
        alone = ask(decoder, embedding[k:k + 1], clicks(points[3 * k:3 * k + 3], OWN, LOW))
        for a, b in zip(together, alone, strict=True):
            torch.testing.assert_close(a[3 * k:3 * k + 3], b, rtol=1e-4, atol=1e-5)


def test_networks_hold_student_and_decoder_alone(built):
    objective, _, _ = built({'tokens': 1})
    assert {n.split('.')[1] for n, _ in objective.named_parameters()} == {'student', 'decoder'}
