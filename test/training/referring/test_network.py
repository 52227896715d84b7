# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""RefSAM's network: how much learns, and every choice."""

from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

from miniature.referring_network import GRID, HEIGHT, SPEC, WIDTH, Table, said, small  # noqa: E402

from training.networks.encoder import CompactEncoder  # noqa: E402
from training.networks.sam_vit import SPECS, SamVit  # noqa: E402
from training.networks.student import count  # noqa: E402
from training.referring.network import ReferringNetwork  # noqa: E402
from training.referring.networks.adapters import adapt_vit  # noqa: E402
from training.referring.networks.sight import CompactSight, TwoSights, VitSight  # noqa: E402
from training.referring.recipe import NetworkChoice, TextChoice  # noqa: E402


@pytest.mark.parametrize(('name', 'millions'), [
    ('vit_b', 9.9), ('vit_l', 19.1), ('vit_h', 33.0)])
def test_as_much_learns_as_published(name, millions):
    with torch.device('meta'):
        text = Table(1024)
        network = ReferringNetwork(
            NetworkChoice(encoder=name, detail=0, modalities='images',
                          text=TextChoice(kind='t5', learns=False)), 64, 64, text, 1024)
        adapt_vit(network.sight.sight.network)
        text.requires_grad_(False)
    assert count(network)[0] == pytest.approx(millions * 1e6, rel=0.02)
    assert SPECS[name].taps[:3] == network.sight.sight.network.spec.taps[:-1]


def test_taps_are_the_global_blocks_but_for_the_last():
    network = SamVit(replace(SPEC, taps=(0, 1, 3)), HEIGHT, WIDTH).eval()
    sight = VitSight(network)
    picture = torch.randn(1, 3, HEIGHT, WIDTH)
    layers, features = sight(picture), network(picture)
    assert sight.channels == (32, 32)
    assert all(torch.equal(a, b) for a, b in zip(layers.taps, features.taps[:2], strict=True))


@pytest.mark.parametrize('fusion', ['joined', 'mean'])
def test_colour_and_events_are_their_average_at_first(fusion):
    sight = CompactSight(CompactEncoder('mobilenetv4_conv_small', detail=2))
    both = TwoSights(sight, 'both', True, fusion, 2).eval()
    alone = TwoSights(sight, 'images', True, fusion, 2).eval()
    alone.taps = both.taps
    image, events = torch.randn(2, 1, 3, HEIGHT, WIDTH)
    fused, one, two = both(image, events), alone(image, None), alone(events, None)
    layers = [sight(x) for x in (image, events)]
    mean = torch.nn.functional.normalize((layers[0].embedding + layers[1].embedding) / 2, dim=1)
    assert torch.allclose(fused.embedding, mean, atol=1e-5)
    assert torch.allclose(fused.detail, (one.detail + two.detail) / 2, atol=1e-5)
    # equal pictures give what one alone gives
    same = both(image, image)
    assert torch.allclose(same.embedding, one.embedding, atol=1e-5)
    assert torch.allclose(same.hierarchy, one.hierarchy, atol=1e-5)
    assert torch.allclose(one.embedding.norm(dim=1), torch.ones(1, *GRID), atol=1e-5)


def test_norms_keep_their_statistics_unless_they_learn():
    for norms, moves in (('keep', False), ('learn', True)):
        network = small(norms=norms).train()
        before = {n: b.clone() for n, b in network.named_buffers() if 'running_mean' in n}
        network.see(torch.randn(2, 3, HEIGHT, WIDTH), torch.randn(2, 3, HEIGHT, WIDTH))
        moved = any(not torch.equal(b, before[n]) for n, b in network.named_buffers()
                    if n in before)
        assert moved == moves


@pytest.mark.parametrize('changes', [
    {'dense': 'single'}, {'dense': 'sentence'}, {'track': 'attention'}, {'track': 'none'},
    {'modalities': 'events'}])
def test_every_choice_answers(changes):
    network = small(**changes)
    picture = torch.randn(1, 3, HEIGHT, WIDTH)
    seen = network.see(None if changes.get('modalities') == 'events' else picture, picture)
    assert (seen.hierarchy is None) == ('dense' in changes)
    found = network.answer(seen, said(2, 3))
    assert found.logits.shape == (2, 1, HEIGHT // 4, WIDTH // 4)
    assert (found.track is None) == (changes.get('track') == 'none')
