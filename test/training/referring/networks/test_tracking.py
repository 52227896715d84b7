# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What goes from frame to frame."""

from __future__ import annotations

import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

from miniature.referring_network import HEIGHT, WIDTH, said, small  # noqa: E402

from training.networks.student import count  # noqa: E402
from training.referring.networks.tracking import QueryInteraction, TrackMlp  # noqa: E402


def test_the_track_is_that_of_the_main_token_plus_the_last_one():
    network = small()
    spoken, frames = said(1, 3), torch.randn(3, 1, 2, 3, HEIGHT, WIDTH)
    seen = [network.see(f[:, 0], f[:, 1]) for f in frames]
    logits, _ = network.follow(seen, spoken)
    track = None
    for k, one in enumerate(seen):
        dense = network.dense(one.embedding, one.hierarchy, spoken)
        found, _, main = network.decoder(one.embedding + dense, spoken, track)
        assert torch.allclose(logits[k], found[:, 0], atol=1e-5)
        track = network.tracking(main if track is None else main + track)


def test_equal_frames_and_a_module_that_gives_zeros_have_equal_masks():
    network = small()
    for parameter in network.tracking.parameters():
        torch.nn.init.zeros_(parameter)
    picture = torch.randn(2, 3, HEIGHT, WIDTH)
    seen = network.see(picture[:1], picture[1:])
    logits, _ = network.follow([seen] * 3, said(1, 3))
    # the first frame has no track token at all, which is another thing than one of zeros
    assert torch.equal(logits[1], logits[2])
    assert small(track='none').follow([seen] * 2, said(1, 3))[0].diff(dim=0).abs().max() == 0


def test_gradients_go_back_through_the_track_to_the_first_frame():
    network = small()
    first = network.see(torch.randn(1, 3, HEIGHT, WIDTH), torch.randn(1, 3, HEIGHT, WIDTH))
    first = first._replace(embedding=first.embedding.detach().requires_grad_())
    second = network.see(torch.randn(1, 3, HEIGHT, WIDTH), torch.randn(1, 3, HEIGHT, WIDTH))
    logits, _ = network.follow([first, second], said(1, 3))
    logits[1].sum().backward()
    assert first.embedding.grad.abs().max() > 0


def test_both_tracking_modules_have_the_published_weights():
    assert count(TrackMlp())[1] == 2 * 256 * 1024 + 1024 + 256
    assert count(QueryInteraction())[1] == pytest.approx(1.316e6, rel=1e-3)
    assert QueryInteraction()(torch.randn(3, 256)).shape == (3, 256)


def test_attention_of_one_token_to_itself_is_a_linear_map():
    module = QueryInteraction()
    one, two = torch.randn(2, 1, 1, 256)

    def attended(x):
        return module.attention(x, x, x)
    zero = attended(torch.zeros(1, 1, 256))
    both = attended(one + two) - zero
    assert torch.allclose(both, attended(one) + attended(two) - 2 * zero, atol=1e-5)
