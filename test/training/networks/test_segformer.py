# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""SegFormer against its published counts and names, naive attention, and its own streams."""

import math
import re

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')
from torch.nn import functional as F  # noqa: E402

from training.errors import RecipeError  # noqa: E402
import training.networks  # noqa: E402, F401
from training.networks.segformer import B0, SIZES, STAGES, SegFormer, SegFormerSpec  # noqa: E402
from training.networks.segformer_weights import authors_names, load_published  # noqa: E402

SMALL = SegFormerSpec((8, 16, 24, 32), (1, 2, 1, 1), (1, 2, 3, 4), head=16)


@pytest.fixture(scope='module')
def network():
    torch.manual_seed(0)
    made = SegFormer(5, SMALL)
    for parameter in made.parameters():   # biases and norms too, so that each one matters
        torch.nn.init.normal_(parameter, std=0.3)
    return made.eval()


def pictures(seed, count=2, rows=48, columns=64):
    return torch.randn(
        count, 3, rows, columns, generator=torch.Generator().manual_seed(seed))


def test_b0_has_the_published_number_of_parameters():
    """3,319,392 for mit_b0 without its classes; 3.72 million with a head, as CMESS says."""
    network = SegFormer(11)
    encoder = sum(p.numel() for p in network.backbone.parameters())
    assert encoder == 3_319_392
    whole = sum(p.numel() for p in network.parameters())
    assert round(whole / 1e6, 2) == 3.72
    widths = B0.widths
    # linear layers of the head, the fusion without bias, its norm, the classes
    head = sum(256 * (w + 1) for w in widths) + 4 * 256 * 256 + 2 * 256 + 11 * 257
    assert whole == encoder + head


@pytest.mark.parametrize(('rows', 'columns'), [(48, 64), (50, 71), (96, 32)])
def test_any_size_goes_and_logits_have_a_quarter_of_it(network, rows, columns):
    found = network(pictures(1, 1, rows, columns))
    assert found.shape == (1, 5, math.ceil(rows / 4), math.ceil(columns / 4))


def test_the_head_is_the_published_one_computed_in_another_order(network):
    """Enlarge, join deepest first, then one convolution: the order of the paper, in float64."""
    head = network.decode_head.double()
    features = [f.double() for f in network.double().backbone(pictures(2).double())]
    size = features[0].shape[2:]
    enlarged = []
    for k in reversed(STAGES):
        linear = head.get_submodule(f'linear_c{k + 1}.proj')
        grid = F.conv2d(features[k], linear.weight[:, :, None, None], linear.bias)
        enlarged.append(F.interpolate(grid, size, mode='bilinear', align_corners=False))
    fused = F.relu(head.linear_fuse.bn(head.linear_fuse.conv(torch.cat(enlarged, 1))))
    torch.testing.assert_close(head(features), head.linear_pred(fused))
    network.float()


def naive_attention(attention, asking, asked, size):
    """Return what every query finds, by loops over heads and places, float64."""
    def dense(layer, x):
        return x @ layer.weight.detach().double().numpy().T + layer.bias.detach().double().numpy()

    def norm(layer, x):
        off = x - x.mean(-1, keepdims=True)
        off = off / np.sqrt((off ** 2).mean(-1, keepdims=True) + layer.eps)
        return (off * layer.weight.detach().double().numpy()
                + layer.bias.detach().double().numpy())

    width = asked.shape[1]
    if attention.reduction > 1:
        r, weight = attention.reduction, attention.sr.weight.detach().double().numpy()
        grid = asked.reshape(*size, width)
        rows = []
        for y in range(size[0] // r):
            for x in range(size[1] // r):
                patch = grid[y * r:(y + 1) * r, x * r:(x + 1) * r]
                rows.append(np.einsum('yxc,ocyx->o', patch, weight)
                            + attention.sr.bias.detach().double().numpy())
        asked = norm(attention.norm, np.stack(rows))
    queries, both = dense(attention.q, asking), dense(attention.kv, asked)
    keys, values = both[:, :width], both[:, width:]
    found, deep = np.zeros_like(queries), width // attention.heads
    for h in range(attention.heads):
        part = slice(h * deep, (h + 1) * deep)
        for i in range(len(queries)):
            grown = np.exp(keys[:, part] @ queries[i, part] / math.sqrt(deep))
            found[i, part] = grown @ values[:, part] / grown.sum()
    return found


@pytest.mark.parametrize('stage', [1, 3])
def test_the_third_stream_asks_the_source_s_queries_of_the_target(network, stage):
    block = network.backbone.get_submodule(f'block{stage}')[0]
    width, size = SMALL.widths[stage - 1], (8, 16)
    tokens = torch.randn(3, size[0] * size[1], width,
                         generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        normed = [n.double().numpy() for n in block.norm1(tokens)]
        found = block.streams(tokens, size, cross=True)
        for k, (asking, asked) in enumerate(((0, 0), (0, 2), (2, 2))):
            attended = torch.from_numpy(naive_attention(
                block.attn, normed[asking], normed[asked], size)).float()[None]
            x = tokens[k:k + 1] + block.attn.proj(attended)
            x = x + block.mlp(block.norm2(x), size)
            torch.testing.assert_close(found[k:k + 1], x, rtol=1e-4, atol=1e-4)


def test_three_streams_agree_after_every_block_for_identical_inputs(network):
    seen = []
    hooks = []
    for k in STAGES:
        for block in network.backbone.get_submodule(f'block{k + 1}'):
            original = block.streams

            def watched(x, size, cross, original=original):
                out = original(x, size, cross)
                seen.append(out)
                return out
            block.streams = watched
            hooks.append(block)
    try:
        with torch.no_grad():
            streams = network.streams(pictures(4), pictures(4))
    finally:
        for block in hooks:
            del block.streams
    assert len(seen) == sum(SMALL.depths)
    for out in seen:
        source, cross, target = out.chunk(3)
        torch.testing.assert_close(source, target)
        torch.testing.assert_close(source, cross)
    plain = network(pictures(4))
    for stream in streams:
        torch.testing.assert_close(stream, plain)


@pytest.mark.parametrize('stages', [STAGES, (2, 3), ()])
def test_source_and_target_streams_are_the_network_alone(network, stages):
    one, other = pictures(5), pictures(6)
    with torch.no_grad():
        streams = network.streams(one, other, stages)
        torch.testing.assert_close(streams.source, network(one))
        torch.testing.assert_close(streams.target, network(other))
        # without a stage that asks across, the third stream is the target's
        same = torch.allclose(streams.cross, streams.target, atol=1e-5)
    assert same == (stages == ())


def test_a_branch_is_left_out_for_whole_pictures_in_training_only():
    torch.manual_seed(0)
    block = SegFormer(2, SegFormerSpec(drop_path=0.5)).backbone.block4[1]
    branch = torch.ones(4000, 2, 3)
    dropped = block.train()._dropped(branch)
    kept = dropped[:, 0, 0] > 0
    assert 0.45 < kept.float().mean() < 0.55
    torch.testing.assert_close(dropped[kept], branch[kept] * 2)
    assert block.eval()._dropped(branch) is branch


def transformers_names(state):
    """Return a state dict under the names of transformers, by its documented layout."""
    found = {}
    for name, value in state.items():
        number = re.match(r'(?:backbone|decode_head)\.[a-z_]+?(\d)', name)
        k = int(number[1]) - 1 if number else None
        rest = name
        for pattern, by in (
                (r'backbone\.patch_embed\d\.proj', f'segformer.encoder.patch_embeddings.{k}.proj'),
                (r'backbone\.patch_embed\d\.norm',
                 f'segformer.encoder.patch_embeddings.{k}.layer_norm'),
                (r'backbone\.norm\d', f'segformer.encoder.layer_norm.{k}'),
                (r'backbone\.block\d', f'segformer.encoder.block.{k}'),
                (r'\.attn\.norm', '.attention.self.layer_norm'),
                (r'(\.block\.\d\.\d)\.norm(\d)', r'\1.layer_norm_\2'),
                (r'\.attn\.q\.', '.attention.self.query.'), (r'\.attn\.sr', '.attention.self.sr'),
                (r'\.attn\.proj', '.attention.output.dense'), (r'\.mlp\.fc', '.mlp.dense'),
                (r'linear_c\d', f'linear_c.{k}'), (r'linear_fuse\.conv', 'linear_fuse'),
                (r'linear_fuse\.bn', 'batch_norm'), (r'linear_pred', 'classifier')):
            rest = re.sub(pattern, by, rest)
        if '.attn.kv.' in rest:
            key, other = value.chunk(2)
            found[rest.replace('.attn.kv.', '.attention.self.key.')] = key
            found[rest.replace('.attn.kv.', '.attention.self.value.')] = other
        else:
            found[rest] = value
    return found


@pytest.mark.parametrize('kind', ['authors', 'encoder', 'transformers'])
def test_published_weights_load(tmp_path, kind):
    torch.manual_seed(1)
    published = SegFormer(19)
    state = published.state_dict()
    if kind == 'authors':
        content = {'state_dict': {**state, 'decode_head.conv_seg.weight': torch.zeros(19, 128)},
                   'meta': {'epoch': 1}}
    elif kind == 'encoder':
        content = {k.removeprefix('backbone.'): v for k, v in state.items()
                   if k.startswith('backbone.')} | {'head.weight': torch.zeros(1000, 256)}
    else:
        content = transformers_names(state)
        assert 'segformer.encoder.block.0.0.attention.self.key.weight' in content
        assert 'segformer.encoder.patch_embeddings.3.layer_norm.bias' in content
        assert 'decode_head.linear_c.2.proj.weight' in content
    torch.save(content, tmp_path / 'weights.pth')
    network = SegFormer(6)
    missing = load_published(network, tmp_path / 'weights.pth')
    for name, value in network.state_dict().items():
        assert (name in missing) or torch.equal(value, state[name]), name
    last = {'decode_head.linear_pred.weight', 'decode_head.linear_pred.bias'}
    if kind == 'encoder':
        assert all(name.startswith('decode_head.') for name in missing)
    else:
        assert set(missing) == last


def test_other_checkpoints_are_refused_in_one_sentence(tmp_path):
    path = tmp_path / 'weights.pth'
    with pytest.raises(RecipeError, match='cannot be read'):
        load_published(SegFormer(6), path)
    torch.save({'conv1.weight': torch.zeros(1)}, path)
    with pytest.raises(RecipeError, match='is no SegFormer: it has conv1'):
        load_published(SegFormer(6), path)
    torch.save({}, path)
    with pytest.raises(RecipeError, match='no encoder'):
        load_published(SegFormer(6), path)
    torch.save(SegFormer(6, SegFormerSpec((64, 128, 320, 512))).state_dict(), path)
    with pytest.raises(RecipeError, match='of another size'):
        load_published(SegFormer(6), path)
    assert authors_names({'decode_head.classifier.bias': torch.zeros(3)}).keys() == {
        'decode_head.linear_pred.bias'}


@pytest.mark.parametrize(('size', 'millions'), [
    ('b0', 3.8), ('b1', 13.7), ('b2', 27.5), ('b3', 47.3), ('b4', 64.1), ('b5', 84.7)])
def test_the_sizes_have_the_published_parameters(size, millions):
    """Table 1 of Xie et al.; heads of 150 classes, as on ADE20K."""
    with torch.device('meta'):
        network = SegFormer(150, SIZES[size])
    count = sum(p.numel() for p in network.parameters()) / 1e6
    assert count == pytest.approx(millions, abs=0.11)
