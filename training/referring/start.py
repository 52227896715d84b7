# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Weights to begin with: of SAM, of a bundle of task events, or of an earlier run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import RecipeError
from ..importing.checkpoints import part
from ..warm_start import segmenter_of
from .network import ReferringNetwork
from .networks.sight import CompactSight, VitSight

KIND = 'eventsam_ros referring start'
"""What a start file says that it is."""
RUN = 'eventsam_ros referring'
"""What a checkpoint of a run says that it is."""
_ENCODER, _DECODER, _PLACES = 'image_encoder.', 'mask_decoder.', 'prompt_encoder.pe_layer.'


def read_start(path: Path, detail: int) -> dict[str, Any]:
    """Return the weights that lie at a path, as a start file holds them.

    Args:
        path: A bundle of task events, a checkpoint of SAM, a start file, or one of a run.
        detail: Channels of detail that are wanted of a bundle.

    Raises:
        RecipeError: It is none of these, or cannot be read.
    """
    if path.is_dir():
        network = segmenter_of(path, detail)
        return {'kind': KIND, 'family': 'compact', 'encoder': network.encoder.state_dict(),
                'decoder': network.decoder.state_dict()}
    try:
        found = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # torch has many for damaged files
        raise RecipeError(f'{path} cannot be read: {str(error).splitlines()[0]}') from error
    if isinstance(found, dict) and found.get('kind') in (KIND, RUN):
        return found
    if not isinstance(found, dict) or f'{_ENCODER}pos_embed' not in found:
        raise RecipeError(f'{path} is no checkpoint of SAM and no file of '
                          '`python -m training refsam base`')
    decoder = {f'mask_decoder.{n}': v for n, v in part(found, _DECODER).items()}
    decoder |= {f'prompt_encoder.pe_layer.{n}': v for n, v in part(found, _PLACES).items()}
    return {'kind': KIND, 'family': 'vit', 'encoder': part(found, _ENCODER), 'decoder': decoder}


def apply_start(network: ReferringNetwork, start: Mapping[str, Any], path: Path) -> None:
    """Set encoder and mask decoder; what the start does not know stays as it is.

    Args:
        network: Without adapters yet.
        start: From read_start.
        path: Of the start, for messages.

    Raises:
        RecipeError: The weights are for another build.
    """
    sight = network.sight.sight
    family = 'vit' if isinstance(sight, VitSight) else 'compact'
    if start['family'] != family:
        raise RecipeError(f'{path} holds an encoder of another kind than '
                          f'{network.choice.encoder}')
    try:
        if isinstance(sight, VitSight):
            sight.network.load_official(start['encoder'], 'interpolate')
        elif isinstance(sight, CompactSight):
            _load(sight.encoder, start['encoder'])
        _load(network.decoder.prompted, start['decoder'])
    except (ValueError, RuntimeError) as error:
        raise RecipeError(f'{path} is for another build: {error}') from error


def _load(module: torch.nn.Module, given: Mapping[str, Tensor]) -> None:
    """Set the tensors of a module that are given; the rest stays.

    Raises:
        ValueError: A given tensor is unknown or has another shape.
    """
    own = module.state_dict()
    for name, tensor in given.items():
        if name not in own:
            raise ValueError(f'{name} is unknown')
        if own[name].shape != tensor.shape:
            raise ValueError(f'{name} must have shape {tuple(own[name].shape)}, but has '
                             f'{tuple(tensor.shape)}')
    module.load_state_dict({**own, **given})
