# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Weights to begin with: SAM 2's official checkpoints, encoders of our own, or a bundle's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
import hashlib
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import RecipeError
from ..importing.checkpoints import load_part, part
from ..warm_start import segmenter_of
from .heads import ClassDecoder
from .pyramid import CompactPyramid, Encoder, HieraPyramid

KIND = 'eventsam_ros encoder'
"""What a file of an encoder says that it is."""
_TRUNK, _NECK = 'image_encoder.trunk.', 'image_encoder.neck.convs.'
_DECODER, _PROMPTS = 'sam_mask_decoder.', 'sam_prompt_encoder.'
_SIGN = f'{_TRUNK}patch_embed.proj.weight'
_IN_DECODER = (
    (f'{_DECODER}transformer.', 'transformer.'),
    (f'{_DECODER}output_upscaling.0.', 'to_middle.'),
    (f'{_DECODER}output_upscaling.1.', 'norm.'),
    (f'{_DECODER}output_upscaling.3.', 'to_fine.'),
    (f'{_PROMPTS}not_a_point_embed.', 'no_point.'),
    (f'{_PROMPTS}no_mask_embed.', 'no_mask.'),
    (f'{_PROMPTS}pe_layer.', 'positions.'))
"""Beginnings of names in a checkpoint of SAM 2, and in ClassDecoder. Mask tokens and their
networks are new: they are classes here."""


@dataclass(frozen=True)
class Start:
    """Tensors by our names.

    Attributes:
        encoder: All of the encoder (`whole`), or of its backbone alone.
        whole: Whether `encoder` is for the encoder, not for its backbone.
        decoder: Some of ClassDecoder's.
        sha256: Of the file, or of the bundle's encoder.
    """

    encoder: Mapping[str, Tensor]
    whole: bool
    sha256: str
    decoder: Mapping[str, Tensor] = field(default_factory=dict)


def sum_of(path: Path) -> str:
    """Return the checksum of a file, or of a bundle's encoder.

    Raises:
        RecipeError: It cannot be read.
    """
    file = path / 'encoder.onnx' if path.is_dir() else path
    try:
        with file.open('rb') as content:
            return hashlib.file_digest(content, 'sha256').hexdigest() if hasattr(
                hashlib, 'file_digest') else hashlib.sha256(content.read()).hexdigest()
    except OSError as error:
        raise RecipeError(f'{file} cannot be read: {error.strerror}') from error


def read_start(path: Path, encoder: Encoder) -> Start:
    """Read the weights that a run begins with.

    Args:
        path: See NetworkChoice.start.
        encoder: That they are for.

    Raises:
        RecipeError: It cannot be read, or is for another build.
    """
    digest = sum_of(path)
    if path.is_dir():
        return Start(_of_bundle(path, encoder), False, digest)
    try:
        found = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # torch has many for damaged files
        raise RecipeError(f'{path} cannot be read: {error}') from error
    if isinstance(found, dict) and found.get('kind') == KIND:
        return Start(found['encoder'], True, digest)
    state = found.get('model', found) if isinstance(found, dict) else {}
    if not isinstance(state, dict) or _SIGN not in state:
        raise RecipeError(f'{path} is neither a checkpoint of SAM 2 nor an encoder of '
                          '`python -m training sartm base`')
    if not isinstance(encoder, HieraPyramid):
        raise RecipeError(f'{path} is a checkpoint of SAM 2: name one of its encoders, such as '
                          'hiera_base_plus')
    return replace(_of_sam2(state), sha256=digest)


def _of_sam2(state: Mapping[str, Tensor]) -> Start:
    encoder = {}
    for name, tensor in part(state, _TRUNK).items():
        own = name.replace('mlp.layers.0.', 'mlp.fc1.').replace('mlp.layers.1.', 'mlp.fc2.')
        encoder[f'trunk.{own}'] = tensor
    for name, tensor in part(state, _NECK).items():
        encoder['neck.' + name.replace('.conv.', '.')] = tensor
    for name in ('conv_s0', 'conv_s1'):
        for end, tensor in part(state, f'{_DECODER}{name}.').items():
            encoder[f'{name}.{end}'] = tensor
    decoder = {}
    for theirs, ours in _IN_DECODER:
        for name, tensor in part(state, theirs).items():
            own = name.replace('mlp.layers.0.', 'mlp.lin1.').replace('mlp.layers.1.', 'mlp.lin2.')
            decoder[ours + own] = tensor
    return Start(encoder, True, '', decoder)


def _of_bundle(folder: Path, encoder: Encoder) -> dict[str, Tensor]:
    """Return the backbone of a bundle's encoder, by the names of CompactPyramid.backbone."""
    if not isinstance(encoder, CompactPyramid):
        raise RecipeError(f'{folder} is a bundle, whose encoder is a compact backbone')
    network = segmenter_of(folder)
    source = network.encoder.get_submodule('backbone').state_dict()
    return dict(source)


def apply_start(encoder: Encoder, start: Start, path: Path) -> None:
    """Set the weights of an encoder that has no low-rank weights yet.

    Raises:
        RecipeError: They are for another build; the sentence names the first difference.
    """
    if start.whole:
        load_part(encoder, start.encoder, path)
    else:
        load_part(encoder.get_submodule('backbone'), start.encoder, path, 'backbone.')


def apply_decoder(decoder: ClassDecoder, start: Start, path: Path) -> None:
    """Set what the start knows of the decoder; class tokens and their networks stay new.

    Raises:
        RecipeError: A tensor is unknown or has another shape.
    """
    own = decoder.state_dict()
    known = {n: v for n, v in own.items() if not n.startswith(('mask_tokens.', 'hyper.'))}
    if not start.decoder:
        return
    if missing := sorted(known.keys() - start.decoder.keys()):
        raise RecipeError(f"{path} lacks the decoder's {missing[0]}")
    for name, tensor in known.items():
        if start.decoder[name].shape != tensor.shape:
            raise RecipeError(f'{name} of the decoder in {path} must have shape '
                              f'{tuple(tensor.shape)}, but has '
                              f'{tuple(start.decoder[name].shape)}')
    decoder.load_state_dict({**own, **{n: start.decoder[n] for n in known}})


def encoder_file(encoder: Encoder) -> dict[str, Any]:
    """Return what a file of an encoder holds: its weights, without low-rank ones."""
    return {'kind': KIND, 'encoder': encoder.state_dict()}
