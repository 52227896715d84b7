# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Compact encoders over every kind of backbone."""

from __future__ import annotations

import pytest

torch = pytest.importorskip('torch')

from training.networks.encoder import EMBEDDING, CompactEncoder  # noqa: E402


@pytest.mark.parametrize('backbone', [
    'mobilenetv4_conv_small',   # features from stride 2 on
    'resnet18',
    'tiny_vit_5m_224', 'efficientvit_b1', 'efficientvit_l0'])   # features from stride 4 on
@pytest.mark.parametrize('detail', [0, 4])
def test_an_embedding_has_stride_16_and_its_detail(backbone, detail):
    encoder = CompactEncoder(backbone, detail=detail).eval()
    with torch.no_grad():
        embedding = encoder(torch.zeros(1, 3, 64, 96))
    assert embedding.shape == (1, EMBEDDING + 16 * detail, 4, 6)


def test_efficientvit_l0_is_as_large_as_its_authors_say():
    # Zhang et al., "EfficientViT-SAM", 2024: L0 has 34.8 M parameters, 4.1 M of which are SAM's
    # prompt encoder and mask decoder; its neck is larger than ours.
    size = sum(p.numel() for p in CompactEncoder('efficientvit_l0').parameters()) / 1e6
    assert 25 < size < 34.8 - 4.1


def test_a_backbone_without_the_strides_is_refused():
    with pytest.raises(ValueError, match='strides'):
        CompactEncoder('vit_tiny_patch16_224')
