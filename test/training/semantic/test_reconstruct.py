# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Voxel grids against a naive loop, the leaky integral by its formula, the networks' interface."""

from dataclasses import replace
import math
from typing import Optional

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

from eventsam_ros.events.types import Events, Window  # noqa: E402
from training.errors import RecipeError  # noqa: E402
from training.semantic.recipe import Reconstruction, make_recipe  # noqa: E402
from training.semantic.reconstruct.learn import sequence_loss, train_reconstruction  # noqa: E402
from training.semantic.reconstruct.reconstructor import HighPass, open_reconstructor, stretched  # noqa: E402
from training.semantic.reconstruct.recurrent import RecurrentUNet  # noqa: E402
from training.semantic.reconstruct.voxels import packet_voxels, standardised  # noqa: E402

WIDTH, HEIGHT = 24, 16


def packet(seed, count=300, start=1_000_000_000, span=25_000_000):
    rng = np.random.default_rng(seed)
    return Window(
        Events(rng.integers(0, WIDTH, count).astype(np.uint16),
               rng.integers(0, HEIGHT, count).astype(np.uint16),
               rng.integers(0, 2, count).astype(np.uint8),
               np.sort(rng.integers(start, start + span, count))),
        start, start + span, WIDTH, HEIGHT)


@pytest.mark.parametrize('size', [(WIDTH, HEIGHT), (12, 8), (20, 12)])
def test_every_event_counts_in_the_two_bins_around_it(size):
    one = packet(1)
    columns, rows = size
    expected = np.zeros((5, rows, columns))
    for x, y, p, t in zip(one.events.x, one.events.y, one.events.p, one.events.t, strict=True):
        tau = 4 * (int(t) - one.t_start) / (one.t_end - one.t_start)
        for b in range(5):
            share = max(0.0, 1 - abs(b - tau))
            row = math.floor((int(y) + 0.5) * rows / HEIGHT)
            column = math.floor((int(x) + 0.5) * columns / WIDTH)
            expected[b, row, column] += share * (1 if p else -1)
    np.testing.assert_allclose(packet_voxels(one, columns, rows), expected, atol=1e-5)


def test_packets_without_events_are_empty_grids():
    empty = Window(Events.empty(), 5, 5, WIDTH, HEIGHT)
    assert not packet_voxels(empty, 12, 8).any()
    assert not standardised(torch.zeros(1, 5, 4, 4)).any()


def test_grids_are_standardised_over_what_is_not_zero():
    grid = torch.from_numpy(packet_voxels(packet(2, 40), WIDTH, HEIGHT))[None]
    found = standardised(grid)
    values = grid[grid != 0].double()
    expected = (values - values.mean()) / values.std(unbiased=False)
    torch.testing.assert_close(found[grid != 0].double(), expected, rtol=1e-4, atol=1e-4)
    assert not found[grid == 0].any()


def test_the_leaky_integral_fades_as_its_cutoff_says():
    """One pixel gets 3 events in the first packet, another 1 in the last: 3 e^-a against 1."""
    def at(x, count, start):
        return Window(
            Events(np.full(count, x, np.uint16), np.full(count, 8, np.uint16),
                   np.ones(count, np.uint8), np.full(count, start + 5, np.int64)),
            start, start + 100_000_000, WIDTH, HEIGHT)
    cutoff = math.log(3) / (2 * math.pi * 0.1)   # to a third within a packet of 100 ms
    packets = [at(4, 3, 0), at(18, 1, 100_000_000)]
    found = HighPass(cutoff).picture(packets, WIDTH, HEIGHT)
    old, new = (slice(5, 12), slice(1, 8)), (slice(5, 12), slice(15, 22))
    np.testing.assert_array_equal(found[old], found[new])
    assert found[8, 4] == 255
    assert found[1, 11] == 128
    slower = HighPass(cutoff / 10).picture(packets, WIDTH, HEIGHT)
    assert slower[old].sum() > slower[new].sum()


def test_a_picture_is_stretched_between_its_outer_per_cents():
    values = torch.linspace(0.4, 0.5, 1000).reshape(20, 50)
    found = stretched(values)
    assert (found.min(), found.max()) == (0, 255)
    middle = 255 * (0.45 - 0.401) / (0.499 - 0.401)
    assert abs(int(found[10, 0]) - middle) < 2
    assert (stretched(torch.full((4, 4), 0.3)) == 0).all()


def test_the_network_remembers_and_begins_anew():
    torch.manual_seed(0)
    network = RecurrentUNet(4).eval()
    first, second = torch.randn(2, 1, 5, 16, 24)
    with torch.no_grad():
        alone, _ = network(second, None)
        _, state = network(first, None)
        after, _ = network(second, state)
        again, _ = network(second, network.begin(second))
    assert alone.shape == (1, 1, 16, 24)
    assert 0 <= float(alone.min()) <= float(alone.max()) <= 1
    assert not torch.allclose(alone, after)
    torch.testing.assert_close(alone, again)


def test_the_network_learns_to_add_up_what_it_has_seen():
    torch.manual_seed(0)
    network = RecurrentUNet(6)
    steps = torch.randn(2, 5, 1, 4, 4).repeat_interleave(4, 3).repeat_interleave(4, 4)
    wanted = torch.sigmoid(steps.cumsum(1))[:, :, 0]
    voxels = steps.expand(-1, -1, 5, -1, -1).clone()
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    losses = []
    for _ in range(80):
        loss = sequence_loss(network, voxels, wanted)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]


def test_training_writes_a_network_that_is_opened_and_left_alone(content, tmp_path):
    recipe = make_recipe({**content, 'reconstruction': {'sequences': 2, 'steps': 2, 'batch': 1}},
                         'r')
    path = tmp_path / 'reconstruction.pt'
    train_reconstruction(recipe, path)
    before = path.stat().st_mtime_ns
    train_reconstruction(recipe, path)
    assert path.stat().st_mtime_ns == before
    made = open_reconstructor(recipe.reconstruction, path)
    picture = made.picture([packet(1), packet(2)], 24, 16)
    assert picture.shape == (16, 24)
    assert picture.dtype == np.uint8
    assert not np.array_equal(picture, made.picture([packet(2)], 24, 16))
    np.testing.assert_array_equal(picture, made.picture([packet(1), packet(2)], 24, 16))


class Latest(torch.nn.Module):
    """E2VID's interface by hand: the state counts calls, the picture is the last bin."""

    def forward(self, voxels: torch.Tensor, state: Optional[torch.Tensor]):  # noqa: UP045
        count = torch.zeros(1) if state is None else state
        assert voxels.shape[2] % 16 == 0
        assert voxels.shape[3] % 16 == 0
        return voxels[:, 4:5] + count, count + 1


def test_a_torchscript_of_e2vid_s_interface_is_asked_packet_by_packet(tmp_path):
    path = tmp_path / 'e2vid.pt'
    torch.jit.script(Latest()).save(str(path))
    choice = Reconstruction(kind='torchscript', path=path)
    packets = [packet(3), packet(4)]
    found = open_reconstructor(choice, tmp_path / 'none').picture(packets, 20, 12)
    last = standardised(torch.from_numpy(packet_voxels(packets[-1], 20, 12))[None])[0, 4]
    np.testing.assert_array_equal(found, stretched(last + 1))
    with pytest.raises(RecipeError, match='cannot be read'):
        open_reconstructor(replace(choice, path=tmp_path / 'missing.pt'), path)
    with pytest.raises(RecipeError, match='holds no reconstruction'):
        open_reconstructor(Reconstruction(), tmp_path / 'missing.pt')
