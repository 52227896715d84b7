# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The token loss against its formula in float64."""

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')
from training.losses.tokens import LAMBDAS, token_distance, token_loss  # noqa: E402


def sample(seed, taps=4, shape=(2, 5, 3, 4)):
    rng = np.random.default_rng(seed)
    batch, _, rows, columns = shape
    made = [rng.normal(size=(taps, *shape)), rng.normal(size=(taps, *shape)),
            rng.uniform(0.5, 2, (taps, batch, 1, rows, columns))]
    return made, [[torch.from_numpy(x).float() for x in part] for part in made]


def test_the_loss_equals_the_formula_in_float64():
    (student, teacher, weights), tensors = sample(0)
    expected = sum(
        factor * np.abs(w * (m - e)).mean()
        for factor, m, e, w in zip((0.1, 0.4, 0.7, 1.0), teacher, student, weights, strict=True))
    total, apart = token_loss(*tensors)
    assert total.item() == pytest.approx(expected, rel=1e-6)
    for got, m, e in zip(apart, teacher, student, strict=True):
        assert got.item() == pytest.approx(np.abs(m - e).mean(), rel=1e-6)


def test_the_total_of_a_published_log_follows_from_its_parts():
    # iteration 19,400 of a user's run of the released code: four weighted distances, one total
    parts = (0.278, 0.254, 0.321, 0.404)
    teacher = [torch.zeros(1, 1, 1, 1)] * 4
    ones = [torch.ones(1, 1, 1, 1)] * 4
    total, _ = token_loss([torch.full((1, 1, 1, 1), p) for p in parts], teacher, ones)
    assert total.item() == pytest.approx(0.758, abs=5e-4)


def test_padding_does_not_count():
    (student, teacher, weights), tensors = sample(1)
    valid = np.zeros((2, 1, 3, 4), bool)
    valid[0, :, :2], valid[1, :, :, 1:] = True, True
    apart = np.abs(weights[0] * (teacher[0] - student[0])).mean(1, keepdims=True)
    got = token_distance(tensors[0][0], tensors[1][0], tensors[2][0], torch.from_numpy(valid))
    assert got.item() == pytest.approx(apart[valid].mean(), rel=1e-6)
    changed = tensors[0][0] + 100 * torch.from_numpy(~valid)
    again = token_distance(changed, tensors[1][0], tensors[2][0], torch.from_numpy(valid))
    assert again.item() == pytest.approx(got.item(), rel=1e-6)
    nothing = token_distance(tensors[0][0], tensors[1][0], None, torch.zeros(2, 1, 3, 4) > 0)
    assert nothing.item() == 0


def test_no_gradient_reaches_the_teacher():
    _, (student, teacher, weights) = sample(2)
    for part in (student, teacher, weights):
        for tensor in part:
            tensor.requires_grad_(True)
    token_loss(student, teacher, weights)[0].backward()
    assert all(t.grad is None for t in (*teacher, *weights))
    assert all(t.grad.abs().sum() > 0 for t in student)


def test_what_does_not_fit_is_refused():
    _, (student, teacher, weights) = sample(3)
    with pytest.raises(ValueError, match='4, 4, 4, 3'):
        token_loss(student, teacher, weights, lambdas=LAMBDAS[:3])
    with pytest.raises(ValueError, match='teacher'):
        token_distance(student[0], teacher[0][:, :2])
