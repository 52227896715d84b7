# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What networks say of whole panoramas: the assistant window by window, the student at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from eventsam_ros.events.types import Float32, UInt8
from eventsam_ros.inference.circle import Circle
from eventsam_ros.inference.class_bundle import STRIDE

from ..semantic.score import full_size
from .recipe import PanoramicRecipe
from .stitching import Taper, stitch
from .windows import Windows, cut, lay_out


def windows_of(recipe: PanoramicRecipe) -> Windows:
    """Return the windows of a recipe's panoramas."""
    return lay_out(recipe.windows, recipe.width, recipe.height, recipe.wrap)


def tensor(picture: UInt8, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Return a picture uint8 [H, W, 3] RGB as network input float32 [3, H, W]."""
    scaled = (picture.astype(np.float32) - np.asarray(mean, np.float32)) / np.asarray(
        std, np.float32)
    return torch.from_numpy(np.ascontiguousarray(scaled.transpose(2, 0, 1)))


def whole_logits(network: nn.Module, padded: Tensor, padding: int) -> Tensor:
    """Return a network's logits [B, C, H / 4, W / 4] of panoramas without their padding.

    Args:
        network: Gives logits at a quarter of its input's size.
        padded: Panoramas with so many columns of the other edge beyond each edge,
            [B, 3, H, W + 2 * padding].
        padding: A multiple of 4.
    """
    logits: Tensor = network(padded)
    cells = padding // STRIDE
    return logits[..., cells:logits.shape[-1] - cells]


class Windowed:
    """A network that sees a panorama window by window, as the assistant does."""

    def __init__(
        self, network: nn.Module, windows: Windows, taper: Taper, mean: Sequence[float],
        std: Sequence[float],
    ) -> None:
        """Take a network in evaluation mode."""
        self._network, self._windows, self._taper = network, windows, taper
        self._mean, self._std = mean, std

    @torch.no_grad()
    def parts(self, picture: UInt8) -> list[Float32]:
        """Return the class probabilities float32 [C, h, w] of every window."""
        device = next(self._network.parameters()).device
        views = self._windows.views
        found: dict[int, Float32] = {}
        for size in sorted({(v.height, v.width) for v in views}):
            chosen = [k for k, v in enumerate(views) if (v.height, v.width) == size]
            batch = torch.stack([tensor(cut(picture, views[k]), self._mean, self._std)
                                 for k in chosen]).to(device)
            shares = full_size(self._network(batch), size).softmax(1).cpu().numpy()
            found |= dict(zip(chosen, shares, strict=True))
        return [found[k] for k in range(len(views))]

    def shares(self, picture: UInt8) -> Float32:
        """Return the stitched class probabilities, float32 [C, H, W]."""
        return stitch(self.parts(picture), self._windows, self._taper)

    def __call__(self, picture: UInt8) -> UInt8:
        """Return the class of every pixel, uint8 [H, W]."""
        return np.asarray(self.shares(picture).argmax(0), np.uint8)


class Whole:
    """A network that sees a panorama at once, as the student does and as its bundle serves it."""

    def __init__(self, network: nn.Module, recipe: PanoramicRecipe) -> None:
        """Take a network in evaluation mode."""
        self._network, self._recipe = network, recipe

    @torch.no_grad()
    def __call__(self, picture: UInt8) -> UInt8:
        """Return the class of every pixel, uint8 [H, W]."""
        recipe = self._recipe
        circle = Circle(picture.shape[1], picture.shape[0], recipe.width, recipe.height,
                        recipe.wrap_padding)
        device = next(self._network.parameters()).device
        image = torch.from_numpy(circle.tensor(picture, recipe.mean, recipe.std)).to(device)
        return circle.classes(self._network(image).float().cpu().numpy())
