# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The training loop of all stages: any number of processes, resumed where it was interrupted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import cv2
import torch
from torch import Tensor, nn

from ..distill.batches import Loader, Maker
from ..distill.checkpoints import LAST, read_checkpoint, refuse_another, write_checkpoint
from ..distill.descent import Sitting, check_batch, descend, seed_step
from ..distill.log import Log
from ..distill.processes import deterministic, make_fabric
from ..distill.progress import Progress
from ..distill.schedule import Average, learning_rate
from ..distill.students import as_plain
from ..errors import RecipeError
from ..networks.segformer import SIZES, SegFormer
from .recipe import Schedule

KIND = 'eventsam_ros semantic'
"""What a checkpoint says that it is."""


class OnDevice(Protocol):
    """A batch that can be moved."""

    def to(self, device: torch.device) -> Any:
        """Return the batch on a device."""


B = TypeVar('B', bound=OnDevice)


@dataclass(frozen=True)
class Job(Generic[B]):
    """What is to be trained.

    Attributes:
        name: Of the stage, for progress and messages.
        plan: For how long and how fast.
        network: Learns.
        objective: A module with the network in it; from a batch to the loss and its parts.
        batches: Makes batches.
        examine: Scores of an averaged network at a check.
        said: All that the run depends on; a run with other values is not taken up.
        seed: Of dropout.
        refresh: Steps between calls of `renew`; 0 for never.
        renew: Takes the averaged network and sets the batches anew; gives what must be kept to
            do that again, as torch can save it.
        restore: Sets the batches from that.
        extra: More for the checkpoint of the trained network.
    """

    name: str
    plan: Schedule
    network: SegFormer
    objective: nn.Module
    batches: Maker[B]
    examine: Callable[[SegFormer], dict[str, float]]
    said: dict[str, Any]
    seed: int
    refresh: int = 0
    renew: Callable[[SegFormer], Any] = lambda _: None
    restore: Callable[[Any], None] = lambda _: None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Trained:
    """What a run left.

    Attributes:
        path: Checkpoint of the averaged weights (`load_network`).
        scores: Of the last check.
        seconds: Of training, over all sittings, without checks.
    """

    path: Path
    scores: dict[str, float]
    seconds: float


class _Run(Generic[B]):
    """Optimiser, average and counters of a job in a folder."""

    def __init__(self, job: Job[B], folder: Path, precision: str, device: str) -> None:
        self.job, self.folder = job, folder
        self.fabric = make_fabric(precision, device)
        check_batch(job.plan.batch, self.fabric.world_size)
        if self.fabric.world_size > 1 and self.fabric.device.type == 'cuda':
            nn.SyncBatchNorm.convert_sync_batchnorm(job.objective)  # type: ignore[no-untyped-call]
        optimiser = torch.optim.AdamW(_groups(job.network, job.plan), lr=job.plan.rate)
        self.objective, self.optimiser = self.fabric.setup(job.objective, optimiser)
        self.average = Average(job.network, job.plan.ema)
        self.step, self.seconds = 0, 0.0
        self.kept: Any = None
        self.scores: dict[str, float] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._resume()

    def _resume(self) -> None:
        state = read_checkpoint(self.folder / LAST, self.fabric.device)
        if state is None:
            return
        refuse_another(self.folder, state.get('said', {}), self.job.said)
        self.job.network.load_state_dict(state['network'])
        self.average.network.load_state_dict(state['average'])
        self.optimiser.load_state_dict(state['optimiser'])
        self.step, self.seconds, self.kept = state['step'], state['seconds'], state['kept']
        self.scores = state['scores']
        if self.kept is not None:
            self.job.restore(self.kept)

    def save(self) -> None:
        """Write last.pt."""
        write_checkpoint(self.folder / LAST, {
            'kind': KIND, 'said': self.job.said, 'network': self.job.network.state_dict(),
            'average': self.average.network.state_dict(), 'classes': self.job.network.classes,
            'optimiser': self.optimiser.state_dict(), 'step': self.step, 'kept': self.kept,
            'seconds': self.seconds, 'scores': self.scores, **self.job.extra})

    def train_step(self, batch: B) -> dict[str, Tensor]:
        """Take one optimiser step; return the loss and its parts."""
        seed_step(self.job.seed, self.step, self.fabric.global_rank)
        for group in self.optimiser.param_groups:
            group['lr'] = learning_rate(self.job.plan, self.step) * group['factor']
        self.objective.train()
        loss, parts = self.objective(batch.to(self.fabric.device))
        descend(self.fabric, self.objective, self.optimiser, loss, self.job.plan.clip)
        self.average.update(self.step)
        self.step += 1
        found: dict[str, Tensor] = parts
        return found

    def renew(self) -> None:
        """Let the batches look at the averaged network, all processes at the same."""
        self.kept = self.fabric.broadcast(
            self.job.renew(self.average.network) if self.fabric.global_rank == 0 else None)
        self.job.restore(self.kept)


def _groups(network: SegFormer, plan: Schedule) -> list[dict[str, Any]]:
    """Return parameters by decay (matrices only) and factor of the learning rate (the head's)."""
    groups = []
    for module, factor in ((network.backbone, 1.0), (network.decode_head, plan.head)):
        for matrices, decay in ((True, plan.weight_decay), (False, 0.0)):
            chosen = [p for p in module.parameters() if (p.ndim > 1) == matrices]
            groups.append({'params': chosen, 'weight_decay': decay, 'factor': factor})
    return groups


def train(job: Job[B], folder: Path, precision: str, device: str = 'auto') -> Trained:
    """Train, or go on where a run in the folder was interrupted.

    Args:
        job: What to train.
        folder: Receives last.pt, log.csv and tensorboard/.
        precision: Of Fabric.
        device: `auto`, `cpu` or `cuda`.

    Raises:
        RecipeError: The folder holds another run, or the loss is no longer a number.
    """
    cv2.setNumThreads(1)
    torch.set_flush_denormal(True)
    run = _Run(job, folder, precision, device)
    with deterministic(run.fabric.device):
        if run.step < job.plan.steps:
            _loop(run)
    run.fabric.barrier()
    return Trained(folder / LAST, run.scores, run.seconds)


def _loop(run: _Run[B]) -> None:
    job, first = run.job, run.fabric.global_rank == 0
    log: Log | None = None

    def look(means: dict[str, float], _: float) -> None:
        nonlocal log
        log = _check(run, log, means, progress)
    try:
        with Progress(job.plan.steps, job.name, 'steps', first, run.step) as progress:
            sitting = Sitting(
                run, job.plan.check_every, job.plan.steps, progress, look if first else None)
            while run.step < job.plan.steps:
                if job.refresh and run.step % job.refresh == 0:
                    run.renew()
                until = _next(run.step, job.refresh, job.plan.steps)
                loader = Loader(job.batches, run.step, until, 1)
                try:
                    sitting.take(loader, until)
                finally:
                    loader.close()
    finally:
        if log is not None:
            log.close()


def _next(step: int, every: int, last: int) -> int:
    """Return where batches must be made anew: the next multiple of `every`, or the end."""
    return min((step // every + 1) * every, last) if every else last


def _check(run: _Run[B], log: Log | None, means: dict[str, float], progress: Progress) -> Log:
    scores = run.job.examine(run.average.network)
    run.scores = scores
    losses = {'loss' if k == 'loss' else f'loss_{k}': v for k, v in means.items()}
    values = {'seconds': run.seconds, **losses, **scores}
    if log is None:
        log = Log(run.folder, ('step', *values), run.step - 1)
    log.scalars(run.step, values, 'check')
    progress.say(f'{run.job.name}: {log.row(run.step, values)}')
    run.save()
    return log


def read_trained(path: Path, kind: str, command: str) -> dict[str, Any]:
    """Return what a checkpoint of a kind holds.

    Args:
        path: The file.
        kind: What it must say that it is.
        command: Of `python -m training`, that writes such files.

    Raises:
        RecipeError: It cannot be read, or is of another kind.
    """
    try:
        state = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # torch has many for damaged files
        raise RecipeError(f'{path} cannot be read: {error}') from error
    if not isinstance(state, dict) or state.get('kind') != kind:
        raise RecipeError(f'{path} is no network of `python -m training {command}`')
    return dict(state)


def begun_with(network: SegFormer, share: float) -> dict[str, Any]:
    """Return what a checkpoint must say for load_network to mix in what the run began with.

    Args:
        network: As it is now, before training.
        share: Its part, 0 to 1.
    """
    if share == 0:
        return {}
    return {'begun': {k: v.clone() for k, v in network.state_dict().items()}, 'share': share}


def load_network(path: Path, device: str = 'cpu', finished: bool = False) -> SegFormer:
    """Return the averaged network of a run, in evaluation mode; see begun_with.

    Args:
        path: Its last.pt.
        device: Where the network is to be.
        finished: Whether a run that was interrupted will not do: what is made of its network is
            kept, and would not be made anew when the run has come to its end.

    Raises:
        RecipeError: There is none, or it is not finished.
    """
    try:
        state = torch.load(path, map_location=device, weights_only=True)
        network = SegFormer(state['classes'], SIZES[state.get('size', 'b0')])
        weights, share = state['average'], state.get('share', 0.0)
        if share:
            weights = {k: torch.lerp(v, state['begun'][k], share) if v.is_floating_point() else v
                       for k, v in weights.items()}
        network.load_state_dict(weights)
    except Exception as error:  # torch has many for damaged files
        raise RecipeError(f'{path} holds no trained network: {error}') from error
    steps = state.get('said', {}).get('plan', {}).get('steps', 0)
    if finished and state.get('step', steps) < steps:
        raise RecipeError(f'{path} was interrupted after {state["step"]} of {steps} steps: run '
                          'its stage again, which goes on')
    return network.to(device).eval().requires_grad_(False)


def said(**parts: Any) -> dict[str, Any]:
    """Return what a run depends on as plain values; dataclasses become mappings."""
    return {k: as_plain(asdict(v) if hasattr(v, '__dataclass_fields__') else v)
            for k, v in parts.items()}
