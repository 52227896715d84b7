# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What changes from step to step."""

import math

import pytest

pytest.importorskip('torch', reason='training needs torch')
import torch
from torch import nn

from training.distill.recipe import make_recipe
from training.distill.schedule import Average, learning_rate, mixed_share

RECIPE = make_recipe({
    'name': 'x', 'teacher': 't', 'data': ['d'], 'student': {'kind': 'paper'}, 'steps': 110,
    'warm_up': 10, 'rate': 1e-3, 'final_rate': 1e-5, 'loss': {'mixing': 0.4}}, 'r')


def test_the_rate_rises_straight_and_falls_along_a_cosine_to_its_end():
    rates = [learning_rate(RECIPE, step) for step in range(110)]
    assert rates[:10] == pytest.approx([1e-4 * (k + 1) for k in range(10)])
    wanted = [1e-5 + (1e-3 - 1e-5) * (1 + math.cos(math.pi * k / 99)) / 2 for k in range(100)]
    assert rates[10:] == pytest.approx(wanted)
    assert rates[-1] == pytest.approx(1e-5)


def test_mixing_falls_to_nothing_at_half_of_the_steps():
    assert mixed_share(RECIPE, 0) == 0.4
    assert mixed_share(RECIPE, 11) == pytest.approx(0.4 * 0.8)
    assert mixed_share(RECIPE, 55) == 0
    assert mixed_share(RECIPE, 109) == 0


def test_the_average_equals_a_naive_loop():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    network[2].requires_grad_(False)
    average = Average(network, 0.8)
    naive = {name: t.double().clone() for name, t in network.state_dict().items()}
    optimiser = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], 0.5)
    for step in range(20):
        optimiser.zero_grad()
        network(torch.randn(8, 3)).square().sum().backward()
        optimiser.step()
        average.update(step)
        decay = min(0.8, (1 + step) / (10 + step))
        for name, t in network.state_dict().items():
            naive[name] = t if 'num_batches' in name else decay * naive[name] + (1 - decay) * t
    found = average.network.state_dict()
    for name, wanted in naive.items():
        torch.testing.assert_close(found[name].double(), wanted.double(), rtol=1e-5, atol=1e-6)
    assert found['1.num_batches_tracked'] == 20
    assert not average.network.training
    assert not any(p.requires_grad for p in average.network.parameters())


def test_the_average_begins_as_the_network_and_leaves_it_alone():
    network = nn.Linear(2, 2)
    average = Average(network, 0.9)
    before = network.weight.detach().clone()
    assert torch.equal(average.network.weight, before)
    with torch.no_grad():
        network.weight.add_(1)
    average.update(1000)
    torch.testing.assert_close(average.network.weight, before + 0.1)
    assert torch.equal(network.weight, before + 1)
