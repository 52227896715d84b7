# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Teachers: official checkpoints, our own file, what they give, and what is refused."""

from functools import partial

import pytest

torch = pytest.importorskip('torch', reason='training needs torch')
from segment_anything import SamPredictor  # noqa: E402
from segment_anything.modeling import (  # noqa: E402
    ImageEncoderViT,
    MaskDecoder,
    PromptEncoder,
    Sam,
    TwoWayTransformer,
)

from training.errors import RecipeError  # noqa: E402
import training.networks  # noqa: E402, F401
from training.networks.attention import pivotal  # noqa: E402
from training.networks.promptable import PromptDecoder  # noqa: E402
from training.networks.sam_vit import SPECS, SamVit, VitSpec  # noqa: E402
from training.teachers.teacher import Teacher, load_teacher, sam_size  # noqa: E402

SMALL = VitSpec(32, 4, 2, (1, 3), window=3)


def sam(size: int) -> Sam:
    """Return a small SAM of segment_anything's own classes with random weights."""
    torch.manual_seed(1)
    made = Sam(
        ImageEncoderViT(
            img_size=size, embed_dim=SMALL.width, depth=SMALL.depth, num_heads=SMALL.heads,
            use_rel_pos=True, window_size=SMALL.window, global_attn_indexes=SMALL.taps,
            norm_layer=partial(torch.nn.LayerNorm, eps=1e-6)),
        PromptEncoder(256, (size // 16,) * 2, (size, size), 16),
        MaskDecoder(transformer_dim=256,
                    transformer=TwoWayTransformer(2, 256, 8, 2048)))
    return made.eval()


@pytest.fixture
def small_sam(monkeypatch, tmp_path):
    monkeypatch.setitem(SPECS, 'vit_b', SMALL)
    original = sam(128)
    path = tmp_path / 'sam_vit_b.pth'
    torch.save(original.state_dict(), path)
    return original, path


@torch.no_grad()
def test_an_official_checkpoint_sees_what_sams_predictor_sees(small_sam):
    original, path = small_sam
    teacher = load_teacher(path, size=128)
    frame = torch.randint(0, 256, (96, 128, 3), dtype=torch.uint8)
    predictor = SamPredictor(original)
    predictor.set_image(frame.numpy())
    padded = torch.nn.functional.pad(frame, (0, 0, 0, 0, 0, 32))
    content = torch.tensor([[128, 96]])
    seen = teacher.look(teacher.normalise(padded[None]), teacher.valid(content))
    torch.testing.assert_close(
        seen.embedding, predictor.get_image_embedding(), atol=2e-5, rtol=1e-4)


def test_the_size_of_a_checkpoint_is_told_by_its_weights():
    for name in ('vit_b', 'vit_l', 'vit_h'):
        table = torch.empty(1, 64, 64, SPECS[name].width, device='meta')
        assert sam_size({'image_encoder.pos_embed': table}) == name
    with pytest.raises(ValueError, match='ViT-B, ViT-L or ViT-H'):
        sam_size({})


def own() -> Teacher:
    torch.manual_seed(2)
    return Teacher(SamVit(SPECS['compact'], 64, 96), PromptDecoder(96, 64), 64, 96,
                   (116.0,) * 3, (58.0,) * 3)


def test_a_saved_teacher_comes_back_the_same(tmp_path):
    teacher = own()
    teacher.save(tmp_path / 'teacher.pt')
    again = load_teacher(tmp_path / 'teacher.pt')
    assert again.fingerprint == teacher.fingerprint
    frames = torch.randint(0, 256, (2, 64, 96, 3), dtype=torch.uint8)
    a, b = (t.look(t.normalise(frames)) for t in (teacher, again))
    assert torch.equal(a.embedding, b.embedding)
    with torch.no_grad():
        next(iter(again.decoder.parameters())).add_(1e-3)
    assert again.fingerprint != teacher.fingerprint


def test_a_teacher_never_learns_and_looks_as_its_attention_says():
    teacher = own()
    frames = torch.randint(0, 256, (2, 64, 96, 3), dtype=torch.uint8)
    images = teacher.normalise(frames).requires_grad_(True)
    seen = teacher.look(images)
    assert not any(p.requires_grad for p in (
        *teacher.network.parameters(), *teacher.decoder.parameters()))
    assert not seen.embedding.requires_grad
    features, weights = pivotal(teacher.network, images)
    assert torch.equal(seen.taps[0], features.taps[0])
    assert torch.equal(seen.weights['clean'][1], weights['clean'][1])


def test_tokens_that_the_content_touches_count():
    valid = own().valid(torch.tensor([[96, 64], [49, 16], [16, 33]]))
    assert valid.shape == (3, 1, 4, 6)
    assert valid[0].all()
    assert valid[1, 0].sum(0).tolist() == [1, 1, 1, 1, 0, 0]
    assert valid[2, 0].sum(1).tolist() == [1, 1, 1, 0]


def test_what_the_padding_holds_does_not_matter():
    teacher = own()
    frames = torch.randint(0, 256, (1, 64, 96, 3), dtype=torch.uint8)
    other = frames.clone()
    other[:, 32:] = 7
    valid = teacher.valid(torch.tensor([[96, 32]]))
    a, b = (teacher.look(teacher.normalise(f), valid) for f in (frames, other))
    assert torch.equal(a.embedding, b.embedding)


def test_files_that_cannot_teach_are_refused_in_a_sentence(small_sam, tmp_path):
    original, _ = small_sam
    broken = tmp_path / 'broken.pt'
    with pytest.raises(RecipeError, match='not there'):
        load_teacher(broken)
    broken.write_bytes(b'no archive')
    with pytest.raises(RecipeError, match='no checkpoint that can be read'):
        load_teacher(broken)
    torch.save([1], broken)
    with pytest.raises(RecipeError, match='no named weights'):
        load_teacher(broken)
    torch.save({'kind': 'eventsam_ros teacher'}, broken)
    with pytest.raises(RecipeError, match='no whole teacher'):
        load_teacher(broken)
    state = original.state_dict()
    state.pop('mask_decoder.iou_token.weight')
    torch.save(state, broken)
    with pytest.raises(RecipeError, match='iou_token'):
        load_teacher(broken, size=128)
