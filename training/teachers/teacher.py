# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A frozen network that segments pictures: official SAM, or one trained here."""

from __future__ import annotations

from dataclasses import asdict, dataclass
import hashlib
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ..errors import RecipeError
from ..networks.attention import pivotal
from ..networks.promptable import PromptDecoder
from ..networks.sam_vit import SPECS, SamVit, VitSpec

FILE_KIND = 'eventsam_ros teacher'
SAM_MEAN = (123.675, 116.28, 103.53)
SAM_STD = (58.395, 57.12, 57.375)
_ENCODER, _PROMPT, _MASK = 'image_encoder.', 'prompt_encoder.', 'mask_decoder.'


@dataclass(frozen=True)
class TeacherOutputs:
    """What a teacher makes of B pictures.

    Attributes:
        embedding: float32 [B, 256, h, w].
        taps: float32 [B, C, h, w] each.
        weights: Weighting -> a weight float32 [B, 1, h, w] a tap (networks.attention).
    """

    embedding: Tensor
    taps: tuple[Tensor, ...]
    weights: dict[str, tuple[Tensor, ...]]


class Teacher:
    """A frozen encoder and decoder with the normalisation of their pictures.

    Attributes:
        network: The encoder.
        decoder: What turns prompts and its embedding into masks.
        height: Rows of its input, pixels.
        width: Columns of its input, pixels.
        mean: Subtracted from the channels of RGB pictures, grey levels.
        std: Divides what is left.
    """

    def __init__(
        self, network: SamVit, decoder: PromptDecoder, height: int, width: int,
        mean: tuple[float, ...] = SAM_MEAN, std: tuple[float, ...] = SAM_STD,
    ) -> None:
        """Freeze both networks."""
        self.network = network.eval().requires_grad_(False)
        self.decoder = decoder.eval().requires_grad_(False)
        self.height, self.width, self.mean, self.std = height, width, mean, std

    def normalise(self, frames: Tensor) -> Tensor:
        """Return frames uint8 [B, H, W, 3] RGB as network input float32 [B, 3, H, W]."""
        mean = torch.tensor(self.mean, device=frames.device)
        std = torch.tensor(self.std, device=frames.device)
        return ((frames.to(torch.float32) - mean) / std).permute(0, 3, 1, 2)

    def valid(self, content: Tensor) -> Tensor:
        """Return which tokens have content, bool [B, 1, h, w].

        Args:
            content: Columns and rows of each picture that are not padding, int64 [B, 2]; a token
                that they touch counts.
        """
        rows, columns = self.network.grid
        patch = self.network.spec.patch
        wide = torch.arange(columns, device=content.device) * patch < content[:, :1]
        high = torch.arange(rows, device=content.device) * patch < content[:, 1:]
        return (high[:, :, None] & wide[:, None, :])[:, None]

    def look(self, images: Tensor, valid: Tensor | None = None) -> TeacherOutputs:
        """Encode normalised pictures float32 [B, 3, H, W] and weigh their tokens.

        Args:
            images: See normalise.
            valid: Tokens with content, bool [B, 1, h, w]; what lies in the padding is set to 0
                first, as SAM pads after normalising.
        """
        if valid is not None:
            images = images * F.interpolate(
                valid.to(images.dtype), images.shape[-2:], mode='nearest')
        features, weights = pivotal(self.network, images, valid)
        return TeacherOutputs(features.embedding, features.taps, weights)

    @property
    def fingerprint(self) -> str:
        """Checksum of its weights and input, for outputs kept on disk."""
        digest = hashlib.sha256(
            f'{self.height} {self.width} {self.mean} {self.std}'.encode())
        for module in (self.network, self.decoder):
            for name, tensor in sorted(module.state_dict().items()):
                digest.update(name.encode())
                digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()

    def save(self, path: Path) -> None:
        """Write everything to a file that load_teacher reads."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix('.part')
        torch.save({
            'kind': FILE_KIND, 'spec': asdict(self.network.spec), 'height': self.height,
            'width': self.width, 'mean': self.mean, 'std': self.std,
            'network': self.network.state_dict(), 'decoder': self.decoder.state_dict()}, part)
        part.replace(path)


def _read(path: Path) -> dict[str, Any]:
    try:
        state = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:
        reason = str(error).splitlines()[0]
        raise RecipeError(f'{path} is no checkpoint that can be read: {reason}') from error
    if not isinstance(state, dict):
        raise RecipeError(f'{path} holds a {type(state).__name__}, but no named weights')
    return state


def _own(state: dict[str, Any], path: Path) -> Teacher:
    try:
        spec = VitSpec(**{**state['spec'], 'taps': tuple(state['spec']['taps'])})
        height, width = int(state['height']), int(state['width'])
        network, decoder = SamVit(spec, height, width), PromptDecoder(width, height)
        network.load_state_dict(state['network'])
        decoder.load_state_dict(state['decoder'])
        return Teacher(network, decoder, height, width, tuple(state['mean']), tuple(state['std']))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise RecipeError(f'{path} is no whole teacher: {reason}') from error


def _part(state: dict[str, Any], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): t for n, t in state.items() if n.startswith(prefix)}


def sam_size(state: dict[str, Any]) -> str:
    """Return the name in SPECS of an official SAM checkpoint, told by its token width.

    Raises:
        ValueError: It is none of them.
    """
    table = state.get(_ENCODER + 'pos_embed')
    width = table.shape[-1] if isinstance(table, Tensor) and table.ndim == 4 else None
    for name in ('vit_b', 'vit_l', 'vit_h'):
        if SPECS[name].width == width:
            return name
    raise ValueError('it is no checkpoint of SAM ViT-B, ViT-L or ViT-H')


def _official(state: dict[str, Any], path: Path, size: int, positions: str) -> Teacher:
    try:
        spec = SPECS[sam_size(state)]
        network = SamVit(spec, size, size)
        network.load_official(_part(state, _ENCODER), positions)
        decoder = PromptDecoder(size, size)
        decoder.prompt_encoder.load_state_dict(_part(state, _PROMPT))
        decoder.mask_decoder.load_state_dict(_part(state, _MASK))
    except (ValueError, RuntimeError) as error:
        reason = ' '.join(str(error).split())[:200]
        raise RecipeError(f'{path} cannot teach: {reason}') from error
    return Teacher(network, decoder, size, size)


def load_teacher(path: Path, size: int = 512, positions: str = 'crop') -> Teacher:
    """Read a teacher.

    Args:
        path: A file of Teacher.save, or an official checkpoint of segment-anything.
        size: Side of the input of an official one, pixels, usually 512 or 1024.
        positions: How its position tables come to that size (networks.positions).

    Raises:
        RecipeError: The file is missing, damaged or something else.
    """
    if not path.is_file():
        raise RecipeError(f'{path} is not there; a teacher is an official SAM checkpoint, or '
                          'what `python -m training teacher` writes')
    state = _read(path)
    if state.get('kind') == FILE_KIND:
        return _own(state, path)
    return _official(state, path, size, positions)
