# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Names and shapes that the two graphs of a bundle must have."""

from __future__ import annotations

from .bundle import Bundle
from .engines.engine import Shape

OUTPUTS = 4
"""Masks the decoder gives for a prompt: one for a clear prompt, three for a lone click."""


def encoder_shapes(bundle: Bundle) -> tuple[dict[str, Shape], dict[str, Shape]]:
    """Return the inputs and outputs, by name, that a bundle's encoder must have."""
    m = bundle.manifest
    embedding = (1, m.channels, m.height // m.stride, m.width // m.stride)
    return {'image': (1, 3, m.height, m.width)}, {'embedding': embedding}


def decoder_shapes(bundle: Bundle) -> tuple[dict[str, Shape], dict[str, Shape]]:
    """Return the inputs and outputs, by name, that a bundle's decoder must have."""
    m = bundle.manifest
    _, embedding = encoder_shapes(bundle)
    low = (m.height // m.low_res_stride, m.width // m.low_res_stride)
    inputs: dict[str, Shape] = {
        **embedding, 'point_coords': (None, None, 2), 'point_labels': (None, None),
        'mask_input': (None, 1, *low), 'has_mask': (None,)}
    return inputs, {'low_res_masks': (None, OUTPUTS, *low), 'scores': (None, OUTPUTS)}
