# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""SAM's mask decoder asked by words and by a track token.

Its weights, and what comes after the transformer, are those of PromptDecoder; what is new is that
each token may be absent: padding of a sentence, and the track before the first frame.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from ...networks.promptable import PromptDecoder
from .words import Said

OWN_TOKENS = 5
"""Expected IoU and four masks, before all others."""
_NEVER = -1e4
"""Added to the logit of an absent token: its share is 0 exactly, in half precision too."""


def _attention(layer: Any, query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> Tensor:
    """Run SAM's attention with a bias float32 [N, 1, 1, keys] on its logits."""
    def heads(x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], x.shape[1], layer.num_heads, -1).transpose(1, 2)

    q, k, v = heads(layer.q_proj(query)), heads(layer.k_proj(key)), heads(layer.v_proj(value))
    logits = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1]) + bias
    mixed = (logits.softmax(-1) @ v).transpose(1, 2).flatten(2)
    out: Tensor = layer.out_proj(mixed)
    return out


def two_way(
    transformer: Any, source: Tensor, position: Tensor, tokens: Tensor, there: Tensor,
) -> tuple[Tensor, Tensor]:
    """Run segment_anything's TwoWayTransformer where nothing attends to absent tokens.

    Args:
        transformer: Of a mask decoder.
        source: float32 [N, 256, h, w].
        position: float32 [1, 256, h, w].
        tokens: float32 [N, K, 256].
        there: 1 where a token is, 0 where it is absent, float32 [N, K].

    Returns:
        Tokens float32 [N, K, 256] (of absent ones without meaning) and places [N, h * w, 256].
    """
    keys, place = source.flatten(2).transpose(1, 2), position.flatten(2).transpose(1, 2)
    bias = torch.zeros_like(there).masked_fill(there == 0, _NEVER)[:, None, None]
    queries = tokens
    for layer in transformer.layers:
        if layer.skip_first_layer_pe:
            queries = _attention(layer.self_attn, queries, queries, queries, bias)
        else:
            asked = queries + tokens
            queries = queries + _attention(layer.self_attn, asked, asked, queries, bias)
        queries = layer.norm1(queries)
        queries = layer.norm2(queries + layer.cross_attn_token_to_image(
            q=queries + tokens, k=keys + place, v=keys))
        queries = layer.norm3(queries + layer.mlp(queries))
        keys = layer.norm4(keys + _attention(
            layer.cross_attn_image_to_token, keys + place, queries + tokens, queries, bias))
    last = transformer.final_attn_token_to_image(q=queries + tokens, k=keys + place, v=keys)
    return transformer.norm_final_attn(queries + last), keys


class WordDecoder(nn.Module):
    """Words, a track and dense embeddings to masks."""

    def __init__(self, width: int, height: int, detail: int = 0) -> None:
        """Build for an input size; see PromptDecoder.

        The encoder of clicks serves for the positions of the grid alone and stays as it is.
        """
        super().__init__()
        self.prompted = PromptDecoder(width, height, detail=detail)
        self.prompted.prompt_encoder.requires_grad_(False)

    def forward(
        self, source: Tensor, said: Said, track: Tensor | None = None,
        has_track: Tensor | None = None, detail: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Decode N targets.

        Args:
            source: Picture plus dense embedding, float32 [N, 256, h, w].
            said: N sentences.
            track: Track tokens float32 [N, 256]; None for none at all.
            has_track: Which targets have one: 1 or 0, float32 [N]; None for all.
            detail: float32 [N, 16 * detail, h, w] as CompactEncoder folds it.

        Returns:
            Mask logits float32 [N, 4, 4h, 4w] and expected IoU float32 [N, 4] as of
            PromptDecoder, and the main mask token as the transformer leaves it, float32
            [N, 256].
        """
        decoder = self.prompted.mask_decoder
        own = torch.cat([decoder.iou_token.weight, decoder.mask_tokens.weight])
        count = source.shape[0]
        tokens = [own.expand(count, -1, -1), said.words]
        there = [said.mask.new_ones(count, OWN_TOKENS), said.mask]
        if track is not None:
            tokens.append(track[:, None])
            there.append((said.mask.new_ones(count) if has_track is None else has_track)[:, None])
        position = self.prompted.prompt_encoder.get_dense_pe()
        out, keys = two_way(
            decoder.transformer, source, position, torch.cat(tokens, 1), torch.cat(there, 1))
        rows, columns = source.shape[-2:]
        fine = None if detail is None else self.prompted.unfolded(detail)
        logits, expected = self.prompted.heads(out, keys, (rows, columns), fine)
        return logits, expected, out[:, 1]
