# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Checkpoints of each kind as networks, and how each wants to be fed."""

from __future__ import annotations

from dataclasses import dataclass
import hashlib
from pathlib import Path

import torch
from torch import nn

from ..exporting.description import Description
from ..networks.promptable import PromptDecoder
from .checkpoints import CheckpointError, State, load_part, part, read_checkpoint
from .choices import BRANCHES, SIZES, Choices
from .tiny_vit import TinyVitEncoder
from .vit import name_of, spec_of, vit_encoder

MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
"""SAM's normalisation, in grey levels of RGB."""
_LICENCES = {'sam': 'Apache-2.0', 'eventsam': 'MIT AND Apache-2.0', 'mobilesam': 'Apache-2.0'}


@dataclass(frozen=True)
class Imported:
    """A network read from checkpoints, ready for exporting.bundle.write_bundle."""

    encoder: nn.Module
    decoder: PromptDecoder
    description: Description


def import_checkpoint(
    kind: str, path: Path, decoder: Path | None = None, choices: Choices | None = None,
) -> Imported:
    """Read the network of a checkpoint.

    Args:
        kind: One of choices.KINDS.
        path: The checkpoint.
        decoder: Checkpoint of SAM with the decoder, for EventSAM, whose file has none.
        choices: None takes the defaults.

    Raises:
        CheckpointError: A file is missing, damaged, or of another kind or shape.
    """
    chosen = choices or Choices()
    size = chosen.size or SIZES[kind]
    if size < 1 or size % 16:
        raise CheckpointError(f'size must be a multiple of 16 pixels, but got {size}')
    if (kind == 'eventsam') != (decoder is not None):
        raise CheckpointError(
            "EventSAM's file has no decoder: name SAM's checkpoint (sam_vit_b) with --decoder"
            if decoder is None else f'--decoder is for eventsam; {path} brings its own decoder')
    state = read_checkpoint(path, kind)
    prefix = BRANCHES[chosen.branch] if kind == 'eventsam' else 'image_encoder.'
    encoding = part(state, prefix)
    if kind == 'mobilesam':
        tiny = TinyVitEncoder()
        tiny.load_official(encoding, path)
        encoder: nn.Module = tiny
        projection, name = tiny.trunk.patch_embed.conv1.conv, kind
    else:
        vit = vit_encoder(encoding, path, size, chosen.positions)
        encoder, projection = vit, vit.image_encoder.patch_embed.proj
        name = kind if kind == 'eventsam' else f'{kind}_{name_of(spec_of(encoding, path))}'
    source = path if decoder is None else decoder
    prompts = _decoder(state if decoder is None else read_checkpoint(decoder, 'sam'), source, size)
    mean, std = MEAN, STD
    if (chosen.channels or ('last' if kind == 'eventsam' else 'first')) == 'last':
        _reverse_channels(projection)
        mean, std = MEAN[::-1], STD[::-1]
    representation = chosen.representation or ('eventsam' if kind == 'eventsam' else 'robust')
    return Imported(encoder, prompts, Description(
        f'{name}_{size}', mean, std, representation, padding='zero', prompt_output='sam',
        point_padding='sam', box_prior=False, licence=_LICENCES[kind],
        training=_origin(kind, path, decoder, chosen)))


def _decoder(state: State, path: Path, size: int) -> PromptDecoder:
    decoder = PromptDecoder(size, size)
    for prefix, module in (('prompt_encoder.', decoder.prompt_encoder),
                           ('mask_decoder.', decoder.mask_decoder)):
        load_part(module, part(state, prefix), path, prefix)
    return decoder


@torch.no_grad()
def _reverse_channels(projection: nn.Conv2d) -> None:
    """Let the first layer read its three input channels from the last to the first."""
    projection.weight.copy_(projection.weight.flip(1).clone())


def _origin(kind: str, path: Path, decoder: Path | None, chosen: Choices) -> dict[str, object]:
    """Return what the manifest says under `training`."""
    origin: dict[str, object] = {
        'recipe': f'imported from a checkpoint of {kind}', 'data': 'see its authors',
        'checkpoint': path.name, 'sha256': _checksum(path), 'metrics': {}}
    if kind != 'mobilesam':
        origin['positions'] = chosen.positions
    if decoder is not None:
        origin |= {'branch': chosen.branch, 'decoder': decoder.name,
                   'decoder_sha256': _checksum(decoder)}
    return origin


def _checksum(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
