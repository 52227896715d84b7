# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Token weights against a naive float64 reading of their definition."""

import math

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')
import training.networks  # noqa: E402, F401
from training.networks.attention import WEIGHTINGS, pivotal  # noqa: E402
from training.networks.sam_vit import SamVit, VitSpec  # noqa: E402

SPEC = VitSpec(12, 6, 2, (1, 3, 5), window=3)
ROWS, COLUMNS = 4, 5


@pytest.fixture(scope='module')
def network():
    torch.manual_seed(3)
    made = SamVit(SPEC, 16 * ROWS, 16 * COLUMNS).eval()
    for name, parameter in made.named_parameters():
        if 'pos' in name or 'qkv' in name:
            torch.nn.init.normal_(parameter, std=0.7)
    return made


def naive_attention(module, tokens):
    """Return probabilities [heads][query][key] of tokens {(row, column): vector}, by loops."""
    places = list(tokens)
    weight = module.qkv.weight.detach().double().numpy()
    bias = module.qkv.bias.detach().double().numpy()
    heads, width = module.num_heads, weight.shape[1]
    deep = width // heads
    side = (1 + max(r for r, _ in places), 1 + max(c for _, c in places))

    def table(values, size):
        values = values.detach().double().numpy()
        wanted = 2 * size - 1
        if len(values) == wanted:
            return values
        # half-pixel linear resampling, as torch does without align_corners
        out = np.empty((wanted, values.shape[1]))
        for k in range(wanted):
            x = min(max((k + 0.5) * len(values) / wanted - 0.5, 0), len(values) - 1)
            low = min(int(x), len(values) - 1)
            high = min(low + 1, len(values) - 1)
            out[k] = values[low] * (1 - (x - low)) + values[high] * (x - low)
        return out

    vertical = table(module.rel_pos_h, side[0])
    horizontal = table(module.rel_pos_w, side[1])
    projected = {p: weight @ v + bias for p, v in tokens.items()}
    found = np.zeros((heads, len(places), len(places)))
    for h in range(heads):
        for i, p in enumerate(places):
            query = projected[p][h * deep:(h + 1) * deep]
            logits = []
            for q in places:
                key = projected[q][width + h * deep:width + (h + 1) * deep]
                logits.append(
                    query @ key / math.sqrt(deep)
                    + query @ vertical[p[0] - q[0] + side[0] - 1]
                    + query @ horizontal[p[1] - q[1] + side[1] - 1])
            grown = np.exp(np.asarray(logits) - max(logits))
            found[h, i] = grown / grown.sum()
    return found


def naive_transition(module, grid, window, valid):
    """Return [heads, N, N] among valid tokens of the grid {(row, column): vector}."""
    places = [(r, c) for r in range(ROWS) for c in range(COLUMNS)]
    index = {p: k for k, p in enumerate(places)}
    width = len(next(iter(grid.values())))
    full = np.zeros((module.num_heads, len(places), len(places)))
    step = window or max(ROWS, COLUMNS)
    for top in range(0, ROWS, step):
        for left in range(0, COLUMNS, step):
            if window:
                local = {(r, c): grid.get((top + r, left + c), np.zeros(width))
                         for r in range(window) for c in range(window)}
            else:
                local = grid
            probabilities = naive_attention(module, local)
            for i, p in enumerate(local):
                for j, q in enumerate(local):
                    a, b = (top + p[0], left + p[1]), (top + q[0], left + q[1])
                    if a in index and b in index:
                        full[:, index[a], index[b]] = probabilities[:, i, j]
    keep = np.asarray([valid[p] for p in places], float)
    full = full * keep[None, None] * keep[None, :, None]
    return full / np.maximum(full.sum(-1, keepdims=True), 1e-300)


def naive_weights(network, image, valid):
    """Return the weights of each kind at each tap but the last, float64 [ROWS, COLUMNS]."""
    inputs, outputs = {}, {}

    blocks = network.image_encoder.blocks
    hooks = [b.norm1.register_forward_hook(
        lambda _m, _i, out, k=k: inputs.__setitem__(k, out[0].double().numpy()))
        for k, b in enumerate(blocks)]
    mixed = {}
    for k, block in enumerate(blocks):
        hooks.append(block.register_forward_pre_hook(
            lambda _m, given, k=k: mixed.__setitem__(k, given[0][0].double().numpy())))
        hooks.append(block.norm2.register_forward_pre_hook(
            lambda _m, given, k=k: outputs.__setitem__(k, given[0][0].double().numpy())))
    network(image)
    for hook in hooks:
        hook.remove()

    def grid(values):
        return {(r, c): values[r, c] for r in range(ROWS) for c in range(COLUMNS)}

    true = [naive_transition(b.attn, grid(inputs[k]), b.window_size, valid)
            for k, b in enumerate(blocks)]
    again = [naive_transition(b.attn, grid(outputs[k] - mixed[k]), 0, valid)
             for k, b in enumerate(blocks)]
    result = {'next': [], 'product': [], 'clean': []}
    for tap, following in zip(SPEC.taps[:-1], SPEC.taps[1:], strict=True):
        product = np.stack([np.eye(ROWS * COLUMNS)] * SPEC.heads)
        for k in range(tap + 1, SPEC.depth):
            product = true[k] @ product
        for kind, matrix in (('next', again[tap + 1]), ('product', product),
                             ('clean', true[following])):
            drawn = matrix.mean(0).sum(0).reshape(ROWS, COLUMNS)
            result[kind].append((1 + drawn) / 2)
    return result


@pytest.mark.parametrize('padded', [False, True])
@torch.no_grad()
def test_weights_equal_a_naive_float64_reading(network, padded):
    image = torch.randn(1, 3, 16 * ROWS, 16 * COLUMNS)
    valid = np.ones((ROWS, COLUMNS), bool)
    if padded:
        valid[:, 4:] = valid[3:] = False
    _, weights = pivotal(network, image, torch.from_numpy(valid)[None, None])
    for kind, naive in naive_weights(network, image, valid).items():
        for got, expected in zip(weights[kind], naive, strict=False):
            np.testing.assert_allclose(
                got[0, 0].numpy()[valid], expected[valid], atol=2e-5, err_msg=kind)


@pytest.mark.parametrize('padded', [False, True])
def test_weights_are_one_in_the_mean_and_never_below_a_half(network, padded):
    image = torch.randn(3, 3, 16 * ROWS, 16 * COLUMNS, requires_grad=True)
    valid = torch.ones(3, 1, ROWS, COLUMNS, dtype=torch.bool)
    if padded:
        valid[1, :, 2:] = valid[2, :, :, 3:] = False
    features, weights = pivotal(network, image, valid)
    assert set(weights) == set(WEIGHTINGS)
    for kind, maps in weights.items():
        assert len(maps) == len(SPEC.taps)
        assert (maps[-1] == 1).all()
        spread = 0.0
        for weight in maps:
            assert not weight.requires_grad
            for one, mask in zip(weight, valid, strict=True):
                assert one[mask].mean().item() == pytest.approx(1, abs=1e-5)
                assert one[mask].min().item() >= 0.5
            spread = max(spread, float(weight[0].std()))
        assert (spread > 0.01) == (kind != 'none')
    assert not features.embedding.requires_grad


@torch.no_grad()
def test_looking_at_attention_does_not_change_what_the_network_sees(network):
    image = torch.randn(2, 3, 16 * ROWS, 16 * COLUMNS)
    features, _ = pivotal(network, image)
    plain = network(image)
    torch.testing.assert_close(features.embedding, plain.embedding, atol=2e-5, rtol=1e-4)
    for a, b in zip(features.taps, plain.taps, strict=True):
        torch.testing.assert_close(a, b, atol=2e-5, rtol=1e-4)
