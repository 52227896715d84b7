# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Files that are not what they should be are refused in one sentence that says why."""

import argparse
import os
import re

import pytest
import yaml

torch = pytest.importorskip('torch', reason='training needs torch')

from eventsam_ros.__main__ import main as eventsam  # noqa: E402
from training.importing.checkpoints import CheckpointError  # noqa: E402
from training.importing.choices import POSITIONS, Choices  # noqa: E402
from training.importing.command import add_command  # noqa: E402
from training.importing.kinds import import_checkpoint  # noqa: E402
from training.importing.tiny_vit import TinyVitEncoder  # noqa: E402
from training.networks.positions import METHODS  # noqa: E402


@pytest.fixture(scope='module')
def state(official):
    return official.sam(128).state_dict()


def refused(tmp_path, state, sentence, kind='sam', **choices):
    """Check that a checkpoint is refused with a sentence, given behind the file's path."""
    path = tmp_path / 'sam.pth'
    torch.save(state, path)
    with pytest.raises(CheckpointError) as raised:
        import_checkpoint(kind, path, choices=Choices(choices.pop('size', 128), **choices))
    assert re.fullmatch(sentence.replace('PATH', re.escape(str(path))), str(raised.value))


def test_no_file(tmp_path):
    with pytest.raises(CheckpointError, match=r'^there is no checkpoint at .*none\.pth$'):
        import_checkpoint('sam', tmp_path / 'none.pth')


@pytest.mark.parametrize('share', [0.0, 0.1, 0.5, 0.999])
def test_a_truncated_download(tmp_path, state, share):
    path = tmp_path / 'sam.pth'
    torch.save(state, path)
    whole = path.read_bytes()
    path.write_bytes(whole[:int(share * len(whole))])
    with pytest.raises(CheckpointError, match=r'sam\.pth is damaged, or no file of weights: \S'):
        import_checkpoint('sam', path, choices=Choices(128))


@pytest.mark.parametrize('content', [b'<html>404</html>', b'PK\x03\x04', bytes(1000)])
def test_something_else_than_weights(tmp_path, content):
    (tmp_path / 'sam.pth').write_bytes(content)
    with pytest.raises(CheckpointError) as raised:
        import_checkpoint('sam', tmp_path / 'sam.pth')
    assert str(raised.value).startswith(f'{tmp_path}/sam.pth is damaged, or no file of weights: ')
    assert '\n' not in str(raised.value)


def test_a_file_that_would_run_code_is_not_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / 'ran'),)

    torch.save({'image_encoder.blocks.': Trap()}, tmp_path / 'sam.pth')
    with pytest.raises(CheckpointError, match='is damaged, or no file of weights'):
        import_checkpoint('sam', tmp_path / 'sam.pth')
    assert not (tmp_path / 'ran').exists()


@pytest.mark.parametrize('values', [[1], {}, {'model': {'a': torch.zeros(1)}}, {'step': 3}])
def test_something_else_than_tensors_by_name(tmp_path, values):
    refused(tmp_path, values, 'PATH must hold tensors by name and nothing else')


def test_tensors_of_no_known_kind(tmp_path):
    refused(tmp_path, {'conv1.weight': torch.zeros(1)}, 'PATH is no checkpoint of eventsam, '
            'mobilesam, sam; its first tensor is conv1.weight')


def test_a_checkpoint_of_another_kind(tmp_path, state):
    refused(tmp_path, state, 'PATH is a checkpoint of sam, but one of mobilesam was expected',
            'mobilesam')
    encoder = TinyVitEncoder().state_dict()
    tiny = {f'image_encoder.layers.{k}': v for k, v in encoder.items()}
    refused(tmp_path, tiny, 'PATH is a checkpoint of mobilesam, but one of sam was expected')


@pytest.mark.parametrize(('name', 'sentence'), [
    ('image_encoder.pos_embed', 'PATH lacks pos_embed of the image encoder'),
    ('image_encoder.blocks.1.attn.rel_pos_w',
     'PATH lacks blocks.1.attn.rel_pos_w of the image encoder'),
    ('image_encoder.blocks.2.mlp.lin1.bias', 'PATH cannot be imported: the encoder checkpoint '
                                             r'lacks blocks.2.mlp.lin1.bias \(1 names in all\)'),
    ('prompt_encoder.no_mask_embed.weight', 'PATH lacks prompt_encoder.no_mask_embed.weight'),
    ('mask_decoder.iou_token.weight', 'PATH lacks mask_decoder.iou_token.weight')])
def test_a_missing_tensor_is_named(tmp_path, state, name, sentence):
    refused(tmp_path, {k: v for k, v in state.items() if k != name}, sentence)


def test_many_missing_tensors_are_counted(tmp_path, state):
    kept = {k: v for k, v in state.items() if not k.startswith('mask_decoder.output_upscaling')}
    refused(tmp_path, kept, 'PATH lacks mask_decoder.output_upscaling.0.bias and 5 more')


def test_an_unknown_tensor_is_named(tmp_path, state):
    refused(tmp_path, {**state, 'mask_decoder.hq_token.weight': torch.zeros(1)},
            'PATH has the unknown mask_decoder.hq_token.weight')
    refused(tmp_path, {**state, 'image_encoder.extra': torch.zeros(1)}, 'PATH cannot be imported: '
            r'the encoder checkpoint has unknown extra \(1 names in all\)')


@pytest.mark.parametrize(('name', 'shape', 'sentence'), [
    ('image_encoder.pos_embed', (8, 8, 32), 'pos_embed of the image encoder in PATH must have 4 '
                                            'dimensions, but has 3'),
    ('image_encoder.neck.2.weight', (256, 256, 1, 1),
     r'PATH cannot be imported: neck.2.weight of the encoder checkpoint must be '
     r'\(256, 256, 3, 3\), but is \(256, 256, 1, 1\)'),
    ('mask_decoder.mask_tokens.weight', (3, 256),
     r'mask_decoder.mask_tokens.weight of PATH must have shape \(4, 256\), but has \(3, 256\)')])
def test_a_tensor_of_another_shape_is_named(tmp_path, state, name, shape, sentence):
    refused(tmp_path, {**state, name: torch.zeros(shape)}, sentence)


def test_an_encoder_that_is_not_sams(tmp_path, state):
    odd = {k: torch.zeros(4, 16) if 'rel_pos' in k else v for k, v in state.items()}
    refused(tmp_path, odd, r'PATH holds no image encoder of SAM: 4 blocks of width 32 with tables '
                           r'of \[4\] relative positions')


def test_a_size_that_the_tables_do_not_reach(tmp_path, state):
    refused(tmp_path, state, r'PATH cannot be imported: a position table of 8x8 tokens cannot be '
                             r'cropped to 16x16; interpolate it', size=256)
    refused(tmp_path, state, 'size must be a multiple of 16 pixels, but got 100', size=100)


def parsed(*arguments):
    parser = argparse.ArgumentParser()
    add_command(parser.add_subparsers())
    return parser.parse_args(['import', *map(str, arguments)])


def test_one_command_imports_and_the_bundle_verifies(tmp_path, state, capsys):
    path, folder = tmp_path / 'sam.pth', tmp_path / 'bundle'
    torch.save(state, path)
    arguments = parsed('sam', path, '--output', folder, '--size', 64, '--positions', 'interpolate',
                       '--representation', 'eventsam', '--precision', 'fp32')
    arguments.act(arguments)
    assert re.fullmatch(rf'{folder}: sam_vit_32x4_64 written; its masks agree with the checkpoint '
                        r'at IoU (1\.0000|0\.99\d\d)\n', capsys.readouterr().out)
    assert eventsam(['bundle', 'verify', str(folder)]) == 0
    capsys.readouterr()
    assert eventsam(['bundle', 'inspect', str(folder)]) == 0
    shown = yaml.safe_load(capsys.readouterr().out)
    assert (shown['precision'], shown['representation']['name']) == ('fp32', 'eventsam')
    assert shown['training']['positions'] == 'interpolate'
    assert shown['parity']['fp32']['mask_iou'] >= 0.99


def test_what_is_not_chosen_has_the_documented_default(tmp_path):
    chosen = parsed('eventsam', 'x.pth', '--output', tmp_path)
    assert (chosen.size, chosen.positions, chosen.branch, chosen.channels, chosen.precision) == (
        None, 'crop', 'event', None, 'fp16')
    assert Choices() == Choices(None, 'crop', 'event', None, None)
    assert POSITIONS == METHODS
