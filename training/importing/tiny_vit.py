# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""MobileSAM's image encoder: TinyViT-5M that stays at stride 16, and SAM's neck.

Source: Zhang et al., "Faster Segment Anything: Towards Lightweight SAM for Mobile Applications",
2023. The blocks are timm's; MobileSAM takes the last halving out of TinyViT.
"""

from __future__ import annotations

from pathlib import Path
import re

from torch import Tensor, nn

from ..networks.encoder import EMBEDDING
from ..networks.third_party import LayerNorm2d, TinyVit
from .checkpoints import State, load_part

_CLASSIFIER = ('norm_head.', 'head.')
"""What is left of the classifier that TinyViT was; nothing reads it."""
_LAYERS = (
    # MobileSAM halves behind a layer, timm before the next
    (r'^layers\.(\d+)\.downsample\.', lambda m: f'stages.{int(m[1]) + 1}.downsample.'),
    (r'^layers\.', 'stages.'),
    (r'^patch_embed\.seq\.0\.', 'patch_embed.conv1.'),
    (r'^patch_embed\.seq\.2\.', 'patch_embed.conv2.'),
    (r'\.c\.', '.conv.'),
)


class TinyVitEncoder(nn.Module):
    """Pictures to SAM's embedding."""

    def __init__(self) -> None:
        """Build with random weights."""
        super().__init__()
        self.trunk = TinyVit(
            embed_dims=(64, 128, 160, 320), depths=(2, 2, 6, 2), num_heads=(2, 4, 5, 10),
            window_sizes=(7, 7, 14, 7), num_classes=0, drop_path_rate=0.0)
        self.trunk.head = nn.Identity()
        self.trunk.stages[3].downsample.conv2.conv.stride = (1, 1)
        self.neck = nn.Sequential(
            nn.Conv2d(self.trunk.num_features, EMBEDDING, 1, bias=False), LayerNorm2d(EMBEDDING),
            nn.Conv2d(EMBEDDING, EMBEDDING, 3, padding=1, bias=False), LayerNorm2d(EMBEDDING))

    def forward(self, image: Tensor) -> Tensor:
        """Encode normalised pictures.

        Args:
            image: float32 [B, 3, H, W], H and W multiples of 16.

        Returns:
            float32 [B, 256, H / 16, W / 16].
        """
        embedding: Tensor = self.neck(self.trunk.stages(self.trunk.patch_embed(image)))
        return embedding

    def load_official(self, state: State, path: Path) -> None:
        """Take the weights of MobileSAM's checkpoint.

        Args:
            state: Names of its image encoder.
            path: Of the checkpoint, for messages.

        Raises:
            CheckpointError: A name is missing or unknown, or a tensor has another shape.
        """
        official = {_own_name(name): name for name in state if not name.startswith(_CLASSIFIER)}
        load_part(self, {own: state[name] for own, name in official.items()}, path)


def _own_name(name: str) -> str:
    if name.startswith('neck.'):
        return name
    for pattern, replacement in _LAYERS:
        name = re.sub(pattern, replacement, name)
    return f'trunk.{name}'

