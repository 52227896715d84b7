# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Bottleneck adapters beside frozen layers, which change nothing at first."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ...networks.encoder import CompactEncoder
from ...networks.sam_vit import SamVit

_BOTTLENECK = 4
_PARALLEL = 0.5
"""Weight of the adapter beside the MLP, as published."""


class Adapter(nn.Module):
    """width -> width / 4 -> GELU -> width; the second layer begins as zeros.

    The published code begins with random weights, so that the adapted encoder is not SAM's at
    first.
    """

    def __init__(self, width: int, places: bool = False, zero: bool = True) -> None:
        """Build.

        Args:
            width: Channels.
            places: Whether values come as [B, width, h, w] rather than [..., width].
            zero: Whether the second layer begins as zeros.
        """
        super().__init__()
        narrow = width // _BOTTLENECK
        down, up = (
            (nn.Conv2d(width, narrow, 1), nn.Conv2d(narrow, width, 1)) if places
            else (nn.Linear(width, narrow), nn.Linear(narrow, width)))
        if zero:
            nn.init.zeros_(up.weight)
            assert up.bias is not None
            nn.init.zeros_(up.bias)
        self.layers = nn.Sequential(down, nn.GELU(), up)

    def forward(self, x: Tensor) -> Tensor:
        """Return what is to be added."""
        added: Tensor = self.layers(x)
        return added


class After(nn.Module):
    """A layer, then an adapter with a skip around it."""

    def __init__(self, layer: nn.Module, adapter: Adapter) -> None:
        """Wrap a layer."""
        super().__init__()
        self.layer, self.adapter = layer, adapter

    def forward(self, x: Tensor) -> Tensor:
        """Return x + adapter(x) of the layer's output."""
        out: Tensor = self.layer(x)
        added: Tensor = self.adapter(out)
        return out + added


class Beside(nn.Module):
    """A layer and, in parallel, half of an adapter."""

    def __init__(self, layer: nn.Module, adapter: Adapter) -> None:
        """Wrap a layer."""
        super().__init__()
        self.layer, self.adapter = layer, adapter

    def forward(self, x: Tensor) -> Tensor:
        """Return the layer's output plus 0.5 times the adapter's."""
        out: Tensor = self.layer(x) + _PARALLEL * self.adapter(x)
        return out


class _Recomputed(nn.Module):
    """A block whose middle values are computed again in the backward pass, to save memory."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block

    def forward(self, x: Tensor) -> Tensor:
        if not (self.training and torch.is_grad_enabled()):
            out: Tensor = self.block(x)
        else:
            out = checkpoint(self.block, x, use_reentrant=False)
        return out


def adapt_vit(network: SamVit, zero: bool = True, recompute: bool = False) -> None:
    """Put two adapters into each block of the last half of SAM's encoder, frozen otherwise.

    After attention, before its windows are put together, and beside the MLP.

    Args:
        network: Changed in place; load its weights before.
        zero: Whether nothing changes at first.
        recompute: Whether adapted blocks are computed again in the backward pass.
    """
    network.requires_grad_(False)
    blocks = network.image_encoder.blocks
    for k in range(network.spec.depth // 2, network.spec.depth):
        block, width = blocks[k], network.spec.width
        block.attn = After(block.attn, Adapter(width, zero=zero))
        block.mlp = Beside(block.mlp, Adapter(width, zero=zero))
        if recompute:
            blocks[k] = _Recomputed(block)


def _blocks(backbone: nn.Module) -> list[tuple[nn.Module, str]]:
    """Return where each block of a convolutional backbone hangs: its parent and its name."""
    stages = backbone.get_submodule('blocks')
    return [(stage, name) for stage in stages.children() for name, _ in stage.named_children()]


@torch.no_grad()
def _widths(backbone: nn.Module, blocks: list[tuple[nn.Module, str]]) -> Iterator[int]:
    """Yield the channels of each block's output."""
    found: dict[int, int] = {}

    def look(k: int, out: Tensor) -> None:
        found[k] = out.shape[1]

    hooks = [parent.get_submodule(name).register_forward_hook(
        lambda _m, _i, out, k=k: look(k, out)) for k, (parent, name) in enumerate(blocks)]
    training = backbone.training
    backbone.eval()(torch.zeros(1, 3, 64, 64))
    backbone.train(training)
    for hook in hooks:
        hook.remove()
    yield from (found[k] for k in range(len(blocks)))


def adapt_compact(encoder: CompactEncoder, zero: bool = True) -> None:
    """Put an adapter behind each block of the last half of a compact backbone, which is frozen.

    The nearest thing to the transformer's: a convolutional block has no attention and MLP apart,
    so there is one adapter a block, of 1x1 convolutions. What stands behind the backbone learns.

    Args:
        encoder: Changed in place; load its weights before.
        zero: Whether nothing changes at first.

    Raises:
        ValueError: The backbone is not made of stages of blocks.
    """
    backbone = encoder.backbone
    if not any(name == 'blocks' for name, _ in backbone.named_children()):
        raise ValueError('the backbone has no stages of blocks to adapt')
    backbone.requires_grad_(False)
    blocks = _blocks(backbone)
    widths = list(_widths(backbone, blocks))
    for (parent, name), width in list(zip(blocks, widths, strict=True))[len(blocks) // 2:]:
        parent.add_module(name, After(
            parent.get_submodule(name), Adapter(width, places=True, zero=zero)))
