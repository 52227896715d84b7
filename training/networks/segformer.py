# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""SegFormer: a mix transformer and an all-MLP head, and its three streams of two inputs.

Xie et al., "SegFormer", NeurIPS 2021. Parameters have the names of the authors' checkpoints, so
that these load as they are (see segformer_weights). The streams are those of CDTrans (Xu et al.,
ICLR 2022), as CMESS uses them: source, target, and a third that asks with the source's queries
for the target's values; all weights are shared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STAGES = (0, 1, 2, 3)
STRIDE = 4
"""Input pixels to one place of the logits."""


@dataclass(frozen=True)
class SegFormerSpec:
    """Sizes of a SegFormer.

    Attributes:
        widths: Channels of the four stages.
        depths: Blocks of each.
        heads: Heads of each.
        reductions: Side of the squares that keys and values are averaged over, of each.
        head: Channels of the all-MLP head.
        drop_path: Share of the branches left out in training, at the last block.
        dropout: Share of the channels left out before the classes, in training.
    """

    widths: tuple[int, int, int, int] = (32, 64, 160, 256)
    depths: tuple[int, int, int, int] = (2, 2, 2, 2)
    heads: tuple[int, int, int, int] = (1, 2, 5, 8)
    reductions: tuple[int, int, int, int] = (8, 4, 2, 1)
    head: int = 256
    drop_path: float = 0.1
    dropout: float = 0.1


B0 = SegFormerSpec()
"""SegFormer-B0: 3.7 million parameters."""
_WIDE = (64, 128, 320, 512)
SIZES: Mapping[str, SegFormerSpec] = {
    'b0': B0, 'b1': SegFormerSpec(_WIDE),
    'b2': SegFormerSpec(_WIDE, (3, 4, 6, 3), head=768),
    'b3': SegFormerSpec(_WIDE, (3, 4, 18, 3), head=768),
    'b4': SegFormerSpec(_WIDE, (3, 8, 27, 3), head=768),
    'b5': SegFormerSpec(_WIDE, (3, 6, 40, 3), head=768)}
"""The published sizes; B5 has 84.7 million parameters (Xie et al., tables 1 and 6)."""
MLP_RATIO = 4


class Streams(NamedTuple):
    """Logits [B, C, H / 4, W / 4] of the three streams."""

    source: Tensor
    cross: Tensor
    target: Tensor


class _Attention(nn.Module):
    """Attention of tokens to others of the same picture size, keys and values at less places."""

    def __init__(self, width: int, heads: int, reduction: int) -> None:
        super().__init__()
        self.heads, self.reduction = heads, reduction
        self.q = nn.Linear(width, width)
        self.kv = nn.Linear(width, 2 * width)
        self.proj = nn.Linear(width, width)
        if reduction > 1:
            self.sr = nn.Conv2d(width, width, reduction, reduction)
            self.norm = nn.LayerNorm(width)

    def queries(self, x: Tensor) -> Tensor:
        """Return [B, heads, N, C / heads]."""
        return self._split(self.q(x))

    def memory(self, x: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Return keys and values of tokens [B, N, C]."""
        if self.reduction > 1:
            x = self.norm(_tokens(self.sr(_grid(x, size))))
        keys, values = self.kv(x).chunk(2, -1)
        return self._split(keys), self._split(values)

    def answer(self, queries: Tensor, memory: tuple[Tensor, Tensor]) -> Tensor:
        """Return what queries find in a memory, [B, N, C], before the projection."""
        found = F.scaled_dot_product_attention(queries, *memory)
        return found.transpose(1, 2).flatten(2)

    def _split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)


class _DepthWise(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, 3, padding=1, groups=width)

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        return _tokens(self.dwconv(_grid(x, size)))


class _MixMlp(nn.Module):
    """Two linear layers with a depth-wise convolution between, which tells where a token is."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, MLP_RATIO * width)
        self.dwconv = _DepthWise(MLP_RATIO * width)
        self.fc2 = nn.Linear(MLP_RATIO * width, width)

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        found: Tensor = self.fc2(F.gelu(self.dwconv(self.fc1(x), size)))
        return found


class Block(nn.Module):
    """Attention and MLP, each behind a norm and beside a shortcut."""

    def __init__(self, width: int, heads: int, reduction: int, drop_path: float) -> None:
        """Build with random weights."""
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = _Attention(width, heads, reduction)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = _MixMlp(width)
        self.drop_path = drop_path

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        """Return tokens [B, N, C] of a grid of (rows, columns)."""
        normed = self.norm1(x)
        found = self.attn.answer(self.attn.queries(normed), self.attn.memory(normed, size))
        return self._close(x, found, size)

    def streams(self, x: Tensor, size: tuple[int, int], cross: bool) -> Tensor:
        """Return the three streams, source, cross and target behind each other in the batch.

        Args:
            x: Tokens [3 B, N, C].
            size: Rows and columns of the grid.
            cross: Whether the middle stream asks the source's queries of the target; else it
                attends to itself.
        """
        if not cross:
            return self.forward(x, size)
        source, _, target = x.chunk(3)
        pair = self.norm1(torch.cat([source, target]))
        of_source, of_target = self.attn.queries(pair).chunk(2)
        keys, values = self.attn.memory(pair, size)
        (k_source, k_target), (v_source, v_target) = keys.chunk(2), values.chunk(2)
        found = self.attn.answer(
            torch.cat([of_source, of_source, of_target]),
            (torch.cat([k_source, k_target, k_target]),
             torch.cat([v_source, v_target, v_target])))
        return self._close(x, found, size)

    def _close(self, x: Tensor, found: Tensor, size: tuple[int, int]) -> Tensor:
        x = x + self._dropped(self.attn.proj(found))
        return x + self._dropped(self.mlp(self.norm2(x), size))

    def _dropped(self, branch: Tensor) -> Tensor:
        """Leave a branch out for some pictures of a batch, in training (stochastic depth)."""
        if not self.training or not self.drop_path:
            return branch
        kept = 1 - self.drop_path
        mask = torch.empty((len(branch), 1, 1), device=branch.device, dtype=branch.dtype)
        return branch * (mask.bernoulli_(kept) / kept)


class _PatchEmbed(nn.Module):
    """Overlapping patches: a strided convolution and a norm."""

    def __init__(self, channels: int, width: int, side: int, stride: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, width, side, stride, side // 2)
        self.norm = nn.LayerNorm(width)

    def forward(self, grid: Tensor) -> tuple[Tensor, tuple[int, int]]:
        grid = self.proj(grid)
        return self.norm(_tokens(grid)), (grid.shape[2], grid.shape[3])


class MixTransformer(nn.Module):
    """The encoder: four stages at strides 4, 8, 16 and 32."""

    def __init__(self, spec: SegFormerSpec) -> None:
        """Build with random weights."""
        super().__init__()
        self.spec = spec
        rates = torch.linspace(0, spec.drop_path, sum(spec.depths), device='cpu').tolist()
        channels = 3
        for k, width in enumerate(spec.widths, 1):
            embed = _PatchEmbed(channels, width, *((7, 4) if k == 1 else (3, 2)))
            first = sum(spec.depths[:k - 1])
            blocks = nn.ModuleList(
                Block(width, spec.heads[k - 1], spec.reductions[k - 1], rate)
                for rate in rates[first:first + spec.depths[k - 1]])
            self.add_module(f'patch_embed{k}', embed)
            self.add_module(f'block{k}', blocks)
            self.add_module(f'norm{k}', nn.LayerNorm(width, eps=1e-6))
            channels = width

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return features [B, C, H / s, W / s] at strides 4, 8, 16, 32 (rounded up)."""
        return self._run(image, None)

    def streams(self, source: Tensor, target: Tensor, cross: Collection[int]) -> list[Tensor]:
        """Return features of source, cross and target, behind each other in the batch.

        Args:
            source: Pictures [B, 3, H, W].
            target: As many of the same size.
            cross: Stages, of STAGES, whose blocks ask the source's queries of the target.
        """
        return self._run(torch.cat([source, target, target]), cross)

    def _run(self, image: Tensor, cross: Collection[int] | None) -> list[Tensor]:
        found, grid = [], image
        for k in STAGES:
            x, size = self.get_submodule(f'patch_embed{k + 1}')(grid)
            blocks = self.get_submodule(f'block{k + 1}')
            assert isinstance(blocks, nn.ModuleList)
            for block in blocks:
                assert isinstance(block, Block)
                x = block(x, size) if cross is None else block.streams(x, size, k in cross)
            grid = _grid(self.get_submodule(f'norm{k + 1}')(x), size)
            found.append(grid)
        return found


class _Linear(nn.Module):
    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.proj = nn.Linear(channels, width)


class _Fuse(nn.Module):
    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, width, 1, bias=False)
        self.bn = nn.BatchNorm2d(width)


class MlpHead(nn.Module):
    """All-MLP head: the stages to one width, joined at stride 4, to classes."""

    def __init__(self, spec: SegFormerSpec, classes: int) -> None:
        """Build with random weights."""
        super().__init__()
        for k, channels in enumerate(spec.widths, 1):
            self.add_module(f'linear_c{k}', _Linear(channels, spec.head))
        self.linear_fuse = _Fuse(4 * spec.head, spec.head)
        self.dropout = nn.Dropout2d(spec.dropout)
        self.linear_pred = nn.Conv2d(spec.head, classes, 1)

    def forward(self, features: list[Tensor]) -> Tensor:
        """Return logits [B, classes, H / 4, W / 4].

        A 1x1 convolution and linear interpolation can change places, so each stage is fused at
        its own size and only then enlarged: the same function for a third of the products.
        """
        size = (features[0].shape[2], features[0].shape[3])
        # the published order of the joined channels: deepest stage first
        parts: tuple[Tensor, ...] = self.linear_fuse.conv.weight.flatten(1).chunk(4, 1)
        joined = None
        for k in STAGES:
            project = self.get_submodule(f'linear_c{k + 1}.proj')
            tokens = F.linear(project(_tokens(features[k])), parts[3 - k])
            grid = _grid(tokens, (features[k].shape[2], features[k].shape[3]))
            if k:
                grid = F.interpolate(grid, size, mode='bilinear', align_corners=False)
            joined = grid if joined is None else joined + grid
        assert joined is not None
        found: Tensor = self.linear_pred(self.dropout(F.relu(self.linear_fuse.bn(joined))))
        return found


class SegFormer(nn.Module):
    """Pictures to class logits; any input size."""

    def __init__(self, classes: int, spec: SegFormerSpec = B0) -> None:
        """Build with random weights.

        Args:
            classes: Number of classes.
            spec: Sizes.
        """
        super().__init__()
        self.classes = classes
        self.backbone = MixTransformer(spec)
        self.decode_head = MlpHead(spec, classes)
        self.apply(_initialise)
        # a few classes as fan-out would make for wild guesses at first
        nn.init.normal_(self.decode_head.linear_pred.weight, std=0.01)

    def forward(self, image: Tensor) -> Tensor:
        """Return logits float32 [B, classes, H / 4, W / 4] of normalised pictures [B, 3, H, W]."""
        found: Tensor = self.decode_head(self.backbone(image))
        return found

    def streams(
        self, source: Tensor, target: Tensor, cross: Collection[int] = STAGES,
    ) -> Streams:
        """Return the logits of three streams of two batches; see MixTransformer.streams."""
        features = self.backbone.streams(source, target, cross)
        return Streams(*self.decode_head(features).chunk(3))


def _tokens(grid: Tensor) -> Tensor:
    """Return [B, C, H, W] as [B, H W, C]."""
    return grid.flatten(2).transpose(1, 2)


def _grid(tokens: Tensor, size: tuple[int, int]) -> Tensor:
    """Return [B, H W, C] as [B, C, H, W]; nothing moves in memory."""
    return tokens.transpose(1, 2).reshape(len(tokens), -1, *size)


def _initialise(module: nn.Module) -> None:
    """Draw weights as the authors do: linear ones narrow, convolutions by their fan-out."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Conv2d):
        fan_out = module.kernel_size[0] * module.kernel_size[1] * module.out_channels
        nn.init.normal_(module.weight, 0, math.sqrt(2.0 * module.groups / fan_out))
        if module.bias is not None:
            nn.init.zeros_(module.bias)
