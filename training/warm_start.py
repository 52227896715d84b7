# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Begin training with the weights of a bundle, so that anyone can train a shipped one further.

An ONNX graph keeps the weights but not always their names: exporting folds batch norms into the
convolutions before them and transposes matrices. Which constant holds what is found out by
exporting a network of the same build whose weights are all different, and looking where each
went.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
import onnx
from onnx import numpy_helper
import torch
from torch import Tensor, nn
import yaml

from .errors import RecipeError
from .export import export_graphs
from .networks.encoder import DETAIL_STRIDE, EMBEDDING, STRIDE, normalise
from .networks.promptable import PromptableSegmenter
from .recipe import Recipe, load_recipe

Arrays = list[NDArray[np.float32]]
_GRAPHS = ('encoder', 'decoder')
_BEGINNING = 8
"""Values that tell constants of one size apart."""


def _constants(folder: Path) -> Arrays:
    """Return the floating-point constants of both graphs, in the order of the files."""
    found = []
    for name in _GRAPHS:
        path = folder / f'{name}.onnx'
        try:
            graph = onnx.load(str(path)).graph
        except Exception as error:
            raise RecipeError(f'{path} cannot be read: {error}') from error
        arrays = [numpy_helper.to_array(constant) for constant in graph.initializer]
        found += [a.astype(np.float32) for a in arrays if a.dtype.kind == 'f']
    return found


def _channels(folder: Path) -> int:
    """Return the channels of a bundle's embedding."""
    graph = onnx.load(str(folder / 'encoder.onnx')).graph
    return int(graph.output[0].type.tensor_type.shape.dim[1].dim_value)


@torch.no_grad()
def _make_unique(network: nn.Module) -> None:
    generator = torch.Generator().manual_seed(0)
    for tensor in network.state_dict().values():
        if tensor.dtype.is_floating_point:
            tensor.copy_(0.1 + torch.rand(tensor.shape, generator=generator))


def _pairs(network: nn.Module) -> Iterator[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """Yield each convolution with the batch norm that follows it."""
    before: nn.Module | None = None
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and isinstance(before, nn.Conv2d) and (
                module.num_features == before.out_channels):
            yield before, module
        if isinstance(module, nn.Conv2d | nn.BatchNorm2d):
            before = module


def _scale(norm: nn.BatchNorm2d) -> Tensor:
    assert norm.running_var is not None
    return norm.weight / torch.sqrt(norm.running_var + norm.eps)


class _Places:
    """Finds constants by their content."""

    def __init__(self, constants: Arrays) -> None:
        self._constants = constants
        self._unused = dict.fromkeys(range(len(constants)))

    def find(self, wanted: Tensor) -> int | None:
        """Return the index of the constant with the same numbers in the same order."""
        flat = wanted.detach().reshape(-1).numpy()
        for k in self._unused:
            constant = self._constants[k]
            if constant.size == flat.size and np.allclose(
                    constant.reshape(-1)[:_BEGINNING], flat[:_BEGINNING], rtol=1e-4):
                del self._unused[k]
                return k
        return None


@torch.no_grad()
def load_weights(network: PromptableSegmenter, folder: Path, recipe: Recipe) -> None:
    """Set a network to the weights of a bundle.

    The network then answers as the bundle does. Batch norms that were folded away come back
    without statistics of their own: see `restore_statistics`. What a bundle does not have stays
    as it is: the auxiliary head, and the detail where only the recipe asks for it.

    Args:
        network: Of the recipe's build.
        folder: Of the bundle.
        recipe: Says how the bundle's network is built.

    Raises:
        RecipeError: The bundle is of another build, or cannot be read.
    """
    given = _constants(folder)
    detail = (_channels(folder) - EMBEDDING) // (STRIDE // DETAIL_STRIDE) ** 2
    probe = PromptableSegmenter(
        recipe.backbone, recipe.width, recipe.height, recipe.frequency, detail)
    _make_unique(probe)
    with TemporaryDirectory() as scratch:
        export_graphs(probe, Path(scratch), recipe.width, recipe.height, half=False)
        reference = _constants(Path(scratch))
    if [a.size for a in given] != [a.size for a in reference]:
        raise RecipeError(
            f'{folder} is not a bundle of {recipe.backbone} at {recipe.width}x{recipe.height}, '
            'as the recipe says')
    places = _Places(reference)
    targets = dict(network.state_dict())
    for (conv, norm), (like_conv, like_norm) in zip(
            _pairs(network.encoder), _pairs(probe.encoder), strict=True):
        scale = _scale(like_norm)
        weight = places.find(like_conv.weight * scale.reshape(-1, 1, 1, 1))
        if weight is None:
            continue
        assert like_norm.running_mean is not None
        assert norm.running_mean is not None
        assert norm.running_var is not None
        bias = places.find(like_norm.bias - like_norm.running_mean * scale)
        assert bias is not None
        conv.weight.copy_(torch.from_numpy(given[weight]).reshape(conv.weight.shape))
        norm.bias.copy_(torch.from_numpy(given[bias]))
        norm.running_mean.zero_()
        norm.running_var.fill_(1 - norm.eps)
        norm.weight.fill_(1)
    for name, tensor in probe.state_dict().items():
        if not tensor.dtype.is_floating_point or name not in targets:
            continue
        place = places.find(tensor)
        if place is not None:
            targets[name].copy_(torch.from_numpy(given[place]).reshape(tensor.shape))
        elif tensor.ndim == 2 and (place := places.find(tensor.T)) is not None:
            targets[name].copy_(torch.from_numpy(given[place]).reshape(tensor.T.shape).T)
    _load_tokens(network, probe, places, given)


def segmenter_of(folder: Path, detail: int | None = None) -> PromptableSegmenter:
    """Return the network of a bundle with its weights (see load_weights).

    Args:
        folder: Of a bundle whose recipe is one of this checkout.
        detail: Channels of detail that the network has; None as the recipe says.

    Raises:
        RecipeError: The bundle, or the recipe that it names, cannot be read.
    """
    try:
        named = yaml.safe_load((folder / 'bundle.yaml').read_text())['training']['recipe']
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise RecipeError(f'{folder} is no bundle that names its recipe: {error}') from error
    recipe = load_recipe(Path(__file__).parents[1] / str(named))
    recipe = recipe if detail is None else replace(recipe, detail=detail)
    network = PromptableSegmenter(
        recipe.backbone, recipe.width, recipe.height, recipe.frequency, recipe.detail)
    load_weights(network, folder, recipe)
    return network


def decoder_of(folder: Path) -> dict[str, Tensor]:
    """Return the decoder of a bundle by the names of PromptDecoder, without detail.

    Raises:
        RecipeError: See segmenter_of.
    """
    return dict(segmenter_of(folder, 0).decoder.state_dict())


def _load_tokens(
    network: PromptableSegmenter, probe: PromptableSegmenter, places: _Places, given: Arrays,
) -> None:
    """Load the decoder's own tokens, which stand in the graph as one constant."""
    like, own = probe.decoder.mask_decoder, network.decoder.mask_decoder
    place = places.find(torch.cat([like.iou_token.weight, like.mask_tokens.weight]))
    if place is not None:
        tokens = torch.from_numpy(given[place])
        own.iou_token.weight.copy_(tokens[:1])
        own.mask_tokens.weight.copy_(tokens[1:])


@torch.no_grad()
def restore_statistics(
    network: PromptableSegmenter, pictures: Iterable[Tensor], recipe: Recipe,
) -> None:
    """Give every batch norm the statistics of what it sees; its output stays the same.

    Args:
        network: Its answers do not change; only now can it be trained further.
        pictures: Batches uint8 [B, H, W, 3].
        recipe: For the normalisation.
    """
    norms = [m for m in network.encoder.modules() if isinstance(m, nn.BatchNorm2d)]
    sums: dict[nn.Module, list[Tensor]] = {norm: [] for norm in norms}

    def look(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen = inputs[0].double()
        sums[norm].append(torch.stack([seen.mean((0, 2, 3)), (seen ** 2).mean((0, 2, 3))]))

    hooks = [norm.register_forward_pre_hook(look) for norm in norms]
    network.eval()
    for batch in pictures:
        network.encoder(normalise(batch, recipe.mean, recipe.std))
    for hook in hooks:
        hook.remove()
    for norm in norms:
        assert norm.running_mean is not None
        assert norm.running_var is not None
        mean, square = torch.stack(sums[norm]).mean(0)
        mean, variance = mean.float(), (square - mean ** 2).clamp_min(0).float()
        scale = _scale(norm)
        norm.bias.add_(scale * (mean - norm.running_mean))
        norm.weight.copy_(scale * torch.sqrt(variance + norm.eps))
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
