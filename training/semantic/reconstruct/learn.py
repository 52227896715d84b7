# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Train the recurrent reconstruction on events simulated for the source.

Cameras and motion are drawn wider than any set's, since the target's are not known.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from eventsam_ros.inference.letterbox import Letterbox

from ...distill.processes import deterministic
from ...distill.progress import Progress
from ...distill.schedule import learning_rate
from ...errors import RecipeError
from ..recipe import CmessRecipe, Schedule
from ..samples.course import Course
from ..samples.opening import open_samples
from ..samples.pictures import Pictures
from ..samples.simulated import Simulated
from ..sets import MotionRange, SensorRange, SetChoice
from .reconstructor import KIND
from .recurrent import RecurrentUNet
from .voxels import packet_voxels, standardised

_SEED = 424242
_FIRST = 2
"""Packets before the pictures count: nothing can be known before the first events."""
_EDGES = 1.0
"""Weight of the differences of neighbouring pixels beside the pixels themselves."""


def wide(choice: SetChoice) -> SetChoice:
    """Return a set that is simulated, seen by all kinds of cameras on all kinds of ways."""
    sensor = SensorRange(
        choice.sensor.width, choice.sensor.height, threshold=(0.1, 0.45), spread=(0.0, 0.15),
        refractory_us=(50, 2000), noise_hz=(0.0, 6.0), hot_pixels=(0, 15), hot_hz=(50, 2000),
        dark_level=(0.002, 0.1), light=(0.3, 1.0))
    motion = MotionRange(pan=(0.5, 10), zoom=(0.0, 0.06), roll=(0.0, 0.03), crop=(0.5, 1.0))
    drive = replace(choice.drive, speed=(0.0, choice.drive.speed[1]), turn=(0.0, 30.0))
    return replace(
        choice, sensor=sensor, motion=motion, drive=drive, seed=choice.seed + _SEED)


def train_reconstruction(recipe: CmessRecipe, path: Path) -> None:
    """Train the network of a recipe, unless it is there.

    Args:
        recipe: For source, size, packets, and how long.
        path: Of the checkpoint.

    Raises:
        RecipeError: The source is not simulated from pictures, scenes or streets, or cannot be
            read.
    """
    if path.exists():
        return
    choice = recipe.reconstruction
    voxels, pictures = _sequences(recipe)
    torch.manual_seed(recipe.seed)
    network = RecurrentUNet()
    optimiser = torch.optim.AdamW(network.parameters(), lr=choice.rate, weight_decay=1e-4)
    plan = Schedule(steps=choice.steps, rate=choice.rate, final_rate=choice.rate * 0.01,
                    warm_up=min(10, choice.steps - 1))
    rng = np.random.default_rng([recipe.seed, _SEED])
    with (deterministic(torch.device('cpu')),
          Progress(choice.steps, 'reconstruction', 'steps') as progress):
        for step in range(choice.steps):
            chosen = rng.integers(0, len(voxels), choice.batch)
            seen, wanted = voxels[chosen].float(), pictures[chosen].float() / 255
            if rng.random() < 0.5:
                seen, wanted = seen.flip(-1), wanted.flip(-1)
            for group in optimiser.param_groups:
                group['lr'] = learning_rate(plan, step)
            loss = sequence_loss(network, seen, wanted)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            progress.advance(note=f'loss {loss.item():.4f}')
    part = path.with_suffix('.part')
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({'kind': KIND, 'network': network.state_dict()}, part)
    part.replace(path)


def sequence_loss(network: RecurrentUNet, voxels: Tensor, pictures: Tensor) -> Tensor:
    """Return the L1 distance of pictures and of their edges, averaged over packets.

    Args:
        network: Learns.
        voxels: float32 [B, K, 5, h, w], as summed.
        pictures: float32 [B, K, h, w], 0 to 1, after each packet.
    """
    state, losses = None, []
    for k in range(voxels.shape[1]):
        found, state = network(standardised(voxels[:, k]), state)
        if k >= min(_FIRST, voxels.shape[1] - 1):
            off = found - pictures[:, k, None]
            across, down = off[..., 1:] - off[..., :-1], off[..., 1:, :] - off[..., :-1, :]
            losses.append(off.abs().mean() + _EDGES * (across.abs().mean() + down.abs().mean()))
    return torch.stack(losses).mean()


def _sequences(recipe: CmessRecipe) -> tuple[Tensor, Tensor]:
    """Simulate; return grids float16 [N, K, 5, h, w] and pictures uint8 [N, K, h, w]."""
    choice = wide(recipe.source)
    samples = open_samples(choice, recipe.packets, recipe.classes)
    if not isinstance(samples, (Pictures, Simulated)):
        raise RecipeError('a recurrent reconstruction learns from camvid, cityscapes, scenes or '
                          'streets as source; take another kind of reconstruction')
    columns, rows = Letterbox(
        choice.sensor.width, choice.sensor.height, recipe.width, recipe.height).content
    count = recipe.reconstruction.sequences
    voxels = torch.empty(count, recipe.packets, 5, rows, columns, dtype=torch.float16)
    pictures = torch.empty(count, recipe.packets, rows, columns, dtype=torch.uint8)
    rng = np.random.default_rng([recipe.seed, _SEED, 1])
    with Progress(count, 'sequences', 'sequences') as progress:
        for n in range(count):
            course = _course(samples, n, rng)
            for k, (packet, grey) in enumerate(zip(course.packets, course.greys, strict=True)):
                voxels[n, k] = torch.from_numpy(packet_voxels(packet, columns, rows))
                small = cv2.resize(grey, (columns, rows), interpolation=cv2.INTER_AREA)
                pictures[n, k] = torch.from_numpy(np.asarray(small, np.uint8))
            progress.advance()
    return voxels, pictures


def _course(samples: Pictures | Simulated, number: int, rng: np.random.Generator) -> Course:
    if not isinstance(samples, Pictures):
        return samples.look(number)[1]
    entry = samples.entries[int(rng.integers(len(samples.entries)))]
    return samples.look(entry, number)[1]
