# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Position tables of a vision transformer brought to another grid of tokens."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

METHODS = ('crop', 'interpolate')


def _absolute(table: Tensor, grid: tuple[int, int], method: str) -> Tensor:
    rows, columns = table.shape[1:3]
    if (rows, columns) == grid:
        return table
    if method == 'interpolate':
        moved = F.interpolate(
            table.permute(0, 3, 1, 2), grid, mode='bicubic', align_corners=False, antialias=True)
        return moved.permute(0, 2, 3, 1)
    if grid[0] > rows or grid[1] > columns:
        raise ValueError(f'a position table of {rows}x{columns} tokens cannot be cropped to '
                         f'{grid[0]}x{grid[1]}; interpolate it')
    return table[:, :grid[0], :grid[1]]


def _relative(table: Tensor, size: int, method: str) -> Tensor:
    """Return 2 * size - 1 rows: the middle ones, or all of them drawn together."""
    wanted = 2 * size - 1
    if len(table) == wanted:
        return table
    if method == 'interpolate':
        return F.interpolate(table.T[None], wanted, mode='linear', align_corners=True)[0].T
    if wanted > len(table):
        raise ValueError(f'a table of {len(table)} relative positions cannot be cropped to '
                         f'{wanted}; interpolate it')
    first = (len(table) - wanted) // 2
    return table[first:first + wanted]


def fit_positions(
    state: dict[str, Tensor], grid: tuple[int, int], global_blocks: tuple[int, ...], method: str,
) -> dict[str, Tensor]:
    """Bring the position tables of SAM's image encoder to a grid; all else stays as it is.

    `crop` keeps positions one token apart, as EventSAM's released code does: the corner of the
    absolute table and the middle of the relative ones (127 rows to rows 32 to 94 for a 512 pixel
    input). `interpolate` keeps their share of the picture instead.

    Args:
        state: Names and tensors of segment_anything's image encoder.
        grid: Rows and columns of tokens.
        global_blocks: Blocks whose relative tables span the grid, not a window.
        method: One of METHODS.

    Returns:
        A new mapping; tables that fit are not copied.

    Raises:
        ValueError: Unknown method, or a table that is too small to crop.
    """
    if method not in METHODS:
        raise ValueError(f'positions must be one of {", ".join(METHODS)}, but got {method!r}')
    fitted = dict(state)
    if 'pos_embed' in fitted:
        fitted['pos_embed'] = _absolute(fitted['pos_embed'], grid, method)
    for k in global_blocks:
        for axis, size in zip('hw', grid, strict=True):
            name = f'blocks.{k}.attn.rel_pos_{axis}'
            if name in fitted:
                fitted[name] = _relative(fitted[name], size, method)
    return {name: tensor.contiguous() if isinstance(tensor, torch.Tensor) else tensor
            for name, tensor in fitted.items()}
