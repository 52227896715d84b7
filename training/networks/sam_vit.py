# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""SAM's image encoder in any size, with its middle layers tapped.

The blocks are segment_anything's own, so that official weights load by name. Around them: grids
that are not square, position tables cut or interpolated to them, features at the blocks with
global attention, and a stem of convolutions for networks that start from nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from segment_anything.modeling import ImageEncoderViT
import torch
from torch import Tensor, nn

from .positions import fit_positions


@dataclass(frozen=True)
class Features:
    """What an encoder makes of pictures.

    Attributes:
        embedding: float32 [B, 256, h, w], what the decoder reads.
        taps: float32 [B, C, h, w] each, the tokens after each tapped block, the last one last.
    """

    embedding: Tensor
    taps: tuple[Tensor, ...]


@dataclass(frozen=True)
class VitSpec:
    """Size of an encoder.

    Attributes:
        width: Channels of a token.
        depth: Blocks.
        heads: Heads of attention; they divide the width.
        taps: Blocks with global attention, which are also the tapped ones.
        window: Side of the attention windows of all other blocks, tokens.
        patch: Side of the square that a token stands for, pixels.
        out: Channels of the embedding.
        stem: Whether convolutions cut the picture into tokens, rather than one projection.
    """

    width: int
    depth: int
    heads: int
    taps: tuple[int, ...]
    window: int = 14
    patch: int = 16
    out: int = 256
    stem: bool = False


SPECS = {
    'vit_b': VitSpec(768, 12, 12, (2, 5, 8, 11)),
    'vit_l': VitSpec(1024, 24, 16, (5, 11, 17, 23)),
    'vit_h': VitSpec(1280, 32, 16, (7, 15, 23, 31)),
    'compact': VitSpec(192, 12, 3, (2, 5, 8, 11), window=7, stem=True),
}
"""Sizes by name; the first three are SAM's (Kirillov et al., 2023)."""


class ConvolutionStem(nn.Module):
    """Pictures to tokens through four strided convolutions (Xiao et al., 2021).

    A network that starts from nothing learns sooner with it than with one large projection.
    """

    def __init__(self, width: int) -> None:
        """Build for a token width that 8 divides."""
        super().__init__()
        channels = (3, width // 8, width // 4, width // 2, width)
        layers: list[nn.Module] = []
        for before, after in pairwise(channels):
            layers += [nn.Conv2d(before, after, 3, 2, 1, bias=False), nn.BatchNorm2d(after),
                       nn.GELU()]
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, width, 1))

    def forward(self, image: Tensor) -> Tensor:
        """Return tokens [B, H / 16, W / 16, width] of pictures [B, 3, H, W]."""
        tokens: Tensor = self.layers(image)
        return tokens.permute(0, 2, 3, 1)


class SamVit(nn.Module):
    """SAM's image encoder for pictures of one size.

    Attributes:
        spec: Its size.
        grid: Rows and columns of its tokens.
        image_encoder: segment_anything's module.
    """

    def __init__(self, spec: VitSpec, height: int, width: int) -> None:
        """Build with random weights.

        Args:
            spec: Size of the encoder.
            height: Rows of the input, pixels, a multiple of the patch.
            width: Columns of the input, pixels, a multiple of the patch.

        Raises:
            ValueError: The input is no whole number of patches.
        """
        super().__init__()
        if height % spec.patch or width % spec.patch or min(height, width) < spec.patch:
            raise ValueError(f'the input must be a multiple of {spec.patch} pixels on both sides, '
                             f'but is {width}x{height}')
        self.spec = spec
        self.grid = (height // spec.patch, width // spec.patch)
        self.image_encoder = ImageEncoderViT(
            img_size=spec.patch, patch_size=spec.patch, embed_dim=spec.width, depth=spec.depth,
            num_heads=spec.heads, out_chans=spec.out, use_rel_pos=True, window_size=spec.window,
            global_attn_indexes=spec.taps,
            norm_layer=lambda channels: nn.LayerNorm(channels, eps=1e-6))
        if spec.stem:
            self.image_encoder.patch_embed = ConvolutionStem(spec.width)
        rows, columns = self.grid
        self.image_encoder.pos_embed = nn.Parameter(torch.empty(1, rows, columns, spec.width))
        nn.init.trunc_normal_(self.image_encoder.pos_embed, std=0.02)
        for k in spec.taps:
            attention = self.image_encoder.blocks[k].attn
            attention.rel_pos_h = nn.Parameter(
                torch.zeros(2 * rows - 1, spec.width // spec.heads))
            attention.rel_pos_w = nn.Parameter(
                torch.zeros(2 * columns - 1, spec.width // spec.heads))

    def load_official(self, state: dict[str, Tensor], positions: str = 'crop') -> None:
        """Take the weights of an official checkpoint, made for any grid.

        Args:
            state: Names and tensors of segment_anything's image encoder.
            positions: How its position tables come to this grid: `crop` as EventSAM does, or
                `interpolate` (see positions.fit_positions).

        Raises:
            ValueError: Names are missing, unknown or of another shape.
        """
        fitted = fit_positions(state, self.grid, self.spec.taps, positions)
        own = self.image_encoder.state_dict()
        for what, names in (('lacks', own.keys() - fitted.keys()),
                            ('has unknown', fitted.keys() - own.keys())):
            if names:
                raise ValueError(f'the encoder checkpoint {what} {min(names)} '
                                 f'({len(names)} names in all)')
        for name, tensor in fitted.items():
            if tensor.shape != own[name].shape:
                raise ValueError(f'{name} of the encoder checkpoint must be '
                                 f'{tuple(own[name].shape)}, but is {tuple(tensor.shape)}')
        self.image_encoder.load_state_dict(fitted)

    def embed(self, image: Tensor) -> Tensor:
        """Return the patch tokens [B, h, w, C] before positions are added."""
        tokens: Tensor = self.image_encoder.patch_embed(image)
        return tokens

    def encode(self, tokens: Tensor) -> Features:
        """Run the blocks on patch tokens [B, h, w, C]; see forward."""
        tokens = tokens + self.image_encoder.pos_embed
        taps = []
        for k, block in enumerate(self.image_encoder.blocks):
            tokens = block(tokens)
            if k in self.spec.taps:
                taps.append(tokens.permute(0, 3, 1, 2))
        return Features(self.image_encoder.neck(taps[-1]), tuple(taps))

    def forward(self, image: Tensor) -> Features:
        """Encode normalised pictures float32 [B, 3, H, W] of the size it was built for."""
        return self.encode(self.embed(image))
