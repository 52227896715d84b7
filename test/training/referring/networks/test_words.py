# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""From tokens to vectors that places of a picture are compared with."""

from __future__ import annotations

import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

from miniature.referring_network import HEIGHT, WIDTH, small  # noqa: E402

from training.networks.student import count  # noqa: E402
from training.referring.networks.words import CrossModalMlp  # noqa: E402


def test_the_cross_modal_mlp_has_the_published_weights():
    # 1024-512-512-256 with biases
    assert count(CrossModalMlp(1024))[1] == 918_784
    assert count(CrossModalMlp(1024, hidden=0))[1] == 1024 * 512 + 512 + 512 * 256 + 256


def test_words_and_sentences_have_length_one_and_share_weights():
    mlp = CrossModalMlp(24)
    tokens = torch.randn(3, 5, 24)
    found = mlp(tokens, torch.ones(3, 5))
    assert torch.allclose(found.words.norm(dim=-1), torch.ones(3, 5), atol=1e-5)
    assert torch.allclose(found.sentence.norm(dim=-1), torch.ones(3), atol=1e-5)
    alone = mlp(tokens[:1, :1], torch.ones(1, 1))
    assert torch.allclose(alone.words[0, 0], found.words[0, 0], atol=1e-6)
    assert torch.allclose(alone.sentence[0], alone.words[0, 0], atol=1e-6)


def test_padding_changes_no_answer():
    network = small()
    ids = torch.tensor([[3, 4, 2, 0, 0], [5, 6, 7, 8, 2]])
    mask = (ids > 0).float()
    seen = network.see(torch.randn(1, 3, HEIGHT, WIDTH), torch.randn(1, 3, HEIGHT, WIDTH))
    both = network.answer(seen, network.say(ids, mask))
    alone = network.answer(seen, network.say(ids[:1, :3], mask[:1, :3]))
    assert torch.allclose(both.logits[:1], alone.logits, atol=1e-5)
    assert torch.allclose(both.track[:1], alone.track, atol=1e-5)
