# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How many processes train, on what: as torchrun says, or this one alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import logging
import os

from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
import torch

from ..errors import RecipeError

DEVICES = ('auto', 'cpu', 'cuda')


def make_fabric(precision: str, device: str = 'auto') -> Fabric:
    """Return Fabric for the processes there are; under torchrun they join here.

    Raises:
        RecipeError: CUDA is asked for, but not there, or there are more processes than GPUs.
    """
    logging.getLogger('lightning_fabric').setLevel(logging.WARNING)
    there = torch.cuda.is_available()
    if device == 'cuda' and not there:
        raise RecipeError('there is no CUDA device here; take --device cpu')
    on = 'cpu' if device == 'cpu' or not there else 'cuda'
    world = int(os.environ.get('WORLD_SIZE', '1'))
    local = int(os.environ.get('LOCAL_WORLD_SIZE', str(world)))
    if on == 'cuda' and local > torch.cuda.device_count():
        raise RecipeError(f'there are {local} processes, but {torch.cuda.device_count()} GPUs')
    if world == 1:
        fabric = Fabric(accelerator=on, devices=1, precision=precision)  # type: ignore[arg-type]
    else:
        fabric = Fabric(
            accelerator=on, devices=local, num_nodes=world // local,
            strategy=DDPStrategy(find_unused_parameters=True),
            precision=precision)  # type: ignore[arg-type]
    fabric.launch()
    return fabric


@contextmanager
def deterministic(device: torch.device) -> Iterator[None]:
    """Let sums be taken in one order on the CPU, so that a resumed run is the same to the bit.

    Some operators have no such form on GPUs, where runs agree to rounding instead.
    """
    if device.type != 'cpu':
        yield
        return
    before = (torch.are_deterministic_algorithms_enabled(),
              torch.utils.deterministic.fill_uninitialized_memory)  # type: ignore[attr-defined]
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0])
        torch.utils.deterministic.fill_uninitialized_memory = before[1]  # type: ignore[attr-defined]
