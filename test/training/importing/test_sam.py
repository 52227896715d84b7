# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Imported checkpoints of SAM answer as segment_anything's own SamPredictor does."""

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

from eventsam_ros.events.tensors import window_image  # noqa: E402
from eventsam_ros.inference import Segmenter, load_bundle  # noqa: E402
from training.exporting.bundle import write_bundle  # noqa: E402
from training.importing.checkpoints import part  # noqa: E402
from training.importing.choices import Choices  # noqa: E402
from training.importing.kinds import import_checkpoint  # noqa: E402
from training.importing.vit import name_of, spec_of  # noqa: E402
from training.networks.sam_vit import SPECS  # noqa: E402


def imported(path, folder, choices, half=False, parity=True):
    found = import_checkpoint('sam', path, choices=choices)
    write_bundle(found.encoder, found.decoder, folder, found.description, half, parity)
    return load_bundle(folder)


@pytest.fixture(scope='module')
def mini(official, tmp_path_factory):
    """Return SAM in miniature at 128 pixels, and a segmenter of its bundle."""
    folder = tmp_path_factory.mktemp('sam')
    network = official.sam(128)
    torch.save(network.state_dict(), folder / 'sam.pth')
    bundle = imported(
        folder / 'sam.pth', folder / 'bundle', Choices(128, representation='eventsam'))
    return network, Segmenter(bundle)


def test_the_manifest_says_how_sam_is_fed_and_asked(mini):
    m = mini[1].bundle.manifest
    assert (m.name, m.width, m.height, m.precision) == ('sam_vit_32x4_128', 128, 128, 'fp32')
    assert (m.padding, m.point_padding, m.prompt_output) == ('zero', 'sam', 'sam')
    assert (m.box_prior, m.licence) == (False, 'Apache-2.0')
    assert m.mean == (123.675, 116.28, 103.53)
    assert m.std == (58.395, 57.12, 57.375)
    assert m.parity['fp16']['mask_iou'] >= 0.99
    assert m.training['checkpoint'] == 'sam.pth'


@pytest.mark.parametrize(('width', 'height'), [(128, 96), (96, 128), (128, 128)])
def test_masks_and_scores_are_the_predictors(mini, official, width, height):
    network, segmenter = mini
    window, asked = official.window(width, height), official.prompts(width, height)
    picture = window_image(window, 'eventsam', width, height)
    masks, scores, _ = official.predict(network, picture, asked)
    found = segmenter.segment(window, asked)
    np.testing.assert_allclose(found.scores, scores, atol=1e-5)
    assert 0.05 < masks.mean() < 0.95
    # Half a cell from the padding, SAM's interpolation looks into it, and ours does not.
    inside = (slice(None), slice(height - 2 if height < 128 else height),
              slice(width - 2 if width < 128 else width))
    assert np.count_nonzero(found.masks[inside] != masks[inside]) <= 2   # logits of almost 0


@pytest.mark.parametrize(('width', 'height'), [(346, 260), (320, 240), (64, 48)])
def test_masks_of_other_sensors_are_the_predictors_up_to_interpolation(
        mini, official, width, height):
    network, segmenter = mini
    window, asked = official.window(width, height), official.prompts(width, height)
    masks, scores, leads = official.predict(
        network, window_image(window, 'eventsam', width, height), asked)
    found = segmenter.segment(window, asked)
    np.testing.assert_allclose(found.scores, scores, atol=5e-3)
    assert np.count_nonzero(leads > 0.01) >= 3
    for one, two, lead in zip(found.masks, masks, leads, strict=True):
        if lead < 0.01:
            continue   # which of two alternatives is better is a matter of interpolation here
        # a random network's masks change sign from cell to cell: all of it is border
        assert np.count_nonzero(one & two) > 0.9 * np.count_nonzero(one | two)


def test_fp16_weights_change_next_to_nothing(mini, official, tmp_path):
    network, segmenter = mini
    torch.save(network.state_dict(), tmp_path / 'sam.pth')
    halved = Segmenter(imported(tmp_path / 'sam.pth', tmp_path / 'bundle', Choices(
        128, representation='eventsam'), half=True))
    assert halved.bundle.manifest.precision == 'fp16'
    assert halved.bundle.encoder_path.stat().st_size < 0.75 * (
        segmenter.bundle.encoder_path.stat().st_size)
    window, asked = official.window(128, 96), official.prompts(128, 96)
    one, two = halved.segment(window, asked), segmenter.segment(window, asked)
    np.testing.assert_allclose(one.scores, two.scores, atol=1e-2)
    assert (one.masks == two.masks).mean() > 0.99


def test_automatic_masks_come_out_of_an_imported_bundle(mini, official):
    found = mini[1].segment(official.window(346, 260))
    assert found.masks.shape[1:] == (260, 346)


@torch.no_grad()
def crop(network, grid):
    """Cut the tables of SAM at 1024 pixels to a smaller grid, as EventSAM's released code does."""
    encoder, prompts = network.image_encoder, network.prompt_encoder
    encoder.pos_embed = torch.nn.Parameter(encoder.pos_embed[:, :grid, :grid])
    for block in encoder.blocks:
        attention = block.attn
        if len(attention.rel_pos_h) == 127:
            attention.rel_pos_h = torch.nn.Parameter(attention.rel_pos_h[64 - grid:63 + grid])
            attention.rel_pos_w = torch.nn.Parameter(attention.rel_pos_w[64 - grid:63 + grid])
    encoder.img_size = 16 * grid
    prompts.image_embedding_size, prompts.input_image_size = (grid,) * 2, (16 * grid,) * 2


@pytest.mark.parametrize('positions', ['crop', 'interpolate'])
def test_a_checkpoint_is_brought_to_another_size(official, tmp_path, positions):
    """SAM itself at 1024 pixels has 64x64 tokens; the miniature here too."""
    network = official.sam(1024)
    torch.save(network.state_dict(), tmp_path / 'sam.pth')
    found = import_checkpoint('sam', tmp_path / 'sam.pth', choices=Choices(128, positions))
    assert found.decoder.prompt_encoder.input_image_size == (128, 128)
    crop(network, 8)
    image = torch.randn(1, 3, 128, 128)
    with torch.no_grad():
        embedding = found.encoder.eval()(image).embedding
        equal = torch.allclose(embedding, network.image_encoder(image), atol=1e-4)
    assert equal == (positions == 'crop')


@pytest.mark.parametrize(('name', 'depth', 'width', 'heads', 'taps'), [
    ('vit_b', 12, 768, 12, (2, 5, 8, 11)), ('vit_l', 24, 1024, 16, (5, 11, 17, 23)),
    ('vit_h', 32, 1280, 16, (7, 15, 23, 31))])
def test_the_size_is_told_by_the_shapes(tmp_path, name, depth, width, heads, taps):
    from segment_anything import sam_model_registry
    with torch.device('meta'):   # shapes without memory
        state = sam_model_registry[name]().state_dict()
    spec = spec_of(part(state, 'image_encoder.'), tmp_path)
    assert spec == SPECS[name]
    assert (spec.depth, spec.width, spec.heads, spec.taps) == (depth, width, heads, taps)
    assert name_of(spec) == name


def test_vit_b_itself_in_a_small_input(official, tmp_path):
    """All shapes are those of sam_vit_b; 64 pixels keep it quick."""
    network = official.sam(1024, 768, 12, 12, (2, 5, 8, 11), 14)
    torch.save(network.state_dict(), tmp_path / 'sam_vit_b.pth')
    bundle = imported(tmp_path / 'sam_vit_b.pth', tmp_path / 'bundle', Choices(
        64, representation='eventsam'), parity=False)
    assert bundle.manifest.name == 'sam_vit_b_64'
    crop(network, 4)
    window, asked = official.window(64, 64), official.prompts(64, 64)
    picture = window_image(window, 'eventsam', 64, 64)
    masks, scores, _ = official.predict(network, picture, asked)
    found = Segmenter(bundle).segment(window, asked)
    np.testing.assert_allclose(found.scores, scores, atol=1e-4)
    assert (found.masks == masks).mean() > 0.999
