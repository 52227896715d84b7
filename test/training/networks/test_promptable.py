# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The batched decoder against segment_anything's own forward pass."""

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')
import training.networks  # noqa: E402, F401
from training.networks.encoder import CompactEncoder  # noqa: E402
from training.networks.promptable import PromptableSegmenter, PromptDecoder  # noqa: E402


@pytest.fixture(scope='module')
def decoder() -> PromptDecoder:
    torch.manual_seed(0)
    return PromptDecoder(128, 96).eval()


def official(decoder, embedding, points, boxes, masks):
    sparse, dense = decoder.prompt_encoder(points=points, boxes=boxes, masks=masks)
    return decoder.mask_decoder.predict_masks(
        embedding, decoder.prompt_encoder.get_dense_pe(), sparse, dense)


@torch.no_grad()
def test_clicks_equal_the_official_modules(decoder):
    embedding = torch.randn(1, 256, 6, 8)
    points = torch.rand(3, 2, 2) * 90
    labels = torch.tensor([[1.0, 0.0]]).expand(3, -1)
    expected = official(decoder, embedding, (points, labels), None, None)
    # SAM pads clicks with one "not a point"
    padded = torch.cat([points, torch.zeros(3, 1, 2)], 1)
    got = decoder(embedding, padded, torch.cat([labels, -torch.ones(3, 1)], 1),
                  torch.zeros(3, 1, 24, 32), torch.zeros(3))
    for a, b in zip(got, expected, strict=True):
        torch.testing.assert_close(a, b, atol=2e-5, rtol=1e-4)


@torch.no_grad()
def test_boxes_and_mask_prompts_equal_the_official_modules(decoder):
    embedding = torch.randn(1, 256, 6, 8)
    boxes = torch.tensor([[3.0, 5, 60, 70], [20, 30, 100, 90]])
    masks = torch.randn(2, 1, 24, 32)
    expected = official(decoder, embedding, None, boxes, masks)
    got = decoder(embedding, boxes.reshape(2, 2, 2), torch.tensor([[2.0, 3.0]]).expand(2, -1),
                  masks, torch.ones(2))
    for a, b in zip(got, expected, strict=True):
        torch.testing.assert_close(a, b, atol=2e-5, rtol=1e-4)


@torch.no_grad()
def test_prompts_see_only_the_picture_they_belong_to(decoder):
    embedding = torch.randn(2, 256, 6, 8)
    coords, labels = torch.rand(4, 2, 2) * 90, torch.tensor([[1.0, -1.0]]).expand(4, -1)
    masks, none = torch.zeros(4, 1, 24, 32), torch.zeros(4)
    together, _ = decoder(embedding, coords, labels, masks, none, torch.tensor([0, 1, 1, 0]))
    for picture, rows in ((0, [0, 3]), (1, [1, 2])):
        alone, _ = decoder(embedding[picture:picture + 1], coords[rows], labels[rows],
                           masks[rows], none[rows])
        torch.testing.assert_close(together[rows], alone, atol=2e-5, rtol=1e-4)


@torch.no_grad()
def test_one_empty_mask_serves_all_prompts(decoder):
    embedding = torch.randn(1, 256, 6, 8)
    coords, labels = torch.rand(5, 2, 2) * 90, torch.tensor([[1.0, -1.0]]).expand(5, -1)
    each = decoder(embedding, coords, labels, torch.zeros(5, 1, 24, 32), torch.zeros(5))
    shared = decoder(embedding, coords, labels, torch.zeros(1, 1, 24, 32), torch.zeros(1))
    for a, b in zip(shared, each, strict=True):
        torch.testing.assert_close(a, b, atol=2e-5, rtol=1e-4)


@torch.no_grad()
def test_attention_begins_at_the_prompt():
    torch.manual_seed(0)
    decoder = PromptDecoder(384, 288)
    attention = decoder.mask_decoder.transformer.layers[0].cross_attn_token_to_image
    place = decoder.prompt_encoder.pe_layer._pe_encoding(torch.tensor([[0.25, 0.75]]))
    grid = decoder.prompt_encoder.get_dense_pe()[0].flatten(1).T
    logits = (attention.q_proj(place) @ attention.k_proj(grid).T)[0].reshape(18, 24)
    row, column = divmod(int(logits.argmax()), 24)
    assert abs(row - 0.75 * 18) <= 1
    assert abs(column - 0.25 * 24) <= 1


def test_official_weight_names_load(decoder):
    names = set(decoder.state_dict())
    assert 'mask_decoder.transformer.layers.1.cross_attn_image_to_token.out_proj.weight' in names
    assert 'prompt_encoder.point_embeddings.3.weight' in names
    assert 'prompt_encoder.mask_downscaling.0.weight' in names


def test_the_encoder_gives_sam_embeddings_at_stride_16():
    encoder = CompactEncoder().eval()
    assert encoder(torch.zeros(1, 3, 96, 128)).shape == (1, 256, 6, 8)


@torch.no_grad()
def test_the_detail_of_one_place_changes_the_mask_there_and_nowhere_else():
    torch.manual_seed(0)
    plain = PromptDecoder(128, 96).eval()
    detailed = PromptDecoder(128, 96, detail=4).eval()
    missing = detailed.load_state_dict(plain.state_dict(), strict=False).missing_keys
    assert missing == ['detail.weight', 'detail.bias']
    embedding, folded = torch.randn(2, 256, 6, 8), torch.zeros(2, 64, 6, 8)
    folded[1, :, 2, 3] = torch.arange(64.0)
    prompts = (torch.rand(2, 2, 2) * 90, torch.ones(2, 2), torch.zeros(2, 1, 24, 32),
               torch.zeros(2), torch.tensor([0, 1]))
    before, _ = plain(embedding, *prompts)
    untrained, _ = detailed(torch.cat([embedding, folded], 1), *prompts)
    torch.testing.assert_close(untrained, before)
    detailed.detail.weight.normal_()
    after, _ = detailed(torch.cat([embedding, folded], 1), *prompts)
    changed = (after - before).abs().amax(1) > 1e-4
    assert not changed[0].any()
    assert changed[1, 8:12, 12:16].any()
    changed[1, 8:12, 12:16] = False
    assert not changed[1].any()


def test_the_encoder_folds_its_detail_behind_the_embedding():
    encoder = CompactEncoder(detail=4).eval()
    assert encoder(torch.zeros(1, 3, 96, 128)).shape == (1, 256 + 4 * 16, 6, 8)


def test_a_backbone_without_the_strides_is_refused():
    with pytest.raises(ValueError, match='strides'):
        CompactEncoder('vit_tiny_patch16_224')


def test_the_network_learns_one_picture():
    torch.manual_seed(1)
    network = PromptableSegmenter('mobilenetv4_conv_small', 128, 96)
    from training.data.prompts import draw
    from training.loader import low_res_target
    from training.losses.prompt import prompt_loss
    rng = np.random.default_rng(0)
    ids = np.zeros((96, 128), np.uint8)
    ids[20:60, 20:60], ids[40:80, 80:120] = 1, 2
    picture = torch.from_numpy(rng.normal(0, 1, (2, 3, 96, 128)).astype(np.float32))
    picture[:, :, torch.from_numpy(ids == 1)] += 2
    picture[:, :, torch.from_numpy(ids == 2)] -= 2
    optimiser = torch.optim.AdamW(network.parameters(), 1e-3)
    losses = []
    for step in range(12):
        p = draw(ids, 6, np.random.default_rng(step))
        logits, scores = network.decoder(
            network.encoder(picture), *(torch.from_numpy(a) for a in (
                p.coords, p.labels, p.masks, p.has_mask)), torch.tensor([0, 0, 0, 1, 1, 1]))
        loss, _ = prompt_loss(logits, scores, torch.from_numpy(low_res_target(p.target)),
                              torch.from_numpy(p.is_object))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert np.mean(losses[-3:]) < 0.8 * np.mean(losses[:3])
