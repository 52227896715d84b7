# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""EventSAM's released file: which encoder, which decoder, which channel comes first."""

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

from eventsam_ros.events.tensors import eventsam_image  # noqa: E402
from eventsam_ros.inference import Segmenter, load_bundle  # noqa: E402
from training.exporting.bundle import write_bundle  # noqa: E402
from training.importing.checkpoints import CheckpointError  # noqa: E402
from training.importing.choices import Choices  # noqa: E402
from training.importing.kinds import import_checkpoint  # noqa: E402


@pytest.fixture(scope='module')
def files(official, tmp_path_factory):
    """Return the folder of a released file in miniature and of SAM's, and their networks.

    As released, the encoders were saved in DataParallel and are cut to half of SAM's grid.
    """
    folder = tmp_path_factory.mktemp('eventsam')
    stock = official.sam(256)
    torch.save(stock.state_dict(), folder / 'sam_vit_b.pth')
    networks, state = {}, {}
    for branch, name, seed in (('image', 'image_encoder', 1), ('event', 'evimg_encoder', 2)):
        network = networks[branch] = official.sam(128, seed=seed)
        network.prompt_encoder.load_state_dict(stock.prompt_encoder.state_dict())
        network.mask_decoder.load_state_dict(stock.mask_decoder.state_dict())
        state |= {f'module.{name}.{k}': v for k, v in network.image_encoder.state_dict().items()}
    torch.save(state, folder / 'rgbe_encoder.pth')
    return folder, networks


@pytest.mark.parametrize(('branch', 'channels'), [
    ('event', None), ('event', 'first'), ('image', 'last')])
def test_the_chosen_encoder_sees_the_channels_in_the_chosen_order(
        files, official, tmp_path, branch, channels):
    folder, networks = files
    found = import_checkpoint('eventsam', folder / 'rgbe_encoder.pth', folder / 'sam_vit_b.pth',
                              Choices(128, branch=branch, channels=channels))
    write_bundle(found.encoder, found.decoder, tmp_path, found.description, half=False)
    segmenter = Segmenter(load_bundle(tmp_path))
    window, asked = official.window(128, 96), official.prompts(128, 96)
    picture = eventsam_image(window.events, 128, 96)
    answers = {
        order: official.predict(networks[branch], np.ascontiguousarray(each), asked)[1]
        for order, each in (('first', picture), ('last', picture[..., ::-1]))}
    scores = segmenter.segment(window, asked).scores
    chosen = channels or 'last'
    np.testing.assert_allclose(scores, answers.pop(chosen), atol=1e-5)
    (other,) = answers.values()
    assert np.abs(scores - other).max() > 1e-4


def test_the_manifest_says_what_was_put_together(files):
    folder, _ = files
    found = import_checkpoint('eventsam', folder / 'rgbe_encoder.pth', folder / 'sam_vit_b.pth',
                              Choices(128))
    described = found.description
    assert (described.name, described.representation) == ('eventsam_128', 'eventsam')
    assert described.licence == 'MIT AND Apache-2.0'
    assert described.mean == (103.53, 116.28, 123.675)
    assert described.training['branch'] == 'event'
    assert described.training['decoder'] == 'sam_vit_b.pth'


def test_the_decoder_has_to_be_named(files):
    folder, _ = files
    with pytest.raises(CheckpointError, match=r"^EventSAM's file has no decoder: name SAM's "):
        import_checkpoint('eventsam', folder / 'rgbe_encoder.pth')
    with pytest.raises(CheckpointError, match=r'^--decoder is for eventsam; .* its own decoder$'):
        import_checkpoint('sam', folder / 'sam_vit_b.pth', folder / 'sam_vit_b.pth')


def test_the_two_files_may_not_change_places(files):
    folder, _ = files
    with pytest.raises(CheckpointError, match=r'sam_vit_b\.pth is a checkpoint of sam, but one of '
                                              r'eventsam was expected$'):
        import_checkpoint('eventsam', folder / 'sam_vit_b.pth', folder / 'rgbe_encoder.pth')
