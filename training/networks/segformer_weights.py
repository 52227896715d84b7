# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Published weights of SegFormer: those of its authors, and the same as transformers names them.

Encoders alone (mit_b0, ImageNet) and whole networks both load; a head for other classes keeps all
but its last layer.
"""

from __future__ import annotations

from pathlib import Path
import re

import torch
from torch import Tensor

from ..errors import RecipeError
from .segformer import STAGES, SegFormer

_RENAMED = (
    (r'^segformer\.encoder\.', 'encoder.'),
    (r'^segformer\.', ''),
    (r'^encoder\.patch_embeddings\.(\d)\.proj\.', r'backbone.patch_embed<\1>.proj.'),
    (r'^encoder\.patch_embeddings\.(\d)\.layer_norm\.', r'backbone.patch_embed<\1>.norm.'),
    (r'^encoder\.layer_norm\.(\d)\.', r'backbone.norm<\1>.'),
    (r'^encoder\.block\.(\d)\.(\d+)\.', r'backbone.block<\1>.\2.'),
    (r'\.layer_norm_(\d)\.', r'.norm\1.'),
    (r'\.attention\.self\.query\.', '.attn.q.'),
    (r'\.attention\.self\.sr\.', '.attn.sr.'),
    (r'\.attention\.self\.layer_norm\.', '.attn.norm.'),
    (r'\.attention\.output\.dense\.', '.attn.proj.'),
    (r'\.mlp\.dense(\d)\.', r'.mlp.fc\1.'),
    (r'^decode_head\.linear_c\.(\d)\.', r'decode_head.linear_c<\1>.'),
    (r'^decode_head\.linear_fuse\.(weight)', r'decode_head.linear_fuse.conv.\1'),
    (r'^decode_head\.batch_norm\.', 'decode_head.linear_fuse.bn.'),
    (r'^decode_head\.classifier\.', 'decode_head.linear_pred.'),
)
"""transformers' names to the authors'; <k> counts from 0 there and from 1 here."""
_UNUSED = ('decode_head.conv_seg.', 'head.', 'auxiliary_head.', 'classifier.')
"""Layers in published files that segmentation does not use."""


def _joined(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return transformers' separate keys and values as one layer."""
    found = {}
    for name, value in state.items():
        if '.attention.self.value.' in name:
            continue
        if '.attention.self.key.' in name:
            other = state[name.replace('.self.key.', '.self.value.')]
            found[name.replace('.attention.self.key.', '.attn.kv.')] = torch.cat([value, other])
        else:
            found[name] = value
    return found


def authors_names(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return a published state dict under the names that SegFormer has here."""
    found = {}
    for original, value in _joined(state).items():
        name = original
        for pattern, by in _RENAMED:
            name = re.sub(pattern, by, name)
        name = re.sub(r'<(\d)>', lambda match: str(int(match[1]) + 1), name)
        if re.match(r'(patch_embed|block|norm)\d', name):
            name = f'backbone.{name}'   # an encoder alone
        if not name.startswith(_UNUSED):
            found[name] = value
    return found


def load_published(network: SegFormer, path: Path) -> list[str]:
    """Load what a checkpoint has of a network.

    Args:
        network: Receives the weights.
        path: The authors' .pth, or transformers' pytorch_model.bin.

    Returns:
        Names that the file did not have, or had for another number of classes.

    Raises:
        RecipeError: The file cannot be read, or is no SegFormer of this size.
    """
    try:
        content = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # torch has many for damaged files
        raise RecipeError(f'{path} cannot be read: {error}') from error
    state = content.get('state_dict', content) if isinstance(content, dict) else {}
    given = authors_names({k: v for k, v in state.items() if isinstance(v, Tensor)})
    own = network.state_dict()
    if unknown := sorted(given.keys() - own.keys()):
        raise RecipeError(f'{path} is no SegFormer: it has {unknown[0]}')
    last = ('decode_head.linear_pred.weight', 'decode_head.linear_pred.bias')
    fitting = {k: v for k, v in given.items() if k not in last or v.shape == own[k].shape}
    for name, value in fitting.items():
        if value.shape != own[name].shape:
            raise RecipeError(f'{path} is a SegFormer of another size: {name} is '
                              f'{list(value.shape)}, not {list(own[name].shape)}')
    if f'backbone.norm{len(STAGES)}.weight' not in fitting:
        raise RecipeError(f'{path} is no SegFormer: it has no encoder')
    network.load_state_dict(fitting, strict=False)
    return sorted(own.keys() - fitting.keys())
