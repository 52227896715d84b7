# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Encoders with their middle layers tapped, and how colour and events become one embedding."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...networks.encoder import EMBEDDING, CompactEncoder
from ...networks.sam_vit import SPECS, Features, SamVit
from .dense import Taps


class Seen(NamedTuple):
    """Pictures as the decoder takes them.

    Attributes:
        embedding: float32 [B, 256, h, w], of length 1 at every place.
        hierarchy: Of the middle layers, the same; None where nobody asks for it.
        detail: float32 [B, 16 * detail, h, w] as CompactEncoder folds it, or None.
    """

    embedding: Tensor
    hierarchy: Tensor | None
    detail: Tensor | None

    def chosen(self, index: Tensor) -> Seen:
        """Return some of the pictures, by their numbers int64 [M]."""
        return Seen(self.embedding[index],
                    None if self.hierarchy is None else self.hierarchy[index],
                    None if self.detail is None else self.detail[index])

    def repeated(self, count: int) -> Seen:
        """Return one picture as so many, or as many as there are already, without copies."""
        def spread(maps: Tensor) -> Tensor:
            return maps.expand(count, -1, -1, -1)
        return Seen(spread(self.embedding),
                    None if self.hierarchy is None else spread(self.hierarchy),
                    None if self.detail is None else spread(self.detail))


class Layers(NamedTuple):
    """What an encoder gives of pictures: its embedding, taps to project, and detail."""

    embedding: Tensor
    taps: list[Tensor]
    detail: Tensor | None


class CompactSight(nn.Module):
    """The encoder that a vehicle runs; its taps are strides 8, 16 and 32 of the backbone."""

    def __init__(self, encoder: CompactEncoder) -> None:
        """Wrap an encoder."""
        super().__init__()
        self.encoder = encoder
        self.channels: tuple[int, ...] = tuple(encoder.levels)

    def forward(self, image: Tensor) -> Layers:
        """Encode normalised pictures float32 [B, 3, H, W]."""
        levels, found = self.encoder.levels_and_embedding(image)
        detail = found[:, EMBEDDING:] if self.encoder.detail is not None else None
        return Layers(found[:, :EMBEDDING], levels, detail)


class VitSight(nn.Module):
    """SAM's encoder; its taps are the blocks with global attention but for the last."""

    def __init__(self, network: SamVit) -> None:
        """Wrap an encoder."""
        super().__init__()
        self.network = network
        self.channels: tuple[int, ...] = (network.spec.width,) * (len(network.spec.taps) - 1)

    def forward(self, image: Tensor) -> Layers:
        """Encode normalised pictures float32 [B, 3, H, W]."""
        found: Features = self.network(image)
        return Layers(found.embedding, list(found.taps[:-1]), None)


Sight = CompactSight | VitSight


def build_sight(name: str, width: int, height: int, detail: int) -> Sight:
    """Return an encoder with random weights.

    Args:
        name: One of sam_vit.SPECS, or a backbone of timm.
        width: Columns of the input.
        height: Rows of the input.
        detail: Channels of detail at stride 4; transformers have none.

    Raises:
        ValueError: A transformer with detail, or there is no such backbone.
    """
    if name in SPECS:
        if detail:
            raise ValueError(f'{name} gives no detail at stride 4')
        return VitSight(SamVit(SPECS[name], height, width))
    try:
        return CompactSight(CompactEncoder(name, detail=detail))
    except RuntimeError as error:
        raise ValueError(f'there is no backbone {name}: {error}') from error


class Fusion(nn.Module):
    """Two maps to one by a 1x1 convolution that begins as their average."""

    def __init__(self, channels: int) -> None:
        """Build for maps of so many channels."""
        super().__init__()
        self.join = nn.Conv2d(2 * channels, channels, 1)
        half = torch.eye(channels)[:, :, None, None] / 2
        with torch.no_grad():
            self.join.weight.copy_(torch.cat([half, half], 1))
            assert self.join.bias is not None
            self.join.bias.zero_()

    def forward(self, one: Tensor, two: Tensor) -> Tensor:
        """Return float32 [B, channels, h, w]."""
        joined: Tensor = self.join(torch.cat([one, two], 1))
        return joined


class TwoSights(nn.Module):
    """Colour pictures, pictures of events, or both through one encoder.

    Both go through it in one batch; embeddings, projected taps and detail are fused place by
    place, so that the decoder does not know what was looked at.
    """

    def __init__(self, sight: Sight, modalities: str, hierarchy: bool, fusion: str,
                 detail: int) -> None:
        """Build around an encoder.

        Args:
            sight: Shared by the modalities.
            modalities: `images`, `events` or `both`.
            hierarchy: Whether middle layers are tapped.
            fusion: `joined` by a learnt 1x1 convolution that begins as the mean, or the `mean`.
            detail: Channels of detail that the encoder gives.
        """
        super().__init__()
        self.sight, self.modalities = sight, modalities
        self.taps = Taps(sight.channels) if hierarchy else None
        self.fusions: nn.ModuleDict | None = None
        if modalities == 'both' and fusion == 'joined':
            self.fusions = nn.ModuleDict({'embedding': Fusion(EMBEDDING)})
            if hierarchy:
                self.fusions['hierarchy'] = Fusion(EMBEDDING)
            if detail:
                self.fusions['detail'] = Fusion(16 * detail)

    def forward(self, image: Tensor | None, events: Tensor | None) -> Seen:
        """Encode normalised pictures float32 [B, 3, H, W].

        What is not looked at is None; of a network of both, one that is missing leaves the other
        as it is.
        """
        there = [picture for picture in (image, events) if picture is not None]
        two = len(there) > 1
        found = self.sight(torch.cat(there) if two else there[0])
        grid = (found.embedding.shape[2], found.embedding.shape[3])
        hierarchy = None if self.taps is None else self.taps(found.taps, grid)
        if not two:
            return Seen(F.normalize(found.embedding, dim=1), hierarchy, found.detail)
        return Seen(
            F.normalize(self._fused('embedding', found.embedding), dim=1),
            None if hierarchy is None else F.normalize(
                self._fused('hierarchy', hierarchy), dim=1),
            None if found.detail is None else self._fused('detail', found.detail))

    def _fused(self, part: str, maps: Tensor) -> Tensor:
        one, two = maps.chunk(2)
        if self.fusions is None:
            return (one + two) / 2
        fused: Tensor = self.fusions[part](one, two)
        return fused
