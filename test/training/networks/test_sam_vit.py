# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""SAM's encoder in other sizes: official weights, position tables, taps, and who learns."""

from functools import partial

import pytest

torch = pytest.importorskip('torch', reason='training needs torch')
from segment_anything.modeling import ImageEncoderViT  # noqa: E402

import training.networks  # noqa: E402, F401
from training.networks.positions import fit_positions  # noqa: E402
from training.networks.sam_vit import SPECS, SamVit, VitSpec  # noqa: E402
from training.networks.student import CompactStudent, count, paper_student  # noqa: E402

SMALL = VitSpec(32, 4, 2, (1, 3), window=3)


def official(size: int, spec: VitSpec = SMALL) -> ImageEncoderViT:
    """Return segment_anything's encoder with random weights and random position tables."""
    torch.manual_seed(size)
    encoder = ImageEncoderViT(
        img_size=size, embed_dim=spec.width, depth=spec.depth, num_heads=spec.heads,
        use_rel_pos=True, window_size=spec.window, global_attn_indexes=spec.taps,
        norm_layer=partial(torch.nn.LayerNorm, eps=1e-6)).eval()
    for name, parameter in encoder.named_parameters():
        if 'pos' in name:
            torch.nn.init.normal_(parameter)
    return encoder


@pytest.mark.parametrize('positions', ['crop', 'interpolate'])
@torch.no_grad()
def test_official_weights_of_the_same_grid_give_the_official_embedding(positions):
    encoder = official(128)
    network = SamVit(SMALL, 128, 128).eval()
    network.load_official(encoder.state_dict(), positions)
    image = torch.randn(2, 3, 128, 128)
    torch.testing.assert_close(network(image).embedding, encoder(image))


@torch.no_grad()
def test_taps_are_the_outputs_of_the_global_blocks():
    encoder = official(128)
    network = SamVit(SMALL, 128, 128).eval()
    network.load_official(encoder.state_dict())
    seen = []
    for k in SMALL.taps:
        encoder.blocks[k].register_forward_hook(lambda _m, _i, out: seen.append(out))
    image = torch.randn(1, 3, 128, 128)
    encoder(image)
    for tap, out in zip(network(image).taps, seen, strict=True):
        torch.testing.assert_close(tap, out.permute(0, 3, 1, 2))


@torch.no_grad()
def test_a_cropped_table_keeps_neighbours_one_token_apart():
    state = official(128).state_dict()
    fitted = fit_positions(state, (3, 5), SMALL.taps, 'crop')
    assert torch.equal(fitted['pos_embed'], state['pos_embed'][:, :3, :5])
    for axis, size in (('h', 3), ('w', 5)):
        name = f'blocks.1.attn.rel_pos_{axis}'
        for distance in range(-size + 1, size):
            assert torch.equal(fitted[name][distance + size - 1], state[name][distance + 8 - 1])
    assert torch.equal(fitted['blocks.0.attn.rel_pos_h'], state['blocks.0.attn.rel_pos_h'])


def test_eventsam_keeps_rows_32_to_94_of_127():
    table = torch.arange(127.0)[:, None]
    fitted = fit_positions({'blocks.2.attn.rel_pos_h': table}, (32, 32), (2,), 'crop')
    assert fitted['blocks.2.attn.rel_pos_h'][:, 0].tolist() == list(range(32, 95))


def test_interpolation_keeps_a_linear_table_linear():
    rows = torch.linspace(-1, 1, 15)[:, None]
    ramp = torch.linspace(0, 1, 8).reshape(1, 1, 8, 1).expand(1, 8, 8, 1)
    fitted = fit_positions(
        {'pos_embed': ramp, 'blocks.0.attn.rel_pos_w': rows}, (4, 4), (0,), 'interpolate')
    torch.testing.assert_close(
        fitted['blocks.0.attn.rel_pos_w'][:, 0], torch.linspace(-1, 1, 7))
    columns = fitted['pos_embed'][0, :, :, 0]
    torch.testing.assert_close(columns, columns[:1].expand_as(columns))
    assert (columns[0].diff() > 0).all()
    assert columns.mean() == pytest.approx(0.5, abs=1e-5)


@torch.no_grad()
def test_a_grid_need_not_be_square():
    network = SamVit(SMALL, 96, 128).eval()
    network.load_official(official(128).state_dict())
    features = network(torch.randn(1, 3, 96, 128))
    assert features.embedding.shape == (1, 256, 6, 8)
    assert [t.shape for t in features.taps] == [(1, 32, 6, 8)] * 2


@pytest.mark.parametrize(('change', 'message'), [
    (lambda s: s.pop('neck.0.weight'), 'lacks neck.0.weight'),
    (lambda s: s.update(more=torch.zeros(1)), 'has unknown more'),
    (lambda s: s.update({'neck.0.weight': torch.zeros(2)}), 'neck.0.weight .* must be'),
])
def test_a_checkpoint_that_does_not_fit_is_refused(change, message):
    state = dict(official(128).state_dict())
    change(state)
    with pytest.raises(ValueError, match=message):
        SamVit(SMALL, 128, 128).load_official(state)


def test_a_table_too_small_to_crop_is_refused():
    with pytest.raises(ValueError, match='cannot be cropped'):
        SamVit(SMALL, 256, 256).load_official(official(128).state_dict())
    with pytest.raises(ValueError, match='crop, interpolate'):
        fit_positions({}, (4, 4), (0,), 'stretch')
    SamVit(SMALL, 256, 256).load_official(official(128).state_dict(), 'interpolate')


def test_an_input_that_is_no_whole_number_of_patches_is_refused():
    with pytest.raises(ValueError, match='multiple of 16'):
        SamVit(SMALL, 100, 128)


def test_the_paper_student_trains_the_published_parameters():
    with torch.device('meta'):
        student = paper_student(SamVit(SPECS['vit_b'], 512, 512))
    assert count(student) == (19_480_320, 87_278_848)
    learning = {n.removeprefix('image_encoder.') for n, p in student.named_parameters()
                if p.requires_grad}
    assert all(n.startswith('patch_embed.') or n.split('.')[2] == 'mlp' for n in learning)


@torch.no_grad()
def test_the_paper_student_begins_as_its_teacher_and_leaves_it_alone():
    teacher = SamVit(SMALL, 64, 64).eval()
    student = paper_student(teacher).eval()
    image = torch.randn(1, 3, 64, 64)
    before = teacher(image).embedding
    torch.testing.assert_close(student(image).embedding, before)
    for parameter in student.parameters():
        parameter.add_(1)
    torch.testing.assert_close(teacher(image).embedding, before)
    assert all(p.requires_grad for p in teacher.parameters())


def test_compact_students_meet_every_tap_of_the_teacher():
    spec = SPECS['compact']
    sizes = []
    for size in ('small', 'medium'):
        student = CompactStudent(size, spec, 64, 96).eval()
        features = student(torch.zeros(1, 3, 64, 96))
        assert features.embedding.shape == (1, 256, 4, 6)
        assert [t.shape for t in features.taps] == [(1, spec.width, 4, 6)] * 4
        sizes.append(count(student.encoder)[1])
    assert sizes[0] < sizes[1]
    with pytest.raises(ValueError, match='four taps'):
        CompactStudent('small', SMALL, 64, 64)
