# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""SAM's image encoder out of a checkpoint, its size told by the shapes."""

from __future__ import annotations

from pathlib import Path

from ..networks.sam_vit import SPECS, SamVit, VitSpec
from .checkpoints import CheckpointError, State

_OFFICIAL = {(SPECS[name].width, SPECS[name].depth): name for name in ('vit_b', 'vit_l', 'vit_h')}


def spec_of(state: State, path: Path) -> VitSpec:
    """Return the size of an encoder.

    Args:
        state: Names of segment_anything's image encoder.
        path: Of the checkpoint, for messages.

    Raises:
        CheckpointError: The tensors that tell the size are missing or do not fit together.
    """
    depth = sum(name.startswith('blocks.') and name.endswith('.norm1.weight') for name in state)
    names = ('pos_embed', 'patch_embed.proj.weight', 'neck.0.weight',
             *(f'blocks.{k}.attn.rel_pos_{axis}' for k in range(depth) for axis in 'hw'))
    for name in names:
        if name not in state:
            raise CheckpointError(f'{path} lacks {name} of the image encoder')
        dimensions = 2 if 'rel_pos' in name else 4
        if state[name].ndim != dimensions:
            raise CheckpointError(f'{name} of the image encoder in {path} must have {dimensions} '
                                  f'dimensions, but has {state[name].ndim}')
    width = state['pos_embed'].shape[-1]
    if (width, depth) in _OFFICIAL:
        return SPECS[_OFFICIAL[width, depth]]
    across = 2 * state['pos_embed'].shape[1] - 1
    rows = [len(state[f'blocks.{k}.attn.rel_pos_h']) for k in range(depth)]
    windows = {(r + 1) // 2 for r in rows if r != across}
    taps = tuple(k for k, r in enumerate(rows) if r == across)
    channels = state['blocks.0.attn.rel_pos_h'].shape[1] if depth else 0
    if not taps or len(windows) > 1 or not channels or width % channels:
        raise CheckpointError(f'{path} holds no image encoder of SAM: {depth} blocks of width '
                              f'{width} with tables of {sorted(set(rows))} relative positions')
    return VitSpec(
        width, depth, width // channels, taps, window=windows.pop() if windows else 14,
        patch=state['patch_embed.proj.weight'].shape[-1], out=state['neck.0.weight'].shape[0])


def name_of(spec: VitSpec) -> str:
    """Return an encoder's name, such as vit_b, or vit_32x4 where it is none of SAM's."""
    return _OFFICIAL.get((spec.width, spec.depth), f'vit_{spec.width}x{spec.depth}')


def vit_encoder(state: State, path: Path, size: int, positions: str) -> SamVit:
    """Return the encoder for square inputs.

    Args:
        state: Names of segment_anything's image encoder.
        path: Of the checkpoint, for messages.
        size: Side of the input in pixels.
        positions: How tables of positions come to another grid: crop or interpolate.

    Raises:
        CheckpointError: Names are missing, unknown or of another shape, or the tables cannot be
            brought to the size.
    """
    spec = spec_of(state, path)
    try:
        encoder = SamVit(spec, size, size)
        encoder.load_official(dict(state), positions)
    except ValueError as error:
        raise CheckpointError(f'{path} cannot be imported: {error}') from error
    return encoder
