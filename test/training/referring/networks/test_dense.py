# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What places draw from words, against loops, and how two scales are mixed."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

from miniature.referring_network import GRID, HEIGHT, WIDTH, said, small, unit  # noqa: E402

from training.networks.student import count  # noqa: E402
from training.referring.networks.dense import (  # noqa: E402
    PUBLISHED_SHARPNESS,
    DenseAttention,
    HierarchicalDenseAttention,
    attend,
)


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
    assert torch.allclose(found.score, found.logits.sigmoid().flatten(1).amax(1))
    mean = (seen.embedding + seen.hierarchy) / 2
    cosine = torch.einsum('chw,nc->nhw', mean[0], spoken.sentence)
    # 4 x 4 logits a place: the best of them lies in the place that is most alike
    best = found.logits[:, 0].unflatten(2, (-1, 4)).unflatten(1, (-1, 4)).amax((2, 4))
    assert torch.equal(best.flatten(1).argmax(1), cosine.flatten(1).argmax(1))
    even = seen._replace(
        embedding=seen.embedding[..., :1, :1].expand_as(seen.embedding),
        hierarchy=seen.hierarchy[..., :1, :1].expand_as(seen.hierarchy))
    wanted = 10 * (cosine[:, :1, :1, None] - 1 / 8)
    assert torch.allclose(network.answer(even, spoken).logits, wanted.expand(3, 1, 8, 16),
                          atol=1e-5)
