# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Graphs of every kind of encoder are compiled by a real TensorRT builder."""

from dataclasses import replace

import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

from eventsam_ros.errors import EngineError  # noqa: E402
from eventsam_ros.inference.bundle import load_bundle  # noqa: E402
from eventsam_ros.inference.engines.tensorrt_build import build_engine, load_tensorrt  # noqa: E402
from eventsam_ros.inference.ranges import decoder_ranges  # noqa: E402
from training.exporting.bundle import write_bundle  # noqa: E402
from training.exporting.description import Description  # noqa: E402
from training.importing.tiny_vit import TinyVitEncoder  # noqa: E402
from training.networks.promptable import PromptDecoder  # noqa: E402
from training.networks.sam_vit import SamVit, VitSpec  # noqa: E402
from training.networks.student import CompactStudent  # noqa: E402

WIDTH, HEIGHT = 96, 64
SPEC = VitSpec(32, 4, 2, (0, 1, 2, 3), window=3)
ENCODERS = {
    'SamVit': lambda: SamVit(replace(SPEC, taps=(1, 3)), HEIGHT, WIDTH),
    'TinyViT': TinyVitEncoder,
    'CompactStudent': lambda: CompactStudent('small', SPEC, HEIGHT, WIDTH),
    'CompactStudent with detail': lambda: CompactStudent('small', SPEC, HEIGHT, WIDTH, detail=8)}


@pytest.mark.parametrize(
    ('kind', 'half'), [*((kind, True) for kind in ENCODERS), ('SamVit', False)])
def test_both_graphs_compile(tmp_path, kind, half):
    try:
        load_tensorrt()
    except EngineError as error:
        pytest.skip(str(error))
    torch.manual_seed(0)
    decoder = PromptDecoder(WIDTH, HEIGHT, detail=8 if 'detail' in kind else 0)
    write_bundle(
        ENCODERS[kind](), decoder, tmp_path, Description('any', (0,) * 3, (1,) * 3), half,
        parity=False)
    bundle = load_bundle(tmp_path)
    for path, ranges in ((bundle.encoder_path, None),
                         (bundle.decoder_path, decoder_ranges(bundle))):
        # an engine holds the weights, at least as fp16
        engine = build_engine(path, ranges, capability='SM86')
        assert len(engine) > path.stat().st_size / (1 if half else 2)
