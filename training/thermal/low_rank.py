# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Low-rank weights (LoRA, Hu et al., 2022) beside frozen ones, by the library peft.

In a transformer they sit on the queries and values of every attention. SAM 2 keeps queries, keys
and values in one matrix, which is taken apart for that and put together again on export. A block
that doubles its channels has queries and values of the doubled width, all of which are adapted
(the published code reaches half of them). A convolutional backbone has no queries and values; the
nearest thing are its pointwise (1x1) convolutions, which mix channels at each place as the
projections do: there the low-rank weights sit on each of these.
"""

from __future__ import annotations

from collections.abc import Iterator
import copy

from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
import torch
from torch import Tensor, nn

from .pyramid import Encoder, HieraPyramid

_PARTS = ('q', 'k', 'v')


class _Apart(nn.Module):
    """Queries, keys and values by three matrices in place of one."""

    def __init__(self, joined: nn.Linear) -> None:
        super().__init__()
        width = joined.out_features // 3
        assert joined.bias is not None
        for k, name in enumerate(_PARTS):
            part = nn.Linear(joined.in_features, width)
            rows = slice(k * width, (k + 1) * width)
            part.weight = nn.Parameter(joined.weight.detach()[rows].clone())
            part.bias = nn.Parameter(joined.bias.detach()[rows].clone())
            self.add_module(name, part)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.get_submodule(name)(x) for name in _PARTS], -1)

    def joined(self) -> nn.Linear:
        """Return one matrix that does the same, without low-rank weights beside it."""
        parts = [self.get_submodule(name) for name in _PARTS]
        assert all(isinstance(part, nn.Linear) for part in parts)
        first = parts[0].weight
        assert isinstance(first, Tensor)
        whole = nn.Linear(first.shape[1], 3 * first.shape[0])
        whole.weight = nn.Parameter(torch.cat([p.weight.detach() for p in parts]))  # type: ignore[operator]
        whole.bias = nn.Parameter(torch.cat([p.bias.detach() for p in parts]))  # type: ignore[operator]
        return whole


def _targets(part: nn.Module, transformer: bool) -> list[str]:
    if transformer:
        return [f'{name}.{which}' for name, module in part.named_modules()
                if isinstance(module, _Apart) for which in ('q', 'v')]
    return [name for name, module in part.named_modules()
            if isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1)
            and module.groups == 1]


def add_low_rank(encoder: Encoder, rank: int) -> None:
    """Put low-rank weights beside an encoder's own, which are frozen; nothing changes yet.

    Args:
        encoder: Changed in place. Its norms keep their statistics in training (`keep_norms`).
        rank: Of the weights; they are added without a factor (alpha is the rank).

    Raises:
        ValueError: It has no place for them.
    """
    part, transformer = encoder.attention(), isinstance(encoder, HieraPyramid)
    if transformer:
        for block in part.get_submodule('blocks').children():
            attention = block.get_submodule('attn')
            joined = attention.get_submodule('qkv')
            assert isinstance(joined, nn.Linear)
            attention.add_module('qkv', _Apart(joined))
    targets = _targets(part, transformer)
    if not targets:
        raise ValueError('the backbone has no pointwise convolutions to adapt')
    encoder.requires_grad_(False)
    inject_adapter_in_model(LoraConfig(
        r=rank, lora_alpha=rank, lora_dropout=0.0, bias='none', target_modules=targets), part)
    for module in encoder.trained():
        module.requires_grad_(True)


def low_rank_layers(encoder: nn.Module) -> Iterator[tuple[str, LoraLayer]]:
    """Yield the layers with low-rank weights by name."""
    for name, module in encoder.named_modules():
        if isinstance(module, LoraLayer):
            yield name, module


def keep_norms(encoder: Encoder) -> None:
    """Let the batch norms of the adapted part use the statistics that they came with."""
    for module in encoder.attention().modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def twin(encoder: Encoder) -> Encoder:
    """Return an encoder with low-rank weights of its own and all frozen weights shared."""
    shared = {id(p): p for p in encoder.parameters() if not p.requires_grad}
    copied = copy.deepcopy(encoder, shared)
    for _, layer in low_rank_layers(copied):
        layer.reset_lora_parameters(   # type: ignore[no-untyped-call]
            'default', init_lora_weights=True)
    return copied


def merged(encoder: Encoder) -> Encoder:
    """Return a plain encoder that does the same: low-rank weights are added to the others."""
    plain = copy.deepcopy(encoder)
    for name, layer in list(low_rank_layers(plain)):
        layer.merge()
        above, _, own = name.rpartition('.')
        setattr(plain.get_submodule(above), own, layer.get_base_layer())
    for name, module in list(plain.named_modules()):
        if isinstance(module, _Apart):
            above, _, own = name.rpartition('.')
            setattr(plain.get_submodule(above), own, module.joined())
    return plain


def learnt(network: nn.Module) -> dict[str, Tensor]:
    """Return what training changes: parameters that learn, and buffers outside frozen parts.

    Statistics of a norm whose weights are frozen belong to the frozen part.
    """
    state = network.state_dict()
    kept = {n for n, p in network.named_parameters(remove_duplicate=False) if p.requires_grad}
    frozen = {n.rpartition('.')[0] for n, p in network.named_parameters(remove_duplicate=False)
              if not p.requires_grad}
    kept |= {n for n, _ in network.named_buffers() if n.rpartition('.')[0] not in frozen}
    return {name: state[name] for name in sorted(kept) if name in state}
