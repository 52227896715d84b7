# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How much later layers draw on each token of a vision transformer: the pivotal tokens.

EventSAM (Chen et al., CVPR 2024) weights the distillation error of a token by how much the
attention of the layers above draws on it: the column sums of a row-stochastic matrix T, taken as
w = (1 + c) / 2. Three readings of T stand side by side:

    next     the block after the tap, its attention evaluated once more on its own output, without
             windows: what the released code does
    product  true attention of all blocks above the tap, multiplied up to the last: what the
             paper's figure says
    clean    true attention of the next tapped block, from the normal forward pass

Attention is evaluated once a block. Tokens of the padding neither draw nor are drawn on: rows
sum to 1 over what is left, so that the mean of w over tokens with content is 1.
"""

from __future__ import annotations

from segment_anything.modeling.image_encoder import (
    Attention,
    Block,
    add_decomposed_rel_pos,
    window_partition,
    window_unpartition,
)
import torch
from torch import Tensor

from .sam_vit import Features, SamVit

WEIGHTINGS = ('none', 'next', 'product', 'clean')


def _attend(attention: Attention, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the module's output [B, H, W, C] and its logits [B, heads, HW, HW]."""
    batch, rows, columns, _ = x.shape
    heads = attention.num_heads
    qkv = attention.qkv(x).reshape(batch, rows * columns, 3, heads, -1).permute(2, 0, 3, 1, 4)
    query, key, value = qkv.flatten(1, 2).unbind(0)
    logits = (query * attention.scale) @ key.transpose(-2, -1)
    if attention.use_rel_pos:
        logits = add_decomposed_rel_pos(
            logits, query, attention.rel_pos_h, attention.rel_pos_w, (rows, columns),
            (rows, columns))
    mixed = (logits.softmax(-1) @ value).reshape(batch, heads, rows, columns, -1)
    out: Tensor = attention.proj(mixed.permute(0, 2, 3, 1, 4).flatten(3))
    return out, logits.reshape(batch, heads, rows * columns, rows * columns)


def _among(logits: Tensor, valid: Tensor) -> Tensor:
    """Return the attention among valid tokens [B, N]; rows of the others are 0."""
    nowhere = ~valid[:, None, None, :]
    kept = logits.masked_fill(nowhere, float('-inf')).softmax(-1)
    return kept.masked_fill(~valid[:, None, :, None], 0)


class _Transition:
    """The attention of one block as a matrix that row vectors are multiplied by."""

    def __init__(self, logits: Tensor, valid: Tensor, window: int) -> None:
        """Take logits [B * windows, heads, n, n] and the valid tokens, bool [B, h, w]."""
        self._window = window
        self._shape = tuple(valid.shape)
        cut = valid[..., None]
        if window:
            cut, self._padded = window_partition(cut, window)
        self._matrix = _among(logits, cut.flatten(1))

    def draw(self, row: Tensor) -> Tensor:
        """Return row [B, heads, h, w] times the matrix, of the same shape."""
        heads, (rows, columns) = row.shape[1], self._shape[1:]
        tokens = row.permute(0, 2, 3, 1)
        if self._window:
            tokens, _ = window_partition(tokens, self._window)
        size = tokens.shape[1:3]
        flat = tokens.flatten(1, 2).transpose(1, 2)[:, :, None]
        drawn = (flat @ self._matrix)[:, :, 0].transpose(1, 2).reshape(-1, *size, heads)
        if self._window:
            drawn = window_unpartition(drawn, self._window, self._padded, (rows, columns))
        return drawn.permute(0, 3, 1, 2)


def _step(block: Block, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Run a block; return its output, its logits, and the attention module's output."""
    normed = block.norm1(tokens)
    if block.window_size:
        size = (normed.shape[1], normed.shape[2])
        normed, padded = window_partition(normed, block.window_size)
    mixed, logits = _attend(block.attn, normed)
    if block.window_size:
        mixed = window_unpartition(mixed, block.window_size, padded, size)
    tokens = tokens + mixed
    return tokens + block.mlp(block.norm2(tokens)), logits, mixed


@torch.no_grad()
def pivotal(
    network: SamVit, image: Tensor, valid: Tensor | None = None,
) -> tuple[Features, dict[str, tuple[Tensor, ...]]]:
    """Encode pictures and weigh their tokens.

    Args:
        network: The teacher.
        image: Normalised pictures, float32 [B, 3, H, W].
        valid: Tokens with content, bool [B, 1, h, w]; None counts all.

    Returns:
        Features as `network` gives them; for each of WEIGHTINGS a weight float32 [B, 1, h, w] a
        tap, at least 0.5 and 1 in the mean over valid tokens. The last tap's is 1.
    """
    tokens = network.embed(image)
    batch, rows, columns = tokens.shape[:3]
    mask = torch.ones(batch, rows, columns, dtype=torch.bool, device=image.device)
    if valid is not None:
        mask = valid[:, 0]
    encoder, taps = network.image_encoder, network.spec.taps
    tokens = tokens + encoder.pos_embed
    tapped: list[Tensor] = []
    transitions: list[_Transition] = []
    ones = mask[:, None].to(tokens.dtype).expand(-1, network.spec.heads, -1, -1)
    after: dict[int, Tensor] = {}
    for k, block in enumerate(encoder.blocks):
        tokens, logits, mixed = _step(block, tokens)
        transitions.append(_Transition(logits, mask, block.window_size))
        if k - 1 in taps:
            again = _Transition(_attend(block.attn, mixed)[1], mask, 0)
            after[k - 1] = again.draw(ones)
        if k in taps:
            tapped.append(tokens.permute(0, 3, 1, 2))
    features = Features(encoder.neck(tapped[-1]), tuple(tapped))
    above: dict[int, Tensor] = {}
    row = ones
    for k in range(len(transitions) - 1, taps[0], -1):
        row = transitions[k].draw(row)
        above[k - 1] = row
    drawn: dict[str, list[Tensor]] = {
        'next': [after[s] for s in taps[:-1]],
        'product': [above[s] for s in taps[:-1]],
        'clean': [transitions[s].draw(ones) for s in taps[1:]]}
    last = torch.ones(batch, 1, rows, columns, device=image.device)
    weights = {'none': (last,) * len(taps)}
    for name, columns_drawn in drawn.items():
        weights[name] = (*((1 + c.mean(1, keepdim=True)) / 2 for c in columns_drawn), last)
    return features, weights
