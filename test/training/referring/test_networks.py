# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""RefSAM's parts: what stays SAM's, what words and tracks change, and how much learns."""

from __future__ import annotations

from dataclasses import replace
import math

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

from training.networks.encoder import CompactEncoder  # noqa: E402
from training.networks.promptable import PromptDecoder  # noqa: E402
from training.networks.sam_vit import SPECS, SamVit, VitSpec  # noqa: E402
from training.networks.student import count  # noqa: E402
from training.referring.network import ReferringNetwork  # noqa: E402
from training.referring.networks.adapters import After, adapt_compact, adapt_vit  # noqa: E402
from training.referring.networks.decoder import WordDecoder, two_way  # noqa: E402
from training.referring.networks.dense import (  # noqa: E402
    PUBLISHED_SHARPNESS,
    DenseAttention,
    HierarchicalDenseAttention,
    attend,
)
from training.referring.networks.sight import CompactSight, TwoSights, VitSight  # noqa: E402
from training.referring.networks.tracking import QueryInteraction, TrackMlp  # noqa: E402
from training.referring.networks.words import CrossModalMlp, Said  # noqa: E402
from training.referring.recipe import NetworkChoice, TextChoice  # noqa: E402
from training.referring.text.encoder import Encoded, pooled_mean  # noqa: E402

WIDTH, HEIGHT = 64, 32
GRID = (HEIGHT // 16, WIDTH // 16)
SPEC = VitSpec(32, 4, 2, (0, 1, 2, 3), window=3)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(3)
    yield
    torch.set_num_threads(before)


def unit(*shape, dim):
    return torch.nn.functional.normalize(torch.randn(*shape), dim=dim)


def said(targets=2, length=4, kept=None):
    """Return sentences, of which each has `kept` tokens."""
    mask = torch.ones(targets, length)
    for row, tokens in enumerate(kept or []):
        mask[row, tokens:] = 0
    return Said(unit(targets, length, 256, dim=-1), mask, unit(targets, 256, dim=-1))


class Table(torch.nn.Module):
    """A text encoder that looks words up."""

    def __init__(self, width=24):
        super().__init__()
        self.width = width
        self.rows = torch.nn.Embedding(20, width)

    def forward(self, ids, mask):
        tokens = self.rows(ids)
        return Encoded(tokens, mask, pooled_mean(tokens, mask))


def small(**changes):
    choice = NetworkChoice(detail=0, text=TextChoice(learns=True), **changes)
    return ReferringNetwork(choice, WIDTH, HEIGHT, Table(), 24).eval()


# --- words


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


# --- dense attention


def naive_attention(places, vectors, sharpness):
    """Return what each place draws, by loops, in float64."""
    _, rows, columns = places.shape
    out = np.zeros(places.shape)
    for y in range(rows):
        for x in range(columns):
            logits = [sharpness * float(places[:, y, x] @ v) for v in vectors]
            weights = [math.exp(v - max(logits)) for v in logits]
            total = sum(weights)
            out[:, y, x] = sum(w / total * v for w, v in zip(weights, vectors, strict=True))
    return out


def test_dense_attention_is_its_formula_and_its_rows_sum_to_one():
    places, spoken = unit(2, 256, *GRID, dim=1), said(2, 4, kept=[4, 2])
    drawn, weights = attend(places, spoken, 8.0)
    assert torch.allclose(weights.sum(-1), torch.ones(2, GRID[0] * GRID[1]), atol=1e-6)
    assert not weights[1, :, 3:].any()          # the sentence, two words, two paddings
    for k, tokens in enumerate((4, 2)):
        vectors = [spoken.sentence[k], *spoken.words[k, :tokens]]
        wanted = naive_attention(
            places[k].double().numpy(), [v.double().numpy() for v in vectors], 8.0)
        np.testing.assert_allclose(drawn[k].numpy(), wanted, atol=1e-6)


def test_of_one_vector_every_place_draws_the_same():
    spoken = said(1, 3, kept=[0])
    drawn, _ = attend(unit(1, 256, *GRID, dim=1), spoken, PUBLISHED_SHARPNESS)
    assert torch.allclose(
        drawn, spoken.sentence[:, :, None, None].expand_as(drawn), atol=1e-6)
    assert pytest.approx(1 / 16) == PUBLISHED_SHARPNESS


def test_the_hierarchy_is_mixed_by_one_number_that_begins_at_half():
    dense = HierarchicalDenseAttention()
    places, middle, spoken = unit(2, 256, *GRID, dim=1), unit(2, 256, *GRID, dim=1), said()
    half = 0.5 * dense.last(places, spoken) + 0.5 * dense.middle(middle, spoken)
    assert torch.allclose(dense(places, middle, spoken), half, atol=1e-6)
    with torch.no_grad():
        dense.share.fill_(1.0)
    assert torch.allclose(
        dense(places, middle, spoken), dense.last(places, spoken), atol=1e-6)
    assert count(DenseAttention())[1] == 512 * 256 + 256


def test_dense_attention_may_tell_how_alike_place_and_sentence_are():
    dense = DenseAttention(8.0, likeness=True)
    places, spoken = unit(2, 256, *GRID, dim=1), said()
    with torch.no_grad():
        dense.join.weight[:, :512] = 0
        dense.join.weight[:, 512] = 1
        dense.join.bias.zero_()
    cosine = torch.einsum('nchw,nc->nhw', places, spoken.sentence)
    assert torch.allclose(dense(places, spoken)[:, 7], 8 * cosine, atol=1e-5)
    assert count(DenseAttention(likeness=True))[1] == 513 * 256 + 256


def test_likeness_answers_where_places_are_like_their_sentence():
    network = small(answers='likeness', temperature=10.0, track='mlp')
    assert network.tracking is None
    spoken, seen = said(3), network.see(*torch.randn(2, 1, 3, HEIGHT, WIDTH))
    found = network.answer(seen, spoken)
    assert found.track is None
    mean = (seen.embedding + seen.hierarchy) / 2
    cosine = torch.einsum('chw,nc->nhw', mean[0], spoken.sentence)
    logits = torch.nn.functional.interpolate(
        10 * (cosine[:, None] - 1 / 8), scale_factor=4, mode='bilinear', align_corners=False)
    assert torch.allclose(found.logits, logits, atol=1e-5)
    assert torch.allclose(found.score, found.logits.sigmoid().flatten(1).amax(1))


# --- adapters


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


# --- decoder


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


# --- tracks


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


# --- the whole


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
