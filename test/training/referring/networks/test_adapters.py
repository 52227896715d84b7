# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Small layers that change nothing at first."""

from __future__ import annotations

import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

from miniature.referring_network import HEIGHT, SPEC, WIDTH  # noqa: E402

from training.networks.encoder import CompactEncoder  # noqa: E402
from training.networks.sam_vit import SamVit  # noqa: E402
from training.networks.student import count  # noqa: E402
from training.referring.networks.adapters import After, adapt_compact, adapt_vit  # noqa: E402


def test_adapters_change_nothing_at_first_and_stand_in_the_last_half():
    network = SamVit(SPEC, HEIGHT, WIDTH).eval()
    picture = torch.randn(2, 3, HEIGHT, WIDTH)
    before = network(picture)
    adapt_vit(network)
    after = network(picture)
    assert torch.equal(before.embedding, after.embedding)
    assert all(torch.equal(a, b) for a, b in zip(before.taps, after.taps, strict=True))
    blocks = {n.split('.')[2] for n, p in network.named_parameters() if p.requires_grad}
    assert blocks == {'2', '3'}
    assert all('.adapter.' in n for n, p in network.named_parameters() if p.requires_grad)
    # 32 -> 8 -> 32, two in each of two blocks
    assert count(network)[0] == 4 * (32 * 8 + 8 + 8 * 32 + 32)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if '.adapter.' in name:
                parameter.normal_()
    assert not torch.allclose(network(picture).embedding, before.embedding)


def test_random_adapters_as_published_do_change_the_encoder():
    network = SamVit(SPEC, HEIGHT, WIDTH).eval()
    picture = torch.randn(1, 3, HEIGHT, WIDTH)
    before = network(picture).embedding
    adapt_vit(network, zero=False)
    assert not torch.allclose(network(picture).embedding, before)


def test_blocks_that_are_computed_again_have_the_same_gradients():
    gradients = []
    for again in (False, True):
        torch.manual_seed(5)
        network = SamVit(SPEC, HEIGHT, WIDTH)
        adapt_vit(network, zero=False, recompute=again)
        network.train()
        network(torch.ones(1, 3, HEIGHT, WIDTH)).embedding.square().mean().backward()
        gradients.append([p.grad for p in network.parameters() if p.requires_grad])
    assert len(gradients[0]) == 16
    assert all(torch.allclose(a, b) for a, b in zip(*gradients, strict=True))


def test_a_compact_backbone_is_adapted_behind_each_block_of_its_last_half():
    encoder = CompactEncoder('mobilenetv4_conv_small').eval()
    picture = torch.randn(1, 3, 64, 64)
    before = encoder(picture)
    adapt_compact(encoder)
    assert torch.equal(encoder(picture), before)
    blocks = [block for stage in encoder.backbone.blocks for block in stage]
    adapted = [isinstance(block, After) for block in blocks]
    assert adapted == [k >= len(blocks) // 2 for k in range(len(blocks))]
    learning = {n for n, p in encoder.backbone.named_parameters() if p.requires_grad}
    assert learning
    assert all('.adapter.' in n for n in learning)
    assert all(p.requires_grad for p in encoder.fine.parameters())
    encoder.train()
    encoder(picture).square().mean().backward()
