# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""SAM's mask decoder, asked by words and by a track."""

from __future__ import annotations

import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

from miniature.referring_network import GRID, HEIGHT, WIDTH, said, small  # noqa: E402

from training.networks.promptable import PromptDecoder  # noqa: E402
from training.referring.networks.decoder import WordDecoder, two_way  # noqa: E402


@pytest.mark.parametrize('detail', [0, 4])
def test_without_a_track_the_decoder_is_the_one_of_clicks(detail):
    decoder = WordDecoder(WIDTH, HEIGHT, detail).eval()
    plain = decoder.prompted
    if detail:
        torch.nn.init.normal_(plain.detail.weight)
    source, spoken = torch.randn(2, 256, *GRID), said(2, 3)
    folded = torch.randn(2, 16 * detail, *GRID) if detail else None
    # the same sparse and dense prompts through PromptDecoder
    wanted = plain._decode(source, plain.prompt_encoder.get_dense_pe(), spoken.words,
                           None if folded is None else plain.unfolded(folded))
    logits, expected, main = decoder(source, spoken, detail=folded)
    assert torch.allclose(logits, wanted[0], atol=1e-5)
    assert torch.allclose(expected, wanted[1], atol=1e-5)
    assert main.shape == (2, 256)


def test_absent_tokens_are_not_there_at_all():
    transformer = PromptDecoder(WIDTH, HEIGHT).mask_decoder.transformer.eval()
    source, place = torch.randn(1, 256, *GRID), torch.randn(1, 256, *GRID)
    tokens = torch.randn(1, 8, 256)
    there = torch.tensor([[1., 1, 0, 1, 1, 1, 0, 1]])
    found, keys = two_way(transformer, source, place, tokens, there)
    kept = there[0] > 0
    wanted, wanted_keys = transformer(source, place, tokens[:, kept])
    assert torch.allclose(found[:, kept], wanted, atol=1e-5)
    assert torch.allclose(keys, wanted_keys, atol=1e-5)


def test_there_are_five_tokens_the_words_and_one_track():
    decoder = WordDecoder(WIDTH, HEIGHT).eval()
    seen = []
    norm = decoder.prompted.mask_decoder.transformer.norm_final_attn
    norm.register_forward_hook(lambda _m, inputs, _o: seen.append(inputs[0].shape[1]))
    decoder(torch.randn(2, 256, *GRID), said(2, 7))
    decoder(torch.randn(2, 256, *GRID), said(2, 7), torch.randn(2, 256))
    assert seen == [5 + 7, 5 + 7 + 1]


def test_a_track_that_a_target_lacks_is_no_track():
    network = small()
    seen = network.see(torch.randn(1, 3, HEIGHT, WIDTH), torch.randn(1, 3, HEIGHT, WIDTH))
    spoken, tracks = said(2, 3), torch.randn(2, 256)
    mixed = network.answer(seen, spoken, tracks, torch.tensor([0., 1.]))
    none, all_told = network.answer(seen, spoken), network.answer(seen, spoken, tracks)
    assert torch.allclose(mixed.logits[0], none.logits[0], atol=1e-5)
    assert torch.allclose(mixed.track[0], none.track[0], atol=1e-5)
    assert torch.allclose(mixed.logits[1], all_told.logits[1], atol=1e-5)
    assert torch.allclose(mixed.track[1], all_told.track[1], atol=1e-5)
    assert not torch.allclose(none.logits[1], all_told.logits[1], atol=1e-3)
