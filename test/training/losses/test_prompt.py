# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Losses against their formulas in float64 numpy."""

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

from training.losses.prompt import dense_loss, dice, focal, iou, prompt_loss  # noqa: E402


def random_case(seed=0, shape=(5, 4, 6, 7)):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 3, shape), (rng.random(shape) > 0.5).astype(np.float64)


def test_focal_is_the_published_formula():
    logits, target = random_case()
    p = 1 / (1 + np.exp(-logits))
    right = np.where(target > 0.5, p, 1 - p)
    alpha = np.where(target > 0.5, 0.25, 0.75)
    expected = (-alpha * (1 - right) ** 2 * np.log(right)).mean((-2, -1))
    got = focal(torch.tensor(logits), torch.tensor(target)).numpy()
    np.testing.assert_allclose(got, expected, rtol=1e-9)


def test_dice_is_one_minus_the_smoothed_coefficient():
    logits, target = random_case(1)
    p = 1 / (1 + np.exp(-logits))
    a, b = p.sum((-2, -1)), target.sum((-2, -1))
    expected = 1 - (2 * (p * target).sum((-2, -1)) + 1) / (a + b + 1)
    got = dice(torch.tensor(logits), torch.tensor(target)).numpy()
    np.testing.assert_allclose(got, expected, rtol=1e-9)


def test_iou_counts_pixels():
    logits, target = random_case(2)
    for k in np.ndindex(5, 4):
        a, b = logits[k] > 0, target[k] > 0.5
        assert float(iou(torch.tensor(logits[k]), torch.tensor(target[k]))) == pytest.approx(
            (a & b).sum() / (a | b).sum())


def test_only_the_best_of_three_and_the_single_output_learn_the_mask():
    logits = torch.zeros(1, 4, 4, 4, requires_grad=True)
    with torch.no_grad():
        logits[0, 2] = 1.0   # nearest to an all-object target
    loss, _ = prompt_loss(logits, torch.zeros(1, 4), torch.ones(1, 4, 4), torch.tensor([True]))
    loss.backward()
    moved = logits.grad.abs().sum((-2, -1))[0]
    assert moved[0] > 0
    assert moved[2] > 0
    assert moved[1] == moved[3] == 0


def test_background_prompts_teach_the_score_zero_and_no_mask():
    logits = torch.randn(2, 4, 4, 4, requires_grad=True)
    scores = torch.full((2, 4), 0.7, requires_grad=True)
    loss, reached = prompt_loss(
        logits, scores, torch.ones(2, 4, 4), torch.tensor([False, False]))
    loss.backward()
    assert (logits.grad == 0).all()
    assert (scores.grad > 0).all()
    assert (reached == 0).all()


def test_a_perfect_answer_costs_next_to_nothing():
    target = (torch.rand(3, 8, 8) > 0.5).float()
    logits = (target[:, None].expand(-1, 4, -1, -1) - 0.5) * 60
    loss, reached = prompt_loss(logits, torch.ones(3, 4), target, torch.ones(3, dtype=torch.bool))
    assert float(loss) < 1e-3
    assert reached.tolist() == [1, 1, 1]


def test_the_dense_loss_wants_insides_and_borders():
    ids = torch.zeros(1, 8, 8, dtype=torch.uint8)
    ids[:, 2:6, 2:6] = 3
    inside = (ids > 0).float()
    border = torch.zeros(1, 8, 8)
    border[:, 1:7, 1:7] = 1
    border[:, 3:5, 3:5] = 0
    right = torch.stack([inside, border], 1) * 40 - 20
    assert float(dense_loss(right, ids)) < 1e-6
    assert float(dense_loss(-right, ids)) > 10
