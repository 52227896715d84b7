# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Write what a recipe trained as a bundle."""

from __future__ import annotations

from pathlib import Path

from .exporting import bundle, graphs
from .exporting.description import Description
from .networks.promptable import PromptableSegmenter
from .recipe import Recipe


def export_graphs(
    network: PromptableSegmenter, folder: Path, width: int, height: int, half: bool = True,
) -> None:
    """Write encoder.onnx and decoder.onnx.

    Args:
        network: Trained; it is put into evaluation mode.
        folder: Existing folder.
        width: Columns of the network's input.
        height: Rows of the network's input.
        half: Store weights as fp16 (half the size; the arithmetic stays fp32).
    """
    network.eval()
    network.decoder.resize(width, height)
    graphs.export_graphs(network.encoder, network.decoder, folder, half)


def write_bundle(
    network: PromptableSegmenter, recipe: Recipe, folder: Path, metrics: dict[str, float],
    data: str, half: bool = True, recipe_file: str = '',
) -> None:
    """Write a complete bundle folder; see exporting.bundle.write_bundle.

    Args:
        network: Trained.
        recipe: What it was trained by.
        folder: Created where missing; files in it are replaced.
        metrics: Validation figures to record.
        data: One sentence on the training data.
        half: See export_graphs.
        recipe_file: Where the recipe lies, to record.

    Raises:
        ExportError: The exported graphs do not do what the network does.
    """
    network.eval()
    network.decoder.resize(recipe.width, recipe.height)
    mean, std = (recipe.mean,) * 3, (recipe.std,) * 3
    description = Description(
        recipe.name, mean, std, recipe.representation, training={
            'recipe': recipe_file or recipe.name, 'data': data,
            'metrics': {k: round(float(v), 4) for k, v in metrics.items()}})
    bundle.write_bundle(network.encoder, network.decoder, folder, description, half)
