# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Checkpoint files: their tensors by name, every mistake named in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from ..errors import RecipeError


class CheckpointError(RecipeError):
    """A checkpoint cannot be used; the message is one sentence that says why."""


State = Mapping[str, Tensor]
_SIGNS = {
    'eventsam': 'evimg_encoder.', 'mobilesam': 'image_encoder.layers.',
    'sam': 'image_encoder.blocks.'}
"""Beginnings of names that only the checkpoints of one kind have; the first that fits counts."""


def read_checkpoint(path: Path, kind: str) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint by name, without DataParallel's `module.`.

    Args:
        path: File of torch.save; nothing but tensors is ever unpickled.
        kind: What it should be, a key of _SIGNS.

    Raises:
        CheckpointError: The file is missing, damaged, or of another kind.
    """
    if not path.is_file():
        raise CheckpointError(f'there is no checkpoint at {path}')
    try:
        values = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:
        raise CheckpointError(
            f'{path} is damaged, or no file of weights: {_reason(error)}') from error
    if not isinstance(values, dict) or not values or not all(
            isinstance(v, Tensor) for v in values.values()):
        raise CheckpointError(f'{path} must hold tensors by name and nothing else')
    state = {str(name).removeprefix('module.'): value for name, value in values.items()}
    found = next((k for k, sign in _SIGNS.items() if any(n.startswith(sign) for n in state)), None)
    if found is None:
        raise CheckpointError(f'{path} is no checkpoint of {", ".join(sorted(_SIGNS))}; its first '
                              f'tensor is {next(iter(state))}')
    if found != kind:
        raise CheckpointError(f'{path} is a checkpoint of {found}, but one of {kind} was expected')
    return state


def part(state: State, prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): value for name, value in state.items()
            if name.startswith(prefix)}


def load_part(module: nn.Module, state: State, path: Path, prefix: str = '') -> None:
    """Set all weights and buffers of a module.

    Args:
        module: Takes the tensors.
        state: Tensors by the module's own names.
        path: Of the checkpoint, for messages.
        prefix: What the names begin with in the checkpoint, for messages.

    Raises:
        CheckpointError: A name is missing or unknown, or a tensor has another shape.
    """
    own = module.state_dict()
    for what, names in (('lacks', own.keys() - state.keys()),
                        ('has the unknown', state.keys() - own.keys())):
        if names:
            more = f' and {len(names) - 1} more' if len(names) > 1 else ''
            raise CheckpointError(f'{path} {what} {prefix}{min(names)}{more}')
    for name, tensor in own.items():
        if state[name].shape != tensor.shape:
            raise CheckpointError(f'{prefix}{name} of {path} must have shape '
                                  f'{tuple(tensor.shape)}, but has {tuple(state[name].shape)}')
    module.load_state_dict(dict(state))


def _reason(error: Exception) -> str:
    """Return the first sentence of a message, on one line."""
    line = next(iter(str(error).splitlines()), '')
    if not line or 'eights only' in line or 'weights_only' in line:
        # torch goes on with advice to unpickle it all the same
        return 'torch.save did not write it, or it holds more than tensors'
    return line.split('. ')[0].rstrip('.')
