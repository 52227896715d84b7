# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""SAM 2's hierarchical encoder, the compact one, official checkpoints and low-rank weights."""

from __future__ import annotations

import copy

import pytest

torch = pytest.importorskip('torch', reason='training needs torch')
pytest.importorskip('peft', reason='low-rank weights need peft')

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from training.errors import RecipeError  # noqa: E402
import training.networks  # noqa: E402, F401
from training.thermal.heads import ClassDecoder  # noqa: E402
from training.thermal.low_rank import (  # noqa: E402
    add_low_rank,
    keep_norms,
    learnt,
    low_rank_layers,
    merged,
    twin,
)
from training.thermal.pyramid import build_encoder, fixed_positions  # noqa: E402
from training.thermal.start import apply_decoder, apply_start, encoder_file, read_start  # noqa: E402

KINDS = ('hiera_micro', 'mobilenetv4_conv_small')


def pictures(batch=2):
    return torch.randn(batch, 3, 64, 96, generator=torch.Generator().manual_seed(5))


def made(kind):
    torch.manual_seed(0)
    return build_encoder(kind).eval()


def moved(encoder):
    """Give the low-rank weights values as after training."""
    torch.manual_seed(1)
    for _, layer in low_rank_layers(encoder):
        nn.init.normal_(layer.lora_B['default'].weight, std=0.1)
    return encoder.eval()


@pytest.mark.parametrize('kind', [*KINDS, 'resnet18'])
def test_three_scales_have_their_strides_and_channels(kind):
    found = made(kind)(pictures())
    assert [tuple(level.shape) for level in found] == [
        (2, 32, 16, 24), (2, 64, 8, 12), (2, 256, 4, 6)]


@torch.no_grad()
@pytest.mark.parametrize('kind', KINDS)
def test_low_rank_weights_change_nothing_at_first(kind):
    encoder = made(kind)
    before = encoder(pictures())
    add_low_rank(encoder, 4)
    for a, b in zip(before, encoder.eval()(pictures()), strict=True):
        assert torch.equal(a, b) or float((a - b).abs().max()) < 1e-6


@torch.no_grad()
@pytest.mark.parametrize('kind', KINDS)
def test_merged_weights_do_the_same_and_are_plain(kind):
    encoder = made(kind)
    plain = copy.deepcopy(encoder).state_dict()
    add_low_rank(encoder, 4)
    moved(encoder)
    found, whole = encoder(pictures()), merged(encoder)
    assert whole.state_dict().keys() == plain.keys()
    for a, b in zip(found, whole.eval()(pictures()), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)
    assert any(not torch.equal(v, plain[k]) for k, v in whole.state_dict().items())
    # the adapted one is as it was
    assert sum(1 for _ in low_rank_layers(encoder))


def test_base_plus_has_queries_and_values_of_every_block_adapted():
    encoder = build_encoder('hiera_base_plus')
    frozen = sum(p.numel() for p in encoder.trunk.parameters())
    add_low_rank(encoder, 16)
    names = {name.removeprefix('trunk.') for name, _ in low_rank_layers(encoder)}
    assert names == {f'blocks.{k}.attn.qkv.{which}' for k in range(24) for which in 'qv'}
    # A: rank x width in, B: width out x rank, for q and v; blocks 2, 5 and 21 double the width
    inside = [112] * 3 + [224] * 3 + [448] * 16 + [896] * 2
    outside = [112] * 2 + [224] * 3 + [448] * 16 + [896] * 3
    wanted = 2 * 16 * (sum(inside) + sum(outside))
    added = {n: p for n, p in encoder.trunk.named_parameters() if 'lora_' in n}
    assert sum(p.numel() for p in added.values()) == wanted == 663_040
    assert {n for n, p in encoder.trunk.named_parameters() if p.requires_grad} == set(added)
    assert sum(p.numel() for p in encoder.trunk.parameters()) == frozen + wanted


def test_a_convolutional_backbone_is_adapted_at_its_pointwise_convolutions():
    encoder = made('mobilenetv4_conv_small')
    pointwise = {f'backbone.{n}' for n, m in encoder.backbone.named_modules()
                 if isinstance(m, nn.Conv2d) and m.kernel_size == (1, 1)}
    add_low_rank(encoder, 2)
    assert {name for name, _ in low_rank_layers(encoder)} == pointwise
    assert len(pointwise) > 20


def test_only_low_rank_weights_and_projections_are_kept():
    encoder = made('mobilenetv4_conv_small')
    every = sum(v.numel() for v in encoder.state_dict().values())
    add_low_rank(encoder, 4)
    kept = learnt(encoder)
    assert all('lora_' in n or n.split('.')[0] in {
        'fine', 'middle', 'coarse', 'coarsest', 'norm'} for n in kept)
    assert sum(v.numel() for v in kept.values()) < 0.25 * every


def test_norms_of_an_adapted_backbone_keep_their_statistics():
    encoder = made('mobilenetv4_conv_small')
    add_low_rank(encoder, 4)
    before = {n: b.clone() for n, b in encoder.named_buffers()}
    encoder.train()
    keep_norms(encoder)
    encoder(pictures())
    for name, buffer in encoder.named_buffers():
        assert torch.equal(buffer, before[name])


@torch.no_grad()
def test_a_twin_shares_what_is_frozen_and_learns_alone():
    encoder = made('hiera_micro')
    add_low_rank(encoder, 4)
    second = twin(encoder)
    for (name, a), (_, b) in zip(
            encoder.named_parameters(), second.named_parameters(), strict=True):
        assert (a is b) == (not a.requires_grad), name
    before = encoder(pictures())
    moved(second)
    for a, b in zip(before, encoder(pictures()), strict=True):
        assert torch.equal(a, b)


@torch.no_grad()
def test_positions_as_a_constant_are_the_same():
    encoder = made('hiera_micro')
    nn.init.normal_(encoder.trunk.pos_embed)
    nn.init.normal_(encoder.trunk.pos_embed_window)
    before = encoder(pictures(1))
    fixed_positions(encoder, 64, 96)
    for a, b in zip(before, encoder(pictures(1)), strict=True):
        torch.testing.assert_close(a, b)


def official(widths=(96, 192, 384, 768), depths=(1, 2, 7, 2)):
    """Tensors by the names and of the shapes that SAM 2's code gives its tiny model."""
    generator = torch.Generator().manual_seed(2)
    state = {}

    def put(name, *shape):
        state[name] = 0.05 * torch.randn(*shape, generator=generator)

    trunk = 'image_encoder.trunk.'
    first = widths[0]
    put(f'{trunk}pos_embed', 1, first, 7, 7)
    put(f'{trunk}pos_embed_window', 1, first, 8, 8)
    put(f'{trunk}patch_embed.proj.weight', first, 3, 7, 7)
    put(f'{trunk}patch_embed.proj.bias', first)
    width, k = first, 0
    for stage, depth in zip(widths, depths, strict=True):
        for _ in range(depth):
            block = f'{trunk}blocks.{k}.'
            for name, rows, columns in (
                    ('attn.qkv', 3 * stage, width), ('attn.proj', stage, stage),
                    ('mlp.layers.0', 4 * stage, stage), ('mlp.layers.1', stage, 4 * stage)):
                put(f'{block}{name}.weight', rows, columns)
                put(f'{block}{name}.bias', rows)
            for name, size in (('norm1', width), ('norm2', stage)):
                put(f'{block}{name}.weight', size)
                put(f'{block}{name}.bias', size)
            if width != stage:
                put(f'{block}proj.weight', stage, width)
                put(f'{block}proj.bias', stage)
            width, k = stage, k + 1
    for n, channels in enumerate(reversed(widths)):
        put(f'image_encoder.neck.convs.{n}.conv.weight', 256, channels, 1, 1)
        put(f'image_encoder.neck.convs.{n}.conv.bias', 256)
    decoder = 'sam_mask_decoder.'
    for layer in (0, 1):
        base = f'{decoder}transformer.layers.{layer}.'
        for attention, inner in (('self_attn', 256), ('cross_attn_token_to_image', 128),
                                 ('cross_attn_image_to_token', 128)):
            for part in 'qkv':
                put(f'{base}{attention}.{part}_proj.weight', inner, 256)
                put(f'{base}{attention}.{part}_proj.bias', inner)
            put(f'{base}{attention}.out_proj.weight', 256, inner)
            put(f'{base}{attention}.out_proj.bias', 256)
        for n in range(1, 5):
            put(f'{base}norm{n}.weight', 256)
            put(f'{base}norm{n}.bias', 256)
        put(f'{base}mlp.layers.0.weight', 2048, 256)
        put(f'{base}mlp.layers.0.bias', 2048)
        put(f'{base}mlp.layers.1.weight', 256, 2048)
        put(f'{base}mlp.layers.1.bias', 256)
    last = f'{decoder}transformer.final_attn_token_to_image.'
    for part in 'qkv':
        put(f'{last}{part}_proj.weight', 128, 256)
        put(f'{last}{part}_proj.bias', 128)
    put(f'{last}out_proj.weight', 256, 128)
    put(f'{last}out_proj.bias', 256)
    put(f'{decoder}transformer.norm_final_attn.weight', 256)
    put(f'{decoder}transformer.norm_final_attn.bias', 256)
    for name, shape in (
            ('output_upscaling.0.weight', (256, 64, 2, 2)), ('output_upscaling.0.bias', (64,)),
            ('output_upscaling.1.weight', (64,)), ('output_upscaling.1.bias', (64,)),
            ('output_upscaling.3.weight', (64, 32, 2, 2)), ('output_upscaling.3.bias', (32,)),
            ('conv_s0.weight', (32, 256, 1, 1)), ('conv_s0.bias', (32,)),
            ('conv_s1.weight', (64, 256, 1, 1)), ('conv_s1.bias', (64,)),
            ('mask_tokens.weight', (4, 256)), ('iou_token.weight', (1, 256)),
            ('obj_score_token.weight', (1, 256))):
        put(decoder + name, *shape)
    put('sam_prompt_encoder.pe_layer.positional_encoding_gaussian_matrix', 2, 128)
    put('sam_prompt_encoder.not_a_point_embed.weight', 1, 256)
    put('sam_prompt_encoder.no_mask_embed.weight', 1, 256)
    put('memory_encoder.out_proj.weight', 64, 256, 1, 1)
    return state


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp('sam2') / 'sam2_hiera_tiny.pt'
    torch.save({'model': official()}, path)
    return path


@torch.no_grad()
def test_an_official_checkpoint_loads_and_gives_what_its_tensors_give(checkpoint):
    encoder = made('hiera_tiny')
    start = read_start(checkpoint, encoder)
    apply_start(encoder, start, checkpoint)
    state = official()
    # timm's own reader of such checkpoints, and the neck by its formula
    import timm
    from timm.models.hieradet_sam2 import checkpoint_filter_fn
    trunk = timm.create_model('sam2_hiera_tiny', pretrained=False)
    kept = {n: v for n, v in state.items() if n.startswith('image_encoder.trunk.')}
    assert not trunk.load_state_dict(
        checkpoint_filter_fn(kept, trunk, 'image_encoder.trunk.'), strict=False).unexpected_keys
    image = pictures(1)
    levels = trunk.eval().forward_intermediates(image, intermediates_only=True)

    def conv(level, name):
        return F.conv2d(level, state[f'{name}.weight'], state[f'{name}.bias'])

    neck = [conv(level, f'image_encoder.neck.convs.{3 - k}.conv')
            for k, level in enumerate(levels)]
    coarse = neck[2] + neck[3].repeat_interleave(2, 2).repeat_interleave(2, 3)
    found = encoder(image)
    torch.testing.assert_close(found.coarse, coarse, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        found.fine, conv(neck[0], 'sam_mask_decoder.conv_s0'), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        found.middle, conv(neck[1], 'sam_mask_decoder.conv_s1'), rtol=1e-4, atol=1e-5)


def test_the_decoder_takes_all_but_its_classes_from_it(checkpoint):
    encoder = made('hiera_tiny')
    decoder = ClassDecoder(5)
    before = copy.deepcopy(decoder.state_dict())
    apply_decoder(decoder, read_start(checkpoint, encoder), checkpoint)
    state, now = official(), decoder.state_dict()
    for ours, theirs in (
            ('transformer.layers.1.mlp.lin2.weight',
             'sam_mask_decoder.transformer.layers.1.mlp.layers.1.weight'),
            ('to_middle.weight', 'sam_mask_decoder.output_upscaling.0.weight'),
            ('to_fine.bias', 'sam_mask_decoder.output_upscaling.3.bias'),
            ('no_point.weight', 'sam_prompt_encoder.not_a_point_embed.weight'),
            ('positions.positional_encoding_gaussian_matrix',
             'sam_prompt_encoder.pe_layer.positional_encoding_gaussian_matrix')):
        assert torch.equal(now[ours], state[theirs]), ours
    for name, tensor in now.items():
        new = name.startswith(('mask_tokens', 'hyper'))
        assert torch.equal(tensor, before[name]) == new, name


def test_a_checkpoint_of_another_size_or_kind_is_told(checkpoint, tmp_path):
    larger = made('hiera_base_plus')
    start = read_start(checkpoint, larger)
    with pytest.raises(RecipeError, match=r'lacks (neck|trunk)\.'):
        apply_start(larger, start, checkpoint)
    with pytest.raises(RecipeError, match='is a checkpoint of SAM 2: name one of its encoders'):
        read_start(checkpoint, made('mobilenetv4_conv_small'))
    other = tmp_path / 'other.pt'
    torch.save({'weight': torch.zeros(2)}, other)
    with pytest.raises(RecipeError, match='neither a checkpoint of SAM 2 nor an encoder'):
        read_start(other, made('hiera_micro'))
    (tmp_path / 'broken.pt').write_bytes(b'no weights')
    with pytest.raises(RecipeError, match=r'broken\.pt cannot be read'):
        read_start(tmp_path / 'broken.pt', made('hiera_micro'))
    with pytest.raises(RecipeError, match=r'gone\.pt cannot be read'):
        read_start(tmp_path / 'gone.pt', made('hiera_micro'))
    with pytest.raises(ValueError, match='there is no backbone nothing_at_all'):
        build_encoder('nothing_at_all')
    with pytest.raises(ValueError, match='but 4, 8, 16, 32 are needed'):
        build_encoder('vit_tiny_patch16_224')


@torch.no_grad()
def test_an_encoder_of_our_own_file_is_the_same(tmp_path):
    encoder = made('mobilenetv4_conv_small')
    path = tmp_path / 'base.pt'
    torch.save(encoder_file(encoder), path)
    torch.manual_seed(9)
    other = build_encoder('mobilenetv4_conv_small').eval()
    apply_start(other, read_start(path, other), path)
    for a, b in zip(encoder(pictures()), other(pictures()), strict=True):
        assert torch.equal(a, b)


@torch.no_grad()
def test_the_bundle_that_ships_lends_its_backbone():
    from pathlib import Path

    from eventsam_ros.inference.bundle import load_bundle
    from eventsam_ros.inference.engines.onnxruntime_engine import OnnxRuntimeEngine
    from training.networks.promptable import PromptableSegmenter
    from training.recipe import load_recipe
    from training.warm_start import load_weights
    bundle = load_bundle()
    encoder = made('mobilenetv4_conv_small')
    apply_start(encoder, read_start(bundle.path, encoder), bundle.path)
    # the same backbone inside the whole network gives the bundle's embedding
    recipe = load_recipe(Path(__file__).parents[3] / str(bundle.manifest.training['recipe']))
    whole = PromptableSegmenter(
        recipe.backbone, recipe.width, recipe.height, recipe.frequency, recipe.detail)
    load_weights(whole, bundle.path, recipe)
    whole.encoder.backbone.load_state_dict(encoder.backbone.state_dict())
    image = torch.randn(1, 3, recipe.height, recipe.width)
    wanted = OnnxRuntimeEngine(bundle.encoder_path).run({'image': image.numpy()})['embedding']
    torch.testing.assert_close(
        whole.encoder.eval()(image), torch.from_numpy(wanted), rtol=1e-2, atol=2e-2)
    with pytest.raises(RecipeError, match='is a bundle, whose encoder is a compact backbone'):
        read_start(bundle.path, made('hiera_micro'))
