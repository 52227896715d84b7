# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Fusion, heads and the whole network against their formulas."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')
pytest.importorskip('peft', reason='low-rank weights need peft')

import training.networks  # noqa: E402, F401
from training.thermal.fusion import Fusion, Rectification  # noqa: E402
from training.thermal.guess import distance  # noqa: E402
from training.thermal.heads import ClassDecoder, PyramidHead  # noqa: E402
from training.thermal.low_rank import add_low_rank  # noqa: E402
from training.thermal.network import RgbtNetwork  # noqa: E402
from training.thermal.pyramid import Pyramid, build_encoder  # noqa: E402


def maps(channels=8, batch=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, channels, 5, 7, generator=generator)


def weights(module, name):
    state = module.state_dict()
    return (state[f'{name}.weight'].double().numpy(),
            state[f'{name}.bias'].double().numpy() if f'{name}.bias' in state else 0.0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@torch.no_grad()
def test_rectification_is_its_formula():
    torch.manual_seed(1)
    module, one, two = Rectification(8), maps(seed=1), maps(seed=2)
    found = module(one, two)
    for b in range(2):
        x, y = one[b].double().numpy(), two[b].double().numpy()
        both = np.concatenate([x, y])
        pooled = np.concatenate([both.mean((1, 2)), both.max((1, 2))])
        (w0, b0), (w2, b2) = weights(module, 'by_channel.0'), weights(module, 'by_channel.2')
        channel = sigmoid(w2 @ np.maximum(w0 @ pooled + b0, 0) + b2)
        (v0, d0), (v2, d2) = weights(module, 'by_place.0'), weights(module, 'by_place.2')
        place = sigmoid(np.einsum('oc,chw->ohw', v2[..., 0, 0], np.maximum(np.einsum(
            'oc,chw->ohw', v0[..., 0, 0], both) + d0[:, None, None], 0)) + d2[:, None, None])
        wanted_x = x + 0.5 * channel[8:, None, None] * y + 0.5 * place[1] * y
        wanted_y = y + 0.5 * channel[:8, None, None] * x + 0.5 * place[0] * x
        np.testing.assert_allclose(found[0][b], wanted_x, atol=1e-5)
        np.testing.assert_allclose(found[1][b], wanted_y, atol=1e-5)


@torch.no_grad()
def test_fusion_attends_over_channels_as_its_formula():
    torch.manual_seed(2)
    module = Fusion(8, 2).eval()
    one, two = maps(seed=3), maps(seed=4)
    found = module(one, two)

    def stream(name, x):
        w, b = weights(module, f'{name}.enter')
        stays, leaves = np.split(np.maximum(x @ w.T + b, 0), 2, 1)
        kv, _ = weights(module, f'{name}.keys_values')
        keys, values = np.split(leaves @ kv.T, 2, 1)
        contexts = []
        for h in range(2):
            part = slice(4 * h, 4 * h + 4)
            scores = keys[:, part].T @ values[:, part] * 4 ** -0.5
            grown = np.exp(scores - scores.max(0))
            contexts.append(grown / grown.sum(0))   # columns sum to 1: over the key channels
        return stays, leaves, contexts

    def close(name, x, stays, leaves, contexts):
        looked = np.concatenate(
            [leaves[:, 4 * h:4 * h + 4] @ contexts[h] for h in range(2)], 1)
        w, b = weights(module, f'{name}.leave')
        y = x + np.concatenate([stays, looked], 1) @ w.T + b
        g, d = weights(module, f'{name}.norm')
        return (y - y.mean(1, keepdims=True)) / np.sqrt(y.var(1, keepdims=True) + 1e-5) * g + d

    for k in range(2):
        a, b = (m[k].double().flatten(1).T.numpy() for m in (one, two))
        sa, sb = stream('one', a), stream('two', b)
        joined = np.concatenate([close('one', a, *sa[:2], sb[2]),
                                 close('two', b, *sb[:2], sa[2])], 1)
        grid = torch.from_numpy(joined.T.reshape(1, 16, 5, 7)).float()
        wanted = module.norm(module.shortcut(grid) + module.mix(grid))
        torch.testing.assert_close(found[k:k + 1], wanted, rtol=1e-4, atol=1e-4)


def pyramid(batch=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return Pyramid(*(torch.randn(batch, c, s * 2, s * 3, generator=generator)
                     for c, s in ((32, 4), (64, 2), (256, 1))))


@torch.no_grad()
def test_a_head_with_a_token_a_class_gives_a_map_a_class():
    torch.manual_seed(3)
    decoder = ClassDecoder(5).eval()
    found = decoder(pyramid())
    assert found.shape == (2, 5, 8, 12)
    assert decoder.mask_tokens.weight.shape == (6, 256)
    # class 2 is the third map: its network alone moves it
    for parameter in decoder.hyper[2].parameters():
        parameter.add_(0.1)
    moved = (decoder(pyramid()) - found).abs().amax((0, 2, 3)) > 1e-6
    assert moved.tolist() == [False, False, True, False, False]
    # pictures of a batch do not see each other
    alone = decoder(Pyramid(*(level[1:] for level in pyramid())))
    torch.testing.assert_close(alone, decoder(pyramid())[1:], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('width', [256, 16])
def test_the_pyramid_head_is_registered_and_learns(width):
    head = PyramidHead(4, width)
    names = {n.rpartition('.')[0] for n in head.state_dict()}
    assert names == {'fine', 'middle', 'classify'} | ({'coarse'} if width != 256 else set())
    found = head(pyramid())
    assert found.shape == (2, 4, 8, 12)
    found.square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in head.parameters())
    # the same twice: nothing is drawn anew
    assert torch.equal(head(pyramid()), head(pyramid()))


def network(**options):
    torch.manual_seed(4)
    encoder = build_encoder('hiera_micro')
    if options.pop('low_rank', False):
        add_low_rank(encoder, 2)
    return RgbtNetwork(encoder, 3, **options).eval()


def pair(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(2, 3, 64, 96, generator=generator) for _ in range(2))


BOTH, RGB, THERMAL = (torch.tensor([p, p]) for p in ([1.0, 1.0], [1.0, 0.0], [0.0, 1.0]))


@torch.no_grad()
def test_the_main_head_averages_and_does_not_care_for_the_order():
    net, (rgb, thermal) = network(), pair()
    found, swapped = net.outputs(rgb, thermal, BOTH), net.outputs(thermal, rgb, BOTH)
    torch.testing.assert_close(found.main, (found.rgb + found.thermal) / 2)
    torch.testing.assert_close(found.main, swapped.main, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(found.rgb, swapped.thermal, rtol=1e-4, atol=1e-4)
    same = net.outputs(rgb, rgb, BOTH)
    torch.testing.assert_close(same.main, same.rgb, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_both_modalities_reach_the_fused_maps():
    net, (rgb, thermal) = network(), pair()
    found = net.outputs(rgb, thermal, BOTH)
    for other in ((rgb, thermal + 1), (rgb + 1, thermal)):
        assert not torch.allclose(net.outputs(*other, BOTH).auxiliary, found.auxiliary)
        assert not torch.allclose(net.outputs(*other, BOTH).semantic, found.semantic)


@torch.no_grad()
@pytest.mark.parametrize('answer', ['both', 'main'])
def test_a_missing_picture_has_no_say(answer):
    net, (rgb, thermal) = network(answer=answer), pair()
    nothing = torch.zeros_like(rgb)
    torch.testing.assert_close(net(rgb, thermal, RGB), net(rgb, nothing, RGB))
    torch.testing.assert_close(net(rgb, thermal, THERMAL), net(nothing, thermal, THERMAL))
    # each row of a batch has its own
    mixed = net(rgb, thermal, torch.stack([RGB[0], BOTH[0]]))
    torch.testing.assert_close(mixed[:1], net(rgb, thermal, RGB)[:1], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(mixed[1:], net(rgb, thermal, BOTH)[1:], rtol=1e-4, atol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize('answer', ['both', 'main'])
@pytest.mark.parametrize('own_sets', [False, True])
def test_what_is_answered_apart_is_what_is_answered_without_the_other_picture(answer, own_sets):
    net, (rgb, thermal) = network(answer=answer, own_sets=own_sets), pair()
    apart = net.outputs(rgb, thermal, BOTH, apart=True).apart
    torch.testing.assert_close(apart[0], net(rgb, thermal, RGB), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(apart[1], net(rgb, thermal, THERMAL), rtol=1e-4, atol=1e-4)
    assert net.outputs(rgb, thermal, BOTH).apart is None


@torch.no_grad()
@pytest.mark.parametrize('own_sets', [False, True])
def test_what_a_missing_picture_would_show_is_guessed_from_the_other(own_sets):
    net, plain = network(guess=True, own_sets=own_sets), network(own_sets=own_sets)
    plain.load_state_dict({k: v for k, v in net.state_dict().items() if k[:7] != 'guesses'})
    rgb, thermal = pair()
    nothing = torch.zeros_like(rgb)
    # with both pictures nothing is guessed, and without one it is not looked at
    torch.testing.assert_close(net(rgb, thermal, BOTH), plain(rgb, thermal, BOTH))
    torch.testing.assert_close(net(rgb, thermal, RGB), net(rgb, nothing, RGB))
    torch.testing.assert_close(net(rgb, thermal, THERMAL), net(nothing, thermal, THERMAL))
    one, two = net._encode(rgb, thermal)
    warm, tint = net.guesses[0](one), net.guesses[1](two)
    assert [level.shape for level in warm] == [level.shape for level in two]
    for present, sides in ((RGB, (one, warm)), (THERMAL, (tint, two))):
        found = net.outputs(rgb, thermal, present)
        torch.testing.assert_close(
            found.auxiliary, net.head(net._fused(*sides)), rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(found.main, plain.outputs(rgb, thermal, present).main)
    apart = net.outputs(rgb, thermal, BOTH, apart=True).apart
    torch.testing.assert_close(apart[0], net(rgb, thermal, RGB), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(apart[1], net(rgb, thermal, THERMAL), rtol=1e-4, atol=1e-4)


def test_guesses_learn_from_what_was_there_which_does_not_learn_from_them():
    net, (rgb, thermal) = network(guess=True).train(), pair()
    one, two = (Pyramid(*(level.detach().requires_grad_() for level in side))
                for side in net._encode(rgb, thermal))
    warm = net.guesses[0](one)
    far = distance(warm, two)
    wanted = [sum(float(np.where(d < 1, d * d / 2, d - 0.5).mean()) for d in (
        np.abs((g[b] - r[b]).detach().double().numpy()) for g, r in zip(warm, two, strict=True)))
        for b in range(2)]
    np.testing.assert_allclose(far.detach(), wanted, rtol=1e-5)
    assert distance(two, two).tolist() == [0, 0]
    far.sum().backward()
    assert all(level.grad is None for level in two)
    assert all(level.grad.abs().sum() > 0 for level in one)
    assert all(p.grad is not None for p in net.guesses[0].parameters())
    found = net.outputs(rgb, thermal, BOTH)
    torch.testing.assert_close(found.missed, distance(warm, two) + distance(
        net.guesses[1](two), one), rtol=1e-3, atol=1e-3)
    assert network().outputs(rgb, thermal, BOTH).missed is None


@torch.no_grad()
def test_where_all_weights_learn_each_modality_may_have_an_encoder_of_its_own():
    net, (rgb, thermal) = network(own_sets=True), pair()
    before = net.outputs(rgb, thermal, BOTH)
    for parameter in net.second.parameters():
        parameter.mul_(1.1)
    after = net.outputs(rgb, thermal, BOTH)
    assert torch.equal(after.rgb, before.rgb)
    assert not torch.allclose(after.thermal, before.thermal, atol=1e-3)


@torch.no_grad()
def test_a_network_of_one_modality_looks_at_that_alone():
    net, (rgb, thermal) = network(modalities='thermal'), pair()
    found = net.outputs(rgb, thermal, BOTH)
    assert found.rgb is None
    assert torch.equal(net(rgb + 1, thermal, BOTH), net(rgb, thermal, BOTH))
    assert not torch.allclose(net(rgb, thermal + 1, BOTH), net(rgb, thermal, BOTH))


@torch.no_grad()
def test_own_sets_begin_alike_and_merge_apart():
    net, (rgb, thermal) = network(low_rank=True, own_sets=True), pair()
    shared = network(low_rank=True)
    shared.load_state_dict({
        n: v for n, v in net.state_dict().items() if not n.startswith('second.')})
    torch.testing.assert_close(
        net(rgb, thermal, BOTH), shared(rgb, thermal, BOTH), rtol=1e-4, atol=1e-4)
    for name, parameter in net.second.named_parameters():
        if 'lora_B' in name:
            torch.nn.init.normal_(parameter, std=0.2)
    before = net(rgb, thermal, BOTH)
    assert not torch.allclose(before, shared(rgb, thermal, BOTH), atol=1e-3)
    torch.testing.assert_close(  # the colour picture's set is as it was
        net.outputs(rgb, thermal, BOTH).rgb, shared.outputs(rgb, thermal, BOTH).rgb,
        rtol=1e-4, atol=1e-4)
    net.merge()
    torch.testing.assert_close(net.eval()(rgb, thermal, BOTH), before, rtol=1e-3, atol=1e-3)


def test_everything_that_should_learn_gets_a_gradient():
    net = network(low_rank=True).train()
    rgb, thermal = pair()
    found = net.outputs(rgb, thermal, BOTH)
    (found.main.square().mean() + found.auxiliary.square().mean()).backward()
    silent = {n for n, p in net.named_parameters() if p.requires_grad and (
        p.grad is None or not p.grad.abs().sum())}
    # lora_A waits for lora_B, which begins at 0
    assert {n for n in silent if 'lora_A' not in n} == set()
    assert all(p.grad is None for n, p in net.named_parameters() if not p.requires_grad)
