# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Any encoder becomes a bundle that says how true it is, or none at all."""

from dataclasses import replace
import re

import numpy as np
import onnx
import pytest
import yaml

torch = pytest.importorskip('torch', reason='training needs torch')
import onnxruntime  # noqa: E402
from torch import nn  # noqa: E402

from eventsam_ros.__main__ import main  # noqa: E402
from eventsam_ros.inference.bundle import load_bundle  # noqa: E402
from eventsam_ros.inference.graphs import open_engines  # noqa: E402
from training.exporting.bundle import write_bundle  # noqa: E402
from training.exporting.description import Description  # noqa: E402
from training.exporting.graphs import ExportError  # noqa: E402
import training.networks  # noqa: E402, F401
from training.networks.encoder import CompactEncoder  # noqa: E402
from training.networks.promptable import PromptDecoder  # noqa: E402
from training.networks.sam_vit import SamVit, VitSpec  # noqa: E402
from training.networks.student import CompactStudent  # noqa: E402

WIDTH, HEIGHT = 96, 64
SPEC = VitSpec(32, 4, 2, (0, 1, 2, 3), window=3)
DESCRIPTION = Description('any', (128.0, 120.0, 110.0), (40.0, 50.0, 60.0), 'eventsam',
                          training={'recipe': 'none', 'data': 'none', 'metrics': {}})


def network(kind):
    torch.manual_seed(0)
    build = {
        'CompactEncoder': CompactEncoder,
        'CompactEncoder with detail': lambda: CompactEncoder(detail=8),
        'SamVit': lambda: SamVit(replace(SPEC, taps=(1, 3)), HEIGHT, WIDTH),
        'CompactStudent': lambda: CompactStudent('small', SPEC, HEIGHT, WIDTH)}
    return build[kind](), PromptDecoder(WIDTH, HEIGHT, detail=8 if 'detail' in kind else 0)


@pytest.mark.parametrize(
    'kind', ['CompactEncoder', 'CompactEncoder with detail', 'SamVit', 'CompactStudent'])
def test_any_encoder_becomes_a_bundle_with_its_parity(tmp_path, kind):
    encoder, decoder = network(kind)
    write_bundle(encoder, decoder, tmp_path, DESCRIPTION)
    bundle = load_bundle(tmp_path)
    for engine in open_engines(bundle):
        engine.close()
    m = bundle.manifest
    assert (m.width, m.height, m.stride, m.representation) == (WIDTH, HEIGHT, 16, 'eventsam')
    assert (m.mean, m.std) == ((128, 120, 110), (40, 50, 60))
    assert m.channels == (256 + 16 * 8 if 'detail' in kind else 256)
    assert m.parity['runtime'] == f'onnxruntime {onnxruntime.__version__}'
    for precision, most in (('fp32', 1e-4), ('fp16', 5e-2)):
        report = m.parity[precision]
        assert 0.99 <= report['mask_iou'] <= 1
        assert 0 <= report['mask_iou_least'] <= report['mask_iou']
        assert 0 < report['embedding_mean'] < report['embedding_max'] < most
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        'bundle.yaml', 'decoder.onnx', 'encoder.onnx']


def test_graphs_of_either_precision_answer_as_the_network(tmp_path):
    encoder, decoder = network('CompactEncoder with detail')
    rng = np.random.default_rng(0)
    image = rng.normal(0, 1, (1, 3, HEIGHT, WIDTH)).astype(np.float32)
    inputs = {
        'point_coords': rng.uniform(0, 60, (3, 2, 2)).astype(np.float32),
        'point_labels': np.float32([[1, 0], [2, 3], [1, -1]]),
        'mask_input': np.zeros((1, 1, 16, 24), np.float32), 'has_mask': np.zeros(1, np.float32)}
    with torch.no_grad():
        embedding = encoder.eval()(torch.from_numpy(image))
        logits, scores = decoder(embedding, *(torch.from_numpy(v) for v in inputs.values()))
    for half, tolerance in ((False, 1e-4), (True, 2e-2)):
        write_bundle(encoder, decoder, tmp_path, DESCRIPTION, half=half, parity=False)
        assert 'parity' not in yaml.safe_load((tmp_path / 'bundle.yaml').read_text())
        found = [onnxruntime.InferenceSession(str(tmp_path / f'{kind}.onnx'))
                 for kind in ('encoder', 'decoder')]
        given = found[0].run(None, {'image': image})[0]
        np.testing.assert_allclose(given, embedding.numpy(), atol=tolerance)
        answer = found[1].run(None, {'embedding': given, **inputs})
        np.testing.assert_allclose(answer[0], logits.numpy(), atol=tolerance)
        np.testing.assert_allclose(answer[1], scores.numpy(), atol=tolerance)


def test_what_serves_training_alone_is_not_in_the_graph(tmp_path):
    encoder, decoder = network('CompactStudent')
    write_bundle(encoder, decoder, tmp_path, DESCRIPTION, half=False, parity=False)
    graph = onnx.load(str(tmp_path / 'encoder.onnx')).graph
    stored = sum(np.prod(constant.dims) for constant in graph.initializer)
    # batch norms are folded, so the graph holds fewer values than the encoder
    assert stored <= sum(p.numel() for p in encoder.encoder.parameters())


def test_inspect_shows_the_parity(tmp_path, capsys):
    write_bundle(*network('SamVit'), tmp_path, DESCRIPTION)
    assert main(['bundle', 'inspect', str(tmp_path)]) == 0
    shown = yaml.safe_load(capsys.readouterr().out)
    assert shown['parity']['fp16']['mask_iou'] >= 0.99


class _Fickle(nn.Module):
    """Says something else while it is exported."""

    def __init__(self):
        super().__init__()
        self.encoder = CompactEncoder()

    def forward(self, image):
        embedding = self.encoder(image)
        return -embedding if torch.jit.is_tracing() else embedding


def test_a_network_that_changes_in_the_export_is_refused_and_an_older_bundle_stays(tmp_path):
    _, decoder = network('CompactEncoder')
    (tmp_path / 'encoder.onnx').write_text('as it was')
    with pytest.raises(ExportError, match=r'^with fp32 weights the masks of the exported graphs '
                       r'agree with the network at IoU 0\.\d+ only, and 0.99 is required; '):
        write_bundle(_Fickle(), decoder, tmp_path, DESCRIPTION)
    assert (tmp_path / 'encoder.onnx').read_text() == 'as it was'
    assert [p.name for p in tmp_path.iterdir()] == ['encoder.onnx']


class _Coarse(nn.Module):
    """Keeps what it says in differences of weights that fp16 cannot tell."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder
        self.near = nn.Parameter(1000 + 0.1 * torch.rand(1, 256, 1, 1))

    def forward(self, image):
        return (self.encoder(image) * 0.01 + self.near - 1000.05) * 100


def test_weights_that_fp16_rounds_too_much_are_refused(tmp_path):
    encoder, decoder = network('CompactEncoder')
    with pytest.raises(ExportError, match=r'^with fp16 weights the masks of the exported graphs '
                       r'agree with the network at IoU 0\.\d+ only, and 0.99 is required; store '
                       r'the weights as fp32$'):
        write_bundle(_Coarse(encoder), decoder, tmp_path, DESCRIPTION)


class _Wide(nn.Module):
    """Has weights beyond the range of fp16."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder
        self.up = nn.Parameter(torch.full((1, 256, 1, 1), 1e6))

    def forward(self, image):
        return self.encoder(image) * self.up * 1e-6


def test_weights_that_fp16_cannot_hold_are_refused_and_stored_as_fp32(tmp_path):
    encoder, decoder = network('CompactEncoder')
    wide = _Wide(encoder)
    with pytest.raises(ExportError, match=r'^with fp16 weights the embedding of the '
                       r'exported graph is not finite; store the weights as fp32$'):
        write_bundle(wide, decoder, tmp_path, DESCRIPTION)
    write_bundle(wide, decoder, tmp_path, DESCRIPTION, half=False)
    manifest = load_bundle(tmp_path).manifest
    assert manifest.precision == 'fp32'
    assert manifest.parity['fp32']['mask_iou'] >= 0.99
    assert not np.isfinite(manifest.parity['fp16']['embedding_max'])


class _Undefined(nn.Module):
    """Gives no number for calm pictures, as windows are; the first one is noise."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, image):
        spread = (image - image.mean((1, 2, 3), keepdim=True)).abs().mean((1, 2, 3), keepdim=True)
        return self.encoder(image) * torch.sqrt(spread - 1)  # of noise about 64 / 40


def test_an_embedding_that_is_no_number_anywhere_is_refused(tmp_path):
    encoder, decoder = network('CompactEncoder')
    with pytest.raises(ExportError, match=r'^with fp32 weights the embedding of the exported '
                       r'graph is not finite; the network cannot be exported$'):
        write_bundle(_Undefined(encoder), decoder, tmp_path, DESCRIPTION)


def test_weights_beyond_one_file_are_one_sentence(tmp_path, monkeypatch):
    encoder, decoder = network('SamVit')
    size = 4 * sum(v.numel() for v in encoder.state_dict().values())
    monkeypatch.setattr('training.exporting.bundle.LARGEST', size - 1)
    with pytest.raises(ExportError, match=re.escape('; store them as fp16')):
        write_bundle(encoder, decoder, tmp_path / 'none', DESCRIPTION, half=False)
    assert not (tmp_path / 'none').exists()
    monkeypatch.setattr('training.exporting.bundle.LARGEST', size // 2 - 1)
    with pytest.raises(ExportError, match=r'^the weights of the encoder take .* smaller network$'):
        write_bundle(encoder, decoder, tmp_path / 'none', DESCRIPTION)
