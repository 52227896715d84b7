# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Samples to reconstructed pictures: by a network, by somebody else's, or by none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from eventsam_ros.events.types import Float32, UInt8, Window

from ...errors import RecipeError
from ..recipe import Reconstruction
from .recurrent import RecurrentUNet
from .voxels import packet_voxels, standardised

KIND = 'eventsam_ros reconstruction'
"""What a checkpoint says that it is."""
_EXTERNAL_STRIDE = 16
"""E2VID's networks halve their input three or four times."""
_RIM = 0.01
"""Share of the pixels that a stretched picture may clip at either end."""
_LEAST_RANGE = 1e-3


class Reconstructor(Protocol):
    """Turns the packets that lead up to a moment into a picture of it."""

    def picture(self, packets: Sequence[Window], columns: int, rows: int) -> UInt8:
        """Return the picture after the last packet, uint8 [rows, columns]; begins anew."""


class HighPass:
    """Per pixel, the sum of polarities that fades with time; nothing is learnt.

    Scheerlinck et al., "Continuous-time Intensity Estimation Using Event Cameras", ACCV 2018,
    without frames.
    """

    def __init__(self, cutoff_hz: float) -> None:
        """Choose how soon the past is forgotten."""
        self._cutoff_hz = cutoff_hz

    def picture(self, packets: Sequence[Window], columns: int, rows: int) -> UInt8:
        """Return the leaky integral, smoothed by a pixel and stretched around grey."""
        level: Float32 = np.zeros((rows, columns), np.float32)
        for packet in packets:
            seconds = (packet.t_end - packet.t_start) * 1e-9
            level *= np.float32(np.exp(-2 * np.pi * self._cutoff_hz * seconds))
            level += packet_voxels(packet, columns, rows).sum(0)
        smooth = np.asarray(cv2.GaussianBlur(level, (0, 0), 0.7), np.float32)
        reach = max(float(np.quantile(np.abs(smooth), 1 - 2 * _RIM)), _LEAST_RANGE)
        return np.asarray(
            np.clip(127.5 + 127.5 * smooth / reach, 0, 255) + 0.5, np.float32).astype(np.uint8)


class Network:
    """A network of E2VID's interface."""

    def __init__(self, network: Any, stride: int) -> None:
        """Take a network.

        Args:
            network: From standardised grids [1, 5, h, w] and a state to a picture [1, 1, h, w]
                and a state; the first state is None.
            stride: Sides are padded to multiples of it, by repeating their rim.
        """
        self._network, self._stride = network, stride

    @torch.no_grad()
    def picture(self, packets: Sequence[Window], columns: int, rows: int) -> UInt8:
        """Return the last picture, stretched to the whole range as E2VID's authors do."""
        state, found = None, torch.zeros(1, 1, rows, columns)
        around = (0, -columns % self._stride, 0, -rows % self._stride)
        for packet in packets:
            grid = torch.from_numpy(packet_voxels(packet, columns, rows))[None]
            wide = F.pad(standardised(grid), around, mode='replicate')
            found, state = self._network(wide, state)
        return stretched(found[0, 0, :rows, :columns])


def stretched(picture: Tensor) -> UInt8:
    """Return a picture as grey levels, its darkest and brightest per cent at the ends."""
    values = picture.float().numpy()
    low, high = np.quantile(values, (_RIM, 1 - _RIM))
    scaled = 255 * (values - low) / max(float(high - low), _LEAST_RANGE)
    return np.asarray(np.clip(scaled, 0, 255) + 0.5, np.float32).astype(np.uint8)


def open_reconstructor(choice: Reconstruction, trained: Path) -> Reconstructor:
    """Return what a recipe names.

    Args:
        choice: Which.
        trained: Checkpoint of `recurrent`.

    Raises:
        RecipeError: A checkpoint or script cannot be read.
    """
    if choice.kind == 'high_pass':
        return HighPass(choice.cutoff_hz)
    if choice.kind == 'torchscript':
        try:
            script = torch.jit.load(str(choice.path), 'cpu')  # type: ignore[no-untyped-call]
            return Network(script.eval(), _EXTERNAL_STRIDE)
        except (OSError, RuntimeError, ValueError) as error:
            reason = ' '.join(str(error).split())
            raise RecipeError(f'{choice.path} cannot be read: {reason}') from error
    try:
        state = torch.load(trained, map_location='cpu', weights_only=True)
        network = RecurrentUNet()
        network.load_state_dict(state['network'])
    except Exception as error:  # torch has many for damaged files
        raise RecipeError(f'{trained} holds no reconstruction: {error}') from error
    return Network(network.eval(), 4)
